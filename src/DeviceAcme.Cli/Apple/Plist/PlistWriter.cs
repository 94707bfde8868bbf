using System.Globalization;
using System.Text;
using System.Xml;

namespace DeviceAcme.Cli.Apple.Plist;

/// <summary>Writes a property list as XML, with the document type that Apple's tools write.</summary>
internal static class PlistWriter
{
    private const string PublicId = "-//Apple//DTD PLIST 1.0//EN";
    private const string SystemId = "http://www.apple.com/DTDs/PropertyList-1.0.dtd";
    private const int Base64Line = 76;

    /// <summary>UTF-8, LF, a new line at the end.</summary>
    public static byte[] Write(PlistValue.Dictionary root)
    {
        using var octets = new MemoryStream();
        var settings = new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, IndentChars = "  ", NewLineChars = "\n" };
        using (var xml = XmlWriter.Create(octets, settings))
        {
            xml.WriteStartDocument();
            xml.WriteDocType("plist", PublicId, SystemId, null);
            xml.WriteStartElement("plist");
            xml.WriteAttributeString("version", "1.0");
            Value(xml, root);
            xml.WriteEndElement();
        }

        octets.WriteByte((byte)'\n');
        return octets.ToArray();
    }

    private static void Value(XmlWriter xml, PlistValue value)
    {
        switch (value)
        {
            case PlistValue.Dictionary dictionary:
                xml.WriteStartElement("dict");
                foreach (var (key, item) in dictionary.Entries)
                {
                    xml.WriteElementString("key", key);
                    Value(xml, item);
                }

                xml.WriteEndElement();
                break;
            case PlistValue.Array array:
                xml.WriteStartElement("array");
                foreach (var item in array.Items)
                {
                    Value(xml, item);
                }

                xml.WriteEndElement();
                break;
            case PlistValue.Text text:
                xml.WriteElementString("string", text.Value);
                break;
            case PlistValue.Integer number:
                xml.WriteElementString("integer", number.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case PlistValue.Real number:
                xml.WriteElementString("real", number.Value);
                break;
            case PlistValue.Flag flag:
                xml.WriteStartElement(flag.Value ? "true" : "false");
                xml.WriteEndElement();
                break;
            case PlistValue.Data data:
                xml.WriteElementString("data", "\n" + string.Concat(Convert.ToBase64String(data.Value.Span).Chunk(Base64Line).Select(line => new string(line) + "\n")));
                break;
            case PlistValue.Date date:
                xml.WriteElementString("date", date.Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
                break;
            default:
                throw new InvalidOperationException($"a property list cannot hold {value.Kind}");
        }
    }
}
