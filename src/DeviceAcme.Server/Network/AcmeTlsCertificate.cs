using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Network;

/// <summary>What is wrong with a tls-alpn-01 certificate; the words continue "the certificate …".</summary>
internal sealed record AcmeTlsFault(string Reason, string Words);

/// <summary>The certificate rules of RFC 8737 §3 and RFC 8738 §6.</summary>
internal static class AcmeTlsCertificate
{
    /// <summary>id-pe-acmeIdentifier (RFC 8737 §6.1).</summary>
    public const string AcmeIdentifierOid = "1.3.6.1.5.5.7.1.31";

    private const string SubjectAlternativeNameOid = "2.5.29.17";
    private static readonly Asn1Tag DnsNameTag = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag IpAddressTag = new(TagClass.ContextSpecific, 7);

    /// <summary>Null where the certificate answers the challenge.</summary>
    public static AcmeTlsFault? Check(byte[] encoded, ValidationTarget target)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(encoded);
            // The handshake has shown that the peer holds the key; a certificate of another issuer was not made for this challenge.
            return certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData)
                ? CheckName(certificate, target.Identifier) ?? CheckDigest(certificate, target.KeyAuthorization)
                : new("tls-alpn-not-self-signed", $"is issued by {Excerpt.Of(certificate.Issuer)}; expected was a self-signed one");
        }
        catch (CryptographicException)
        {
            return new("tls-alpn-certificate", "cannot be read"); // the TLS library was more lenient
        }
    }

    private static AcmeTlsFault? CheckName(X509Certificate2 certificate, AcmeIdentifier identifier)
    {
        var names = Extensions(certificate, SubjectAlternativeNameOid);
        if (names.Count != 1)
        {
            return new("tls-alpn-name", $"has {names.Count} subjectAltName extensions; expected was one with {identifier} alone");
        }

        try
        {
            var reader = new AsnReader(names[0].RawData, AsnEncodingRules.DER);
            var sequence = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var tag = sequence.PeekTag();
            var matches = identifier.Type == AcmeIdentifier.Dns
                ? tag == DnsNameTag && sequence.ReadCharacterString(UniversalTagNumber.IA5String, DnsNameTag).Equals(identifier.Value, StringComparison.OrdinalIgnoreCase)
                : tag == IpAddressTag && sequence.ReadOctetString(IpAddressTag).AsSpan().SequenceEqual(IPAddress.Parse(identifier.Value).GetAddressBytes());
            return matches && !sequence.HasData
                ? null
                : new("tls-alpn-name", $"has the subjectAltName {Excerpt.Of(names[0].Format(false))}; expected was {identifier} alone");
        }
        catch (AsnContentException)
        {
            return new("tls-alpn-name", $"has a subjectAltName that cannot be read; expected was {identifier} alone");
        }
    }

    private static AcmeTlsFault? CheckDigest(X509Certificate2 certificate, string keyAuthorization)
    {
        var found = Extensions(certificate, AcmeIdentifierOid);
        if (found.Count != 1)
        {
            return new("tls-alpn-digest", $"has {found.Count} acmeIdentifier extensions ({AcmeIdentifierOid}); expected was one");
        }

        if (!found[0].Critical)
        {
            return new("tls-alpn-not-critical", "has an acmeIdentifier extension that is not critical");
        }

        // Authorization ::= OCTET STRING (SIZE (32))
        var digest = SHA256.HashData(Encoding.ASCII.GetBytes(keyAuthorization));
        byte[] expected = [0x04, 0x20, .. digest];
        return found[0].RawData.AsSpan().SequenceEqual(expected)
            ? null
            : new("tls-alpn-digest", $"has the acmeIdentifier {Shown(found[0].RawData)}; expected was {Shown(expected)}, the SHA-256 of the key authorization");
    }

    private static List<X509Extension> Extensions(X509Certificate2 certificate, string oid) =>
        [.. certificate.Extensions.Where(extension => extension.Oid?.Value == oid)];

    private static string Shown(byte[] value) => value.Length <= 40 ? Convert.ToHexStringLower(value) : $"of {value.Length} octets";
}
