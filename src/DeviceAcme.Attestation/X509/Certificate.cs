using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace DeviceAcme.Attestation.X509;

/// <summary>One X.509 certificate (RFC 5280 §4.1), read strictly, with names, key and extensions kept as the DER they came in.</summary>
internal sealed class Certificate
{
    /// <summary>No vendor certificate that we know comes near this; checked before parsing.</summary>
    public const int MaxSize = 16 * 1024;

    private const int MaxExtensions = 64;
    private static readonly Asn1Tag VersionTag = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag IssuerUniqueIdTag = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag SubjectUniqueIdTag = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag ExtensionsTag = new(TagClass.ContextSpecific, 3, isConstructed: true);

    private Certificate()
    {
    }

    public required ReadOnlyMemory<byte> Raw { get; init; }
    public required ReadOnlyMemory<byte> Tbs { get; init; }

    /// <summary>1 for v1, 3 for v3.</summary>
    public required int Version { get; init; }

    public required ReadOnlyMemory<byte> SerialNumber { get; init; }

    /// <summary>The issuer's name as DER; the key by which an issuer is looked up.</summary>
    public required ReadOnlyMemory<byte> Issuer { get; init; }

    public required ReadOnlyMemory<byte> Subject { get; init; }
    public required DateTimeOffset NotBefore { get; init; }
    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>SubjectPublicKeyInfo as DER.</summary>
    public required ReadOnlyMemory<byte> PublicKeyInfo { get; init; }

    public required IReadOnlyList<CertificateExtension> Extensions { get; init; }
    public required SignatureAlgorithm SignatureAlgorithm { get; init; }
    public required ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>SHA-256 of the DER form.</summary>
    public required byte[] Sha256 { get; init; }

    public bool IsSelfIssued => Issuer.Span.SequenceEqual(Subject.Span);

    /// <summary>An empty SEQUENCE: the subject that a TPM's certificate has.</summary>
    public bool SubjectIsEmpty => Subject.Span.SequenceEqual((ReadOnlySpan<byte>)[0x30, 0x00]);

    /// <summary>The subject as people read it, for messages only.</summary>
    public string SubjectText => EvidenceText.Visible(DistinguishedName.Show(Subject));

    public string IssuerText => EvidenceText.Visible(DistinguishedName.Show(Issuer));

    /// <summary>The value of an extension, or null where the certificate has none of this OID.</summary>
    public CertificateExtension? Find(string oid)
    {
        foreach (var extension in Extensions)
        {
            if (extension.Oid == oid)
            {
                return extension;
            }
        }

        return null;
    }

    /// <summary>Reads one certificate that fills its buffer exactly; on failure <paramref name="problem"/> says what is wrong.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> der, [NotNullWhen(true)] out Certificate? certificate, [NotNullWhen(false)] out string? problem)
    {
        certificate = null;
        if (der.Length > MaxSize)
        {
            problem = $"{der.Length} bytes, more than {MaxSize}";
            return false;
        }

        try
        {
            certificate = Read(der);
            problem = null;
            return true;
        }
        catch (AsnContentException broken)
        {
            problem = broken.Message;
            return false;
        }
    }

    private static Certificate Read(ReadOnlyMemory<byte> der)
    {
        var file = new AsnReader(der, AsnEncodingRules.DER);
        var outer = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var tbs = outer.ReadEncodedValue();
        var outerAlgorithm = outer.ReadEncodedValue();
        var signature = outer.ReadBitString(out var unusedBits);
        outer.ThrowIfNotEmpty();
        if (unusedBits != 0)
        {
            throw new AsnContentException("the signature is not a whole number of octets");
        }

        var reader = new AsnReader(tbs, AsnEncodingRules.DER).ReadSequence();
        var version = ReadVersion(reader);
        var serial = reader.ReadIntegerBytes();
        if (!reader.ReadEncodedValue().Span.SequenceEqual(outerAlgorithm.Span))
        {
            // RFC 5280 §4.1.1.2: the signed copy must be the same
            throw new AsnContentException("signatureAlgorithm differs from tbsCertificate.signature");
        }

        var issuer = ReadName(reader);
        var validity = reader.ReadSequence();
        var notBefore = ReadTime(validity);
        var notAfter = ReadTime(validity);
        validity.ThrowIfNotEmpty();
        var subject = ReadName(reader);
        var publicKeyInfo = reader.ReadEncodedValue();
        SkipUniqueId(reader, IssuerUniqueIdTag);
        SkipUniqueId(reader, SubjectUniqueIdTag);
        var extensions = ReadExtensions(reader);
        reader.ThrowIfNotEmpty();

        return new Certificate
        {
            Raw = der,
            Tbs = tbs,
            Version = version,
            SerialNumber = serial,
            Issuer = issuer,
            Subject = subject,
            NotBefore = notBefore,
            NotAfter = notAfter,
            PublicKeyInfo = publicKeyInfo,
            Extensions = extensions,
            SignatureAlgorithm = SignatureAlgorithm.Read(outerAlgorithm),
            Signature = signature,
            Sha256 = SHA256.HashData(der.Span),
        };
    }

    private static int ReadVersion(AsnReader reader)
    {
        if (!reader.PeekTag().HasSameClassAndValue(VersionTag))
        {
            return 1;
        }

        var explicitVersion = reader.ReadSequence(VersionTag);
        if (!explicitVersion.TryReadInt32(out var value) || value is < 0 or > 2)
        {
            throw new AsnContentException("the version is not v1, v2 or v3");
        }

        explicitVersion.ThrowIfNotEmpty();
        return value + 1;
    }

    private static ReadOnlyMemory<byte> ReadName(AsnReader reader)
    {
        if (!reader.PeekTag().HasSameClassAndValue(Asn1Tag.Sequence))
        {
            throw new AsnContentException("a name is not a SEQUENCE");
        }

        return reader.ReadEncodedValue();
    }

    // RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime after; vendors also use GeneralizedTime before, which harms nobody
    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    private static void SkipUniqueId(AsnReader reader, Asn1Tag tag)
    {
        if (reader.HasData && reader.PeekTag().HasSameClassAndValue(tag))
        {
            reader.ReadEncodedValue();
        }
    }

    private static List<CertificateExtension> ReadExtensions(AsnReader reader)
    {
        var extensions = new List<CertificateExtension>();
        if (!reader.HasData)
        {
            return extensions;
        }

        var wrapper = reader.ReadSequence(ExtensionsTag);
        var list = wrapper.ReadSequence();
        wrapper.ThrowIfNotEmpty();
        while (list.HasData)
        {
            var item = list.ReadSequence();
            var oid = item.ReadObjectIdentifier();
            // some vendors write out the FALSE that DER leaves out
            var critical = item.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && LenientBoolean.Read(item);
            var value = item.ReadOctetString();
            item.ThrowIfNotEmpty();
            if (extensions.Exists(other => other.Oid == oid))
            {
                throw new AsnContentException($"extension {oid} is there twice");
            }

            extensions.Add(new CertificateExtension(oid, critical, value));
            if (extensions.Count > MaxExtensions)
            {
                throw new AsnContentException($"more than {MaxExtensions} extensions");
            }
        }

        return extensions;
    }
}

/// <summary>One extension; the value is what the OCTET STRING holds.</summary>
internal sealed record CertificateExtension(string Oid, bool Critical, ReadOnlyMemory<byte> Value);
