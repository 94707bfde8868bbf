using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>A certificate as people want to read it.</summary>
internal sealed record CertificateText
{
    public required string Subject { get; init; }
    public required IReadOnlyList<string> Names { get; init; }
    public required string Key { get; init; }
    public required DateTimeOffset NotBefore { get; init; }
    public required DateTimeOffset NotAfter { get; init; }
    public required string Serial { get; init; }

    /// <summary>Subjects from the leaf's issuer upwards.</summary>
    public required IReadOnlyList<string> Issuers { get; init; }

    public static CertificateText Read(IReadOnlyList<byte[]> chain)
    {
        using var leaf = X509CertificateLoader.LoadCertificate(chain[0]);
        return new CertificateText
        {
            Subject = leaf.Subject,
            Names = [.. leaf.Extensions.Where(extension => extension.Oid?.Value == Oids.SubjectAlternativeName).SelectMany(extension => ReadNames(extension.RawData))],
            Key = KeyOf(leaf),
            NotBefore = leaf.NotBefore.ToUniversalTime(),
            NotAfter = leaf.NotAfter.ToUniversalTime(),
            Serial = leaf.SerialNumber.ToLowerInvariant(),
            Issuers = chain.Count == 1 ? [leaf.Issuer] : [.. chain.Skip(1).Select(SubjectOf)],
        };
    }

    private static string SubjectOf(byte[] certificate)
    {
        using var parsed = X509CertificateLoader.LoadCertificate(certificate);
        return parsed.Subject;
    }

    private static string KeyOf(X509Certificate2 certificate)
    {
        using var ecdsa = certificate.GetECDsaPublicKey();
        if (ecdsa is not null)
        {
            return $"EC P-{ecdsa.KeySize}";
        }

        using var rsa = certificate.GetRSAPublicKey();
        return rsa is not null ? $"RSA {rsa.KeySize}" : certificate.PublicKey.Oid.Value ?? "unknown";
    }

    // RFC 5280 §4.2.1.6; the platform shows only some of the choices
    private static List<string> ReadNames(byte[] extension)
    {
        var names = new List<string>();
        var reader = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (reader.HasData)
        {
            var tag = reader.PeekTag();
            names.Add(tag.TagValue switch
            {
                0 => OtherName(reader.ReadSequence(tag)),
                1 => "email:" + reader.ReadCharacterString(UniversalTagNumber.IA5String, tag),
                2 => "dns:" + reader.ReadCharacterString(UniversalTagNumber.IA5String, tag),
                4 => "directory:" + new X500DistinguishedName(reader.ReadSequence(tag).ReadEncodedValue().Span).Name,
                6 => "uri:" + reader.ReadCharacterString(UniversalTagNumber.IA5String, tag),
                7 => "ip:" + new IPAddress(reader.ReadOctetString(tag)),
                _ => $"[{tag.TagValue}]:" + Convert.ToHexStringLower(reader.ReadEncodedValue().Span),
            });
        }

        return names;
    }

    private static string OtherName(AsnReader reader)
    {
        var type = reader.ReadObjectIdentifier();
        var value = reader.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        return type switch
        {
            Oids.PermanentIdentifier => "permanent-identifier:" + PermanentIdentifier(value.ReadSequence()),
            Oids.HardwareModuleName => "hardware-module:" + HardwareModuleName(value.ReadSequence()),
            _ => $"other name {type}:" + Convert.ToHexStringLower(value.ReadEncodedValue().Span),
        };
    }

    // RFC 4043: both members are optional; written as the order writes them
    private static string PermanentIdentifier(AsnReader reader)
    {
        var value = reader.HasData && reader.PeekTag().HasSameClassAndValue(new Asn1Tag(UniversalTagNumber.UTF8String))
            ? reader.ReadCharacterString(UniversalTagNumber.UTF8String)
            : "";
        return reader.HasData ? $"{value}/{reader.ReadObjectIdentifier()}" : value;
    }

    private static string HardwareModuleName(AsnReader reader)
    {
        var type = reader.ReadObjectIdentifier();
        return $"{Encoding.UTF8.GetString(reader.ReadOctetString())}/{type}";
    }
}
