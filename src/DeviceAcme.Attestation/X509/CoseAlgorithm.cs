using System.Security.Cryptography;

namespace DeviceAcme.Attestation.X509;

/// <summary>COSE algorithm numbers (RFC 9053, RFC 8812) of statement signatures.</summary>
internal static class CoseAlgorithm
{
    /// <summary>Null where the number is unknown, or belongs to another kind of key.</summary>
    public static SignatureAlgorithm? Find(long alg, KeyKind kind) => (alg, kind) switch
    {
        (-7, KeyKind.Ec) => SignatureAlgorithm.Ecdsa(HashAlgorithmName.SHA256),
        (-35, KeyKind.Ec) => SignatureAlgorithm.Ecdsa(HashAlgorithmName.SHA384),
        (-36, KeyKind.Ec) => SignatureAlgorithm.Ecdsa(HashAlgorithmName.SHA512),
        (-257, KeyKind.Rsa) => SignatureAlgorithm.Pkcs1(HashAlgorithmName.SHA256),
        (-258, KeyKind.Rsa) => SignatureAlgorithm.Pkcs1(HashAlgorithmName.SHA384),
        (-259, KeyKind.Rsa) => SignatureAlgorithm.Pkcs1(HashAlgorithmName.SHA512),
        (-37, KeyKind.Rsa) => SignatureAlgorithm.Pss(HashAlgorithmName.SHA256),
        (-38, KeyKind.Rsa) => SignatureAlgorithm.Pss(HashAlgorithmName.SHA384),
        (-39, KeyKind.Rsa) => SignatureAlgorithm.Pss(HashAlgorithmName.SHA512),
        _ => null,
    };
}
