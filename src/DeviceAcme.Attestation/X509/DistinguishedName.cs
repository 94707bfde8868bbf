using System.Formats.Asn1;
using System.Text;

namespace DeviceAcme.Attestation.X509;

/// <summary>One attribute of a name; <see cref="Value"/> is null where it is not a character string.</summary>
internal sealed record NameAttribute(string Oid, string? Value);

/// <summary>Reads names (RFC 5280 §4.1.2.4) for messages and for the TPM's directoryName. Names are compared as DER, not with this.</summary>
internal static class DistinguishedName
{
    private const int MaxAttributes = 64;

    /// <summary>All attributes of all RDNs in order; throws <see cref="AsnContentException"/>.</summary>
    public static List<NameAttribute> Read(ReadOnlyMemory<byte> name)
    {
        var attributes = new List<NameAttribute>();
        var sequence = new AsnReader(name, AsnEncodingRules.DER).ReadSequence();
        while (sequence.HasData)
        {
            // Nuvoton's roots have multi-valued RDNs whose members are not in DER's order
            var rdn = sequence.ReadSetOf(skipSortOrderValidation: true);
            while (rdn.HasData)
            {
                var attribute = rdn.ReadSequence();
                var oid = attribute.ReadObjectIdentifier();
                attributes.Add(new NameAttribute(oid, ReadString(attribute)));
                if (attributes.Count > MaxAttributes)
                {
                    throw new AsnContentException($"more than {MaxAttributes} attributes in a name");
                }
            }
        }

        return attributes;
    }

    /// <summary>The name as people read it; hex where it cannot be read.</summary>
    public static string Show(ReadOnlyMemory<byte> name)
    {
        List<NameAttribute> attributes;
        try
        {
            attributes = Read(name);
        }
        catch (AsnContentException)
        {
            return Convert.ToHexStringLower(name.Span);
        }

        var text = new StringBuilder();
        foreach (var attribute in attributes)
        {
            text.Append(text.Length == 0 ? "" : ", ").Append(Label(attribute.Oid)).Append('=').Append(attribute.Value ?? "?");
        }

        return text.Length == 0 ? "(empty name)" : text.ToString();
    }

    /// <summary>The one value that is left in the reader; null where it is no character string.</summary>
    public static string? ReadString(AsnReader attribute)
    {
        var tag = attribute.PeekTag();
        if (tag.TagClass == TagClass.Universal && (UniversalTagNumber)tag.TagValue is UniversalTagNumber.UTF8String
            or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String or UniversalTagNumber.BMPString
            or UniversalTagNumber.T61String or UniversalTagNumber.NumericString or UniversalTagNumber.VisibleString)
        {
            var value = attribute.ReadCharacterString((UniversalTagNumber)tag.TagValue);
            attribute.ThrowIfNotEmpty();
            return value;
        }

        attribute.ReadEncodedValue();
        attribute.ThrowIfNotEmpty();
        return null;
    }

    private static string Label(string oid) => oid switch
    {
        "2.5.4.3" => "CN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        _ => oid,
    };
}
