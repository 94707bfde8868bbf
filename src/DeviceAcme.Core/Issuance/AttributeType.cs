using System.Formats.Asn1;

namespace DeviceAcme.Core.Issuance;

/// <summary>A type of subject attribute with the ASN.1 string and the length that RFC 5280 appendix A gives it.</summary>
internal sealed record AttributeType(string Name, string Oid, UniversalTagNumber Tag, int MaximumLength)
{
    private static readonly AttributeType[] Known =
    [
        new("CN", Oids.CommonName, UniversalTagNumber.UTF8String, 64),
        new("O", "2.5.4.10", UniversalTagNumber.UTF8String, 64),
        new("OU", "2.5.4.11", UniversalTagNumber.UTF8String, 64),
        new("C", "2.5.4.6", UniversalTagNumber.PrintableString, 2),
        new("ST", "2.5.4.8", UniversalTagNumber.UTF8String, 128),
        new("L", "2.5.4.7", UniversalTagNumber.UTF8String, 128),
        new("STREET", "2.5.4.9", UniversalTagNumber.UTF8String, 128),
        new("postalCode", "2.5.4.17", UniversalTagNumber.UTF8String, 40),
        new("serialNumber", "2.5.4.5", UniversalTagNumber.PrintableString, 64),
        new("title", "2.5.4.12", UniversalTagNumber.UTF8String, 64),
        new("SN", "2.5.4.4", UniversalTagNumber.UTF8String, 128),
        new("givenName", "2.5.4.42", UniversalTagNumber.UTF8String, 128),
        new("DC", "0.9.2342.19200300.100.1.25", UniversalTagNumber.IA5String, 63),
        new("UID", "0.9.2342.19200300.100.1.1", UniversalTagNumber.UTF8String, 256),
        new("emailAddress", "1.2.840.113549.1.9.1", UniversalTagNumber.IA5String, 255),
    ];

    /// <summary>The short names that are known.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(type => type.Name)];

    /// <summary>The type of a short name (in any case) or a dotted OID; null where it is neither.</summary>
    public static AttributeType? Find(string name)
    {
        var known = Known.FirstOrDefault(type => type.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || type.Oid == name);
        return known ?? (Oids.IsValid(name) ? new AttributeType(name, name, UniversalTagNumber.UTF8String, 256) : null);
    }

    /// <summary>Why the value cannot stand in this attribute; null where it can.</summary>
    public string? Refuses(string value)
    {
        if (value.Length == 0)
        {
            return "is empty";
        }

        if (value.EnumerateRunes().Count() > MaximumLength)
        {
            return $"is longer than the {MaximumLength} characters that RFC 5280 allows";
        }

        if (value.Any(char.IsControl))
        {
            return "has a control character";
        }

        return AsnText.Fits(Tag, value) ? null : $"does not fit a {Tag}";
    }

    /// <summary>Writes the value as this attribute's ASN.1 string.</summary>
    public void Write(AsnWriter writer, string value)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oid);
            writer.WriteCharacterString(Tag, value);
        }
    }
}
