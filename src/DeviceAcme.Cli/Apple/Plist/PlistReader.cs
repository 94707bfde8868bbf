using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;

namespace DeviceAcme.Cli.Apple.Plist;

/// <summary>Reads an XML property list: UTF-8, bounded, every element known, no key twice, and nothing of a document type but its name.</summary>
internal sealed partial class PlistReader
{
    /// <summary>Largest file that is read; a profile with a dozen certificates has a tenth of it.</summary>
    public const int MaximumSize = 1024 * 1024;

    private const int MaximumDepth = 16;
    private const int MaximumValues = 20_000;
    private const string Code = "plist-malformed";

    private readonly XmlReader _xml;
    private int _values;

    private PlistReader(XmlReader xml) => _xml = xml;

    /// <summary>The dictionary at the top.</summary>
    /// <exception cref="UnreadableDocument">The octets are no such property list.</exception>
    public static PlistValue.Dictionary Read(ReadOnlyMemory<byte> octets)
    {
        var text = WithoutDocumentType(Decode(octets));
        var settings = new XmlReaderSettings
        {
            // the document type is taken out before: no entity is declared, fetched or expanded
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            MaxCharactersInDocument = MaximumSize,
            IgnoreComments = true,
            IgnoreWhitespace = true,
            IgnoreProcessingInstructions = true,
        };
        using var xml = XmlReader.Create(new StringReader(text), settings);
        try
        {
            return new PlistReader(xml).Document();
        }
        catch (XmlException broken)
        {
            throw new UnreadableDocument(Code, "well-formed XML", broken.Message, broken.LineNumber);
        }
    }

