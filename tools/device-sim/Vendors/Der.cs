using System.Formats.Asn1;

namespace DeviceAcme.Simulator.Vendors;

/// <summary>The few DER shapes that certificates and requests are made of.</summary>
internal static class Der
{
    public static byte[] Write(Action<AsnWriter> content)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        content(writer);
        return writer.Encode();
    }

    public static byte[] Sequence(Action<AsnWriter> content) => Write(writer =>
    {
        using (writer.PushSequence())
        {
            content(writer);
        }
    });

    public static byte[] Integer(int value) => Write(writer => writer.WriteInteger(value));

    /// <summary>A Name with one attribute in each RDN, in the given order. Country is PrintableString, all else UTF8String.</summary>
    public static byte[] Name(params (string Oid, string Value)[] attributes) => Sequence(writer =>
    {
        foreach (var attribute in attributes)
        {
            WriteRdn(writer, attribute);
        }
    });

    /// <summary>A Name with all attributes in one RDN.</summary>
    public static byte[] MultiValuedName(params (string Oid, string Value)[] attributes) => Sequence(writer => WriteRdn(writer, attributes));

    /// <summary>RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from then on.</summary>
    public static void WriteTime(this AsnWriter writer, DateTimeOffset time)
    {
        if (time.UtcDateTime.Year < 2050)
        {
            writer.WriteUtcTime(time);
        }
        else
        {
            writer.WriteGeneralizedTime(time, omitFractionalSeconds: true);
        }
    }

    private static void WriteRdn(AsnWriter writer, params (string Oid, string Value)[] attributes)
    {
        using (writer.PushSetOf())
        {
            foreach (var (oid, value) in attributes)
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(oid);
                    writer.WriteCharacterString(oid == Oids.Country ? UniversalTagNumber.PrintableString : UniversalTagNumber.UTF8String, value);
                }
            }
        }
    }
}

/// <summary>Object identifiers by the names their standards use.</summary>
internal static class Oids
{
    public const string CommonName = "2.5.4.3";
    public const string Country = "2.5.4.6";
    public const string SerialNumber = "2.5.4.5";
    public const string State = "2.5.4.8";
    public const string Organization = "2.5.4.10";
    public const string OrganizationalUnit = "2.5.4.11";

    public const string SubjectDirectoryAttributes = "2.5.29.9";
    public const string SubjectKeyIdentifier = "2.5.29.14";
    public const string KeyUsage = "2.5.29.15";
    public const string SubjectAlternativeName = "2.5.29.17";
    public const string BasicConstraints = "2.5.29.19";
    public const string AuthorityKeyIdentifier = "2.5.29.35";
    public const string ExtendedKeyUsage = "2.5.29.37";

    public const string PermanentIdentifier = "1.3.6.1.5.5.7.8.3";
    public const string HardwareModuleName = "1.3.6.1.5.5.7.8.4";

    public const string EkCertificate = "2.23.133.8.1";
    public const string AkCertificate = "2.23.133.8.3";
    public const string TpmManufacturer = "2.23.133.2.1";
    public const string TpmModel = "2.23.133.2.2";
    public const string TpmSpecification = "2.23.133.2.16";
    public const string TpmVersion = "2.23.133.2.3";
    public const string EkPermanentIdentifierSha256 = "2.23.133.12.1";
}
