using System.Formats.Asn1;

namespace DeviceAcme.Attestation.X509;

/// <summary>Authority and subject key identifiers (RFC 5280 §4.2.1.1, §4.2.1.2). Hints for explanations only: Apple's leaves have none.</summary>
internal static class KeyIdentifiers
{
    private static readonly Asn1Tag KeyIdentifier = new(TagClass.ContextSpecific, 0);

    /// <summary>True if the certificate names an issuer's key and the issuer names its own, and they are not the same.</summary>
    public static bool Differ(Certificate certificate, Certificate issuer)
    {
        try
        {
            return Authority(certificate.Find(Oids.AuthorityKeyIdentifier)) is { } authority
                && Subject(issuer.Find(Oids.SubjectKeyIdentifier)) is { } subject
                && !authority.AsSpan().SequenceEqual(subject);
        }
        catch (AsnContentException)
        {
            // a hint that cannot be read gives none
            return false;
        }
    }

    private static byte[]? Authority(CertificateExtension? extension)
    {
        if (extension is null)
        {
            return null;
        }

        var sequence = new AsnReader(extension.Value, AsnEncodingRules.DER).ReadSequence();
        return sequence.HasData && sequence.PeekTag().HasSameClassAndValue(KeyIdentifier) ? sequence.ReadOctetString(KeyIdentifier) : null;
    }

    private static byte[]? Subject(CertificateExtension? extension) =>
        extension is null ? null : new AsnReader(extension.Value, AsnEncodingRules.DER).ReadOctetString();
}