    private static string Decode(ReadOnlyMemory<byte> octets)
    {
        if (octets.Length > MaximumSize)
        {
            throw new UnreadableDocument("file-too-large", $"at most {MaximumSize} octets", $"{octets.Length}");
        }

        var mark = octets.Span.StartsWith("\uFEFF"u8) ? 3 : 0;
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(octets.Span[mark..]);
            var encoding = Declaration().Match(text).Groups["encoding"];
            return !encoding.Success || encoding.Value.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                ? text
                : throw new UnreadableDocument(Code, "an XML property list in UTF-8", $"encoding '{encoding.Value}'", 1);
        }
        catch (DecoderFallbackException)
        {
            throw new UnreadableDocument(Code, "an XML property list in UTF-8", "octets that are not UTF-8");
        }
    }

    // Apple's tools write <!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "…">. Its name is all that is taken of it; one with
    // declarations of its own could define entities (XXE), which no genuine profile does.
    private static string WithoutDocumentType(string text)
    {
        var start = text.IndexOf("<!DOCTYPE", StringComparison.Ordinal);
        var root = text.IndexOf("<plist", StringComparison.Ordinal);
        if (start < 0 || (root >= 0 && start > root))
        {
            return text;
        }

        var type = DocumentType().Match(text, start);
        if (!type.Success)
        {
            var line = text.AsSpan(0, start).Count('\n') + 1;
            throw new UnreadableDocument("plist-doctype", "a document type with the name plist and no declarations of its own", Excerpt(text[start..]), line);
        }

        // line breaks stay, so that messages name the file's own lines
        return string.Concat(text.AsSpan(0, start), new string('\n', type.Value.Count(character => character == '\n')), text.AsSpan(start + type.Length));
    }

    private PlistValue.Dictionary Document()
    {
        _xml.MoveToContent();
        if (_xml.NodeType != XmlNodeType.Element || _xml.Name != "plist")
        {
            throw Wrong("the element plist", Here());
        }

        Open();
        var value = Value(1);
        _xml.MoveToContent();
        if (_xml.NodeType != XmlNodeType.EndElement)
        {
            throw Wrong("one value in plist", Here());
        }

        while (_xml.Read())
        {
            // to the end: what stands behind the root must be well-formed too
        }

        return value as PlistValue.Dictionary ?? throw Wrong("a dictionary at the top", value.Kind);
    }

    private PlistValue Value(int depth)
    {
        _xml.MoveToContent();
        if (_xml.NodeType != XmlNodeType.Element)
        {
            throw Wrong("a value", Here());
        }

        if (depth > MaximumDepth || ++_values > MaximumValues)
        {
            throw Wrong($"at most {MaximumDepth} levels and {MaximumValues} values", "more");
        }

        switch (_xml.Name)
        {
            case "dict":
                return Dictionary(depth);
            case "array":
                return Array(depth);
            case "true" or "false":
                var flag = _xml.Name == "true";
                return Content().Length == 0 ? new PlistValue.Flag(flag) : throw Wrong("an empty element", "content");
            case "string":
                return new PlistValue.Text(Content());
            case "integer":
                return Parse("integer", text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? new PlistValue.Integer(number) : null);
            case "real":
                return Parse("real", text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? new PlistValue.Real(text) : null);
            case "date":
                return Parse("date", text => DateTimeOffset.TryParseExact(
                    text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? new PlistValue.Date(date) : null);
            case "data":
                return Parse("data (base64)", Octets);
            default:
                throw Wrong("dict, array, string, integer, real, true, false, data or date", Here());
        }
    }

    private PlistValue.Dictionary Dictionary(int depth)
    {
        var entries = new List<KeyValuePair<string, PlistValue>>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        if (!Open())
        {
            return new PlistValue.Dictionary(entries);
        }

        while (_xml.MoveToContent() != XmlNodeType.EndElement)
        {
            if (_xml.NodeType != XmlNodeType.Element || _xml.Name != "key")
            {
                throw Wrong("key", Here());
            }

            var key = Content();
            if (!seen.Add(key))
            {
                throw Wrong("each key once", $"'{Excerpt(key)}' again");
            }

            entries.Add(new(key, Value(depth + 1)));
        }

        _xml.ReadEndElement();
        return new PlistValue.Dictionary(entries);
    }

    private PlistValue.Array Array(int depth)
    {
        var items = new List<PlistValue>();
        if (Open())
        {
            while (_xml.MoveToContent() != XmlNodeType.EndElement)
            {
                items.Add(Value(depth + 1));
            }

            _xml.ReadEndElement();
        }

        return new PlistValue.Array(items);
    }

    // steps into the element; false where it is empty
    private bool Open()
    {
        var empty = _xml.IsEmptyElement;
        _xml.Read();
        return !empty;
    }

    private string Content()
    {
        var line = ((IXmlLineInfo)_xml).LineNumber;
        var name = _xml.Name;
        try
        {
            return _xml.ReadElementContentAsString();
        }
        catch (XmlException broken)
        {
            throw new UnreadableDocument(Code, $"text in {name}", broken.Message, line);
        }
    }

    private PlistValue Parse(string what, Func<string, PlistValue?> parse)
    {
        var line = ((IXmlLineInfo)_xml).LineNumber;
        var text = Content();
        return parse(text.Trim()) ?? throw new UnreadableDocument(Code, what, $"'{Excerpt(text)}'", line);
    }

    private static PlistValue.Data? Octets(string text)
    {
        try
        {
            return new PlistValue.Data(Convert.FromBase64String(text));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private string Here() => _xml.NodeType switch
    {
        XmlNodeType.Element => $"<{Excerpt(_xml.Name)}>",
        XmlNodeType.EndElement => $"</{Excerpt(_xml.Name)}>",
        XmlNodeType.None => "the end",
        _ => "text",
    };

    private UnreadableDocument Wrong(string expected, string found) => new(Code, expected, found, ((IXmlLineInfo)_xml).LineNumber);

    private static string Excerpt(string text) =>
        string.Concat(text.Take(60).Select(character => char.IsControl(character) ? ' ' : character));

    [GeneratedRegex("""\A<\?xml[^>]*?\bencoding\s*=\s*["'](?<encoding>[^"']*)["']""", RegexOptions.CultureInvariant)]
    private static partial Regex Declaration();

    [GeneratedRegex("""\G<!DOCTYPE\s+plist(\s+(PUBLIC\s+"[^"<>\[]*"|SYSTEM)\s+"[^"<>\[]*")?\s*>""", RegexOptions.CultureInvariant)]
    private static partial Regex DocumentType();
}
