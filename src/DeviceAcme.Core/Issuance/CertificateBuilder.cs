using System.Formats.Asn1;
using System.Security.Cryptography;

namespace DeviceAcme.Core.Issuance;

/// <summary>Who signs: names and places that a certificate says of its issuer.</summary>
internal sealed record CertificateIssuer
{
    /// <summary>The issuer's subject, DER Name, octet for octet as in its certificate.</summary>
    public required ReadOnlyMemory<byte> Name { get; init; }

    /// <summary>The issuer's subject key identifier, as in its certificate.</summary>
    public required ReadOnlyMemory<byte> KeyIdentifier { get; init; }

    public required SigningKey Key { get; init; }

    /// <summary>Where its CRL is; null writes no CRL distribution point.</summary>
    public Uri? CrlUrl { get; init; }

    /// <summary>Where its certificate is; null writes no authority information access.</summary>
    public Uri? CertificateUrl { get; init; }
}

/// <summary>Writes and signs X.509 v3 certificates (RFC 5280 §4) directly: the framework's builder costs twice as much and hides the octets.</summary>
internal static class CertificateBuilder
{
    private static readonly DateTimeOffset GeneralizedTimeFrom = new(2050, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A serial number of 16 octets, positive, with 126 random bits (RFC 5280 §4.1.2.2).</summary>
    public static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);

