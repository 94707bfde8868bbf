using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>A statement of birth certificates as a client sent it (docs/idevid-format.md).</summary>
internal sealed class IdevidStatement(SentEvidence evidence)
{
    public const string Format = "deviceacme-idevid";

    private const int MostCertificates = 8;
    private const int LargestCertificate = 16_384;
    private const int LargestSignature = 1024;
    private const int LargestKey = 2048;

    // §5: COSE algorithms with their hashes; RSA with both paddings
    private static readonly (long Algorithm, HashAlgorithmName Hash, RSASignaturePadding? Padding)[] Algorithms =
    [
        (-7, HashAlgorithmName.SHA256, null), (-35, HashAlgorithmName.SHA384, null), (-36, HashAlgorithmName.SHA512, null),
        (-257, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), (-258, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1), (-259, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1),
        (-37, HashAlgorithmName.SHA256, RSASignaturePadding.Pss), (-38, HashAlgorithmName.SHA384, RSASignaturePadding.Pss), (-39, HashAlgorithmName.SHA512, RSASignaturePadding.Pss),
    ];

    /// <summary>§3: which member is missing, of another type, or larger than it may be; null where none is.</summary>
    public string? WrongMember =>
        Algorithm is not { } algorithm ? "alg is no number"
        : Algorithms.All(known => known.Algorithm != algorithm) ? $"alg {algorithm} is none of §5"
        : Wrong("sig", LargestSignature) ?? Wrong("key", LargestKey) ?? WrongChain;

    /// <summary>§5: what fits the IDevID key best; null where another algorithm is right too.</summary>
    public (long Used, long Advised)? OtherAlgorithm
    {
        get
        {
            using var key = BirthKey();
            long? advised = key switch { ECDsa { KeySize: 256 } => -7, ECDsa { KeySize: 384 } => -35, RSA => -257, _ => null };
            return Algorithm is { } used && advised is { } right && used != right ? (used, right) : null;
        }
    }

    /// <summary>§5: whether the new key is the IDevID key itself.</summary>
    public bool IsBirthKey => evidence.Octets("key") is { } key && evidence.Leaf?.PublicKey.ExportSubjectPublicKeyInfo() is { } birth && key.AsSpan().SequenceEqual(birth);

    private long? Algorithm => evidence.Statement.GetValueOrDefault("alg") as long?;

    private string? WrongChain => evidence.Statement.GetValueOrDefault("x5c") is not List<byte[]> { Count: > 0 } chain ? "x5c has no certificates"
        : chain.Count > MostCertificates ? $"x5c has {chain.Count} certificates, and {MostCertificates} are the most"
        : chain.Any(certificate => certificate.Length > LargestCertificate) ? $"a certificate has more than {LargestCertificate} octets"
        : evidence.Leaf is null ? "the first certificate is none"
        : null;

    /// <summary>§4: the IDevID key signs context, key authorization and new key.</summary>
    public bool IsFor(string keyAuthorization) => evidence.Octets("key") is { } key && IsSigned(
        [.. "DeviceAcme IDevID attestation v1"u8, 0, .. SHA256.HashData(Encoding.ASCII.GetBytes(keyAuthorization)), .. SHA256.HashData(key)]);

    /// <summary>§9: the signature covers the key authorization and not the new key.</summary>
    public bool LeavesKeyOut(string keyAuthorization) => IsSigned(Encoding.ASCII.GetBytes(keyAuthorization));

    private bool IsSigned(byte[] data)
    {
        var (algorithm, hash, padding) = Algorithms.FirstOrDefault(known => known.Algorithm == Algorithm);
        using var key = BirthKey();
        return algorithm != 0 && evidence.Octets("sig") is { } signature && key switch
        {
            ECDsa ec => padding is null && ec.VerifyData(data, signature, hash, DSASignatureFormat.Rfc3279DerSequence),
            RSA rsa => padding is not null && rsa.VerifyData(data, signature, hash, padding),
            _ => false,
        };
    }

    // null for a key that the platform does not know, or that is none
    private AsymmetricAlgorithm? BirthKey()
    {
        try
        {
            return (AsymmetricAlgorithm?)evidence.Leaf?.GetECDsaPublicKey() ?? evidence.Leaf?.GetRSAPublicKey();
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or PlatformNotSupportedException)
        {
            return null;
        }
    }

    private string? Wrong(string member, int largest) => evidence.Octets(member) is not { Length: > 0 } octets ? $"{member} is missing, empty, or no byte string"
        : octets.Length > largest ? $"{member} has {octets.Length} octets, and {largest} are the most"
        : null;
}
