using System.Formats.Asn1;
using System.Security.Cryptography;

namespace DeviceAcme.Attestation.X509;

internal enum SignatureScheme
{
    Unknown,
    RsaPkcs1,
    RsaPss,
    Ecdsa,
}

/// <summary>How a signature was made. <see cref="Scheme"/> is unknown for everything that we do not verify; <see cref="Name"/> still says what it was.</summary>
internal sealed record SignatureAlgorithm(string Name, SignatureScheme Scheme, HashAlgorithmName Hash)
{
    public bool IsSha1 => Hash == HashAlgorithmName.SHA1;

    public static SignatureAlgorithm Pkcs1(HashAlgorithmName hash) => new($"RSASSA-PKCS1-v1_5 with {hash.Name}", SignatureScheme.RsaPkcs1, hash);

    public static SignatureAlgorithm Pss(HashAlgorithmName hash) => new($"RSASSA-PSS with {hash.Name}", SignatureScheme.RsaPss, hash);

    public static SignatureAlgorithm Ecdsa(HashAlgorithmName hash) => new($"ECDSA with {hash.Name}", SignatureScheme.Ecdsa, hash);

    public static SignatureAlgorithm Unknown(string name) => new(name, SignatureScheme.Unknown, default);

    /// <summary>Reads an AlgorithmIdentifier (RFC 5280 §4.1.1.2); throws <see cref="AsnContentException"/>.</summary>
    public static SignatureAlgorithm Read(ReadOnlyMemory<byte> algorithmIdentifier)
    {
        var reader = new AsnReader(algorithmIdentifier, AsnEncodingRules.DER).ReadSequence();
        var oid = reader.ReadObjectIdentifier();
        return oid switch
        {
            "1.2.840.113549.1.1.5" => Pkcs1(HashAlgorithmName.SHA1),
            "1.2.840.113549.1.1.11" => Pkcs1(HashAlgorithmName.SHA256),
            "1.2.840.113549.1.1.12" => Pkcs1(HashAlgorithmName.SHA384),
            "1.2.840.113549.1.1.13" => Pkcs1(HashAlgorithmName.SHA512),
            "1.2.840.10045.4.1" => Ecdsa(HashAlgorithmName.SHA1),
            "1.2.840.10045.4.3.2" => Ecdsa(HashAlgorithmName.SHA256),
            "1.2.840.10045.4.3.3" => Ecdsa(HashAlgorithmName.SHA384),
            "1.2.840.10045.4.3.4" => Ecdsa(HashAlgorithmName.SHA512),
            Oids.RsassaPss => ReadPss(reader),
            _ => Unknown(oid),
        };
    }

    // RFC 4055 §3.1: only the profile that everybody uses, MGF1 with the same hash
    private static SignatureAlgorithm ReadPss(AsnReader reader)
    {
        if (!reader.HasData)
        {
            return Unknown("RSASSA-PSS without parameters");
        }

        var hashTag = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        var parameters = reader.ReadSequence();
        if (!parameters.HasData || !parameters.PeekTag().HasSameClassAndValue(hashTag))
        {
            return Unknown("RSASSA-PSS with SHA-1");
        }

        return parameters.ReadSequence(hashTag).ReadSequence().ReadObjectIdentifier() switch
        {
            "2.16.840.1.101.3.4.2.1" => Pss(HashAlgorithmName.SHA256),
            "2.16.840.1.101.3.4.2.2" => Pss(HashAlgorithmName.SHA384),
            "2.16.840.1.101.3.4.2.3" => Pss(HashAlgorithmName.SHA512),
            var other => Unknown($"RSASSA-PSS with {other}"),
        };
    }
}