        // neither a sign bit nor leading zeros: the hex form and the DER form have the same octets
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }

    /// <summary>A certificate as planned, for an end entity.</summary>
    public static byte[] EndEntity(CertificatePlan plan, CertificateIssuer issuer, ReadOnlySpan<byte> serial) =>
        Sign(plan, issuer, serial, [.. plan.Extensions, new PlannedExtension(Oids.BasicConstraints, true, BasicConstraints(false, null)), .. IssuerExtensions(plan, issuer)]);

    /// <summary>A CA's certificate.</summary>
    /// <param name="pathLength">How many CAs may stand below it; null for any number.</param>
    public static byte[] Authority(CertificatePlan plan, CertificateIssuer issuer, ReadOnlySpan<byte> serial, int? pathLength) =>
        plan.Extensions.Any(extension => extension.Oid == Oids.NoRevAvail)
            ? throw new ArgumentException("noRevAvail must not stand in a CA's certificate (RFC 9608 §2)", nameof(plan))
            : Sign(plan, issuer, serial, [.. plan.Extensions, .. AuthorityExtensions(pathLength), .. IssuerExtensions(plan, issuer)]);

    /// <summary>The extensions that make a certificate a CA's; also what a CA's request asks for.</summary>
    public static IReadOnlyList<PlannedExtension> AuthorityExtensions(int? pathLength) =>
    [
        new(Oids.BasicConstraints, true, BasicConstraints(true, pathLength)),
        new(Oids.KeyUsage, true, KeyUsageNames.Write(KeyUsages.KeyCertSign | KeyUsages.CrlSign)),
    ];

    /// <summary>AuthorityKeyIdentifier with the key identifier alone (RFC 5280 §4.2.1.1).</summary>
    public static PlannedExtension AuthorityKeyIdentifier(ReadOnlySpan<byte> keyIdentifier)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteOctetString(keyIdentifier, new Asn1Tag(TagClass.ContextSpecific, 0));
        }

        return new PlannedExtension(Oids.AuthorityKeyIdentifier, false, writer.Encode());
    }

    /// <summary>SubjectKeyIdentifier (RFC 5280 §4.2.1.2).</summary>
    public static PlannedExtension SubjectKeyIdentifier(ReadOnlySpan<byte> keyIdentifier)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        writer.WriteOctetString(keyIdentifier);
        return new PlannedExtension(Oids.SubjectKeyIdentifier, false, writer.Encode());
    }

    /// <summary>Extensions ::= SEQUENCE OF Extension.</summary>
    public static void WriteExtensions(AsnWriter writer, IEnumerable<PlannedExtension> extensions)
    {
        using (writer.PushSequence())
        {
            foreach (var extension in extensions)
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(extension.Oid);
                    if (extension.Critical)
                    {
                        writer.WriteBoolean(true);
                    }

                    writer.WriteOctetString(extension.Value.Span);
                }
            }
        }
    }

    /// <summary>UTCTime up to 2049, GeneralizedTime from 2050, never a fraction (RFC 5280 §4.1.2.5).</summary>
    public static void WriteTime(AsnWriter writer, DateTimeOffset time)
    {
        if (time >= GeneralizedTimeFrom)
        {
            writer.WriteGeneralizedTime(time, omitFractionalSeconds: true);
        }
        else
        {
            writer.WriteUtcTime(time, twoDigitYearMax: 2049);
        }
    }

    /// <summary>SEQUENCE { what is signed, algorithm, signature }, the outer form of certificates, requests and CRLs.</summary>
    public static byte[] Signed(byte[] content, SigningKey key)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, content.Length + 1024);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(content);
            writer.WriteEncodedValue(key.Algorithm.Span);
            writer.WriteBitString(key.Sign(content));
        }

        return writer.Encode();
    }

    private static byte[] Sign(CertificatePlan plan, CertificateIssuer issuer, ReadOnlySpan<byte> serial, IReadOnlyList<PlannedExtension> extensions)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, 2048);
        using (writer.PushSequence())
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0, true)))
            {
                writer.WriteInteger(2);
            }

            writer.WriteIntegerUnsigned(serial);
            writer.WriteEncodedValue(issuer.Key.Algorithm.Span);
            writer.WriteEncodedValue(issuer.Name.Span);
            using (writer.PushSequence())
            {
                WriteTime(writer, plan.NotBefore);
                WriteTime(writer, plan.NotAfter);
            }

            writer.WriteEncodedValue(plan.Subject.Span);
            writer.WriteEncodedValue(plan.PublicKey.Span);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3, true)))
            {
                WriteExtensions(writer, extensions);
            }
        }

        return Signed(writer.Encode(), issuer.Key);
    }

    private static IEnumerable<PlannedExtension> IssuerExtensions(CertificatePlan plan, CertificateIssuer issuer)
    {
        yield return SubjectKeyIdentifier(SigningKey.IdentifierOf(plan.PublicKey));
        yield return AuthorityKeyIdentifier(issuer.KeyIdentifier.Span);
        // RFC 9608 §2: with noRevAvail neither a CRL distribution point nor OCSP; where the issuer's certificate is may stay
        if (issuer.CrlUrl is not null && !plan.Extensions.Any(extension => extension.Oid == Oids.NoRevAvail))
        {
            yield return new PlannedExtension(Oids.CrlDistributionPoints, false, DistributionPoint(issuer.CrlUrl));
        }

        if (issuer.CertificateUrl is not null)
        {
            yield return new PlannedExtension(Oids.AuthorityInfoAccess, false, CaIssuers(issuer.CertificateUrl));
        }
    }

    private static byte[] BasicConstraints(bool authority, int? pathLength)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            if (authority)
            {
                writer.WriteBoolean(true);
            }

            if (pathLength is { } length)
            {
                writer.WriteInteger(length);
            }
        }

        return writer.Encode();
    }

    // CRLDistributionPoints { { distributionPoint [0] { fullName [0] { [6] uri } } } } (RFC 5280 §4.2.1.13)
    private static byte[] DistributionPoint(Uri url)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0, true)))
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0, true)))
        {
            writer.WriteCharacterString(UniversalTagNumber.IA5String, url.AbsoluteUri, new Asn1Tag(TagClass.ContextSpecific, 6));
        }

        return writer.Encode();
    }

    // AuthorityInfoAccess { { id-ad-caIssuers, [6] uri } } (RFC 5280 §4.2.2.1)
    private static byte[] CaIssuers(Uri url)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Oids.CaIssuers);
            writer.WriteCharacterString(UniversalTagNumber.IA5String, url.AbsoluteUri, new Asn1Tag(TagClass.ContextSpecific, 6));
        }

        return writer.Encode();
    }
}
