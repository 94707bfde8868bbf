using System.Security.Cryptography;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>TPM_ALG_ID (TPM 2.0 part 2 §6.3) and TPM_ECC_CURVE (§6.4), as far as statements have them.</summary>
internal static class TpmAlg
{
    public const ushort Rsa = 0x0001;
    public const ushort Sha1 = 0x0004;
    public const ushort Aes = 0x0006;
    public const ushort Sha256 = 0x000B;
    public const ushort Sha384 = 0x000C;
    public const ushort Sha512 = 0x000D;
    public const ushort Null = 0x0010;
    public const ushort Rsassa = 0x0014;
    public const ushort Rsaes = 0x0015;
    public const ushort Rsapss = 0x0016;
    public const ushort Oaep = 0x0017;
    public const ushort Ecdsa = 0x0018;
    public const ushort Ecc = 0x0023;
    public const ushort Cfb = 0x0043;

    /// <summary>The hash of this algorithm; null for everything that is no hash here.</summary>
    public static HashAlgorithmName? Hash(ushort algorithm) => algorithm switch
    {
        Sha1 => HashAlgorithmName.SHA1,
        Sha256 => HashAlgorithmName.SHA256,
        Sha384 => HashAlgorithmName.SHA384,
        Sha512 => HashAlgorithmName.SHA512,
        _ => null,
    };

    /// <summary>Octets of a digest of a hash that <see cref="Hash"/> gives.</summary>
    public static int DigestSize(HashAlgorithmName hash) =>
        hash == HashAlgorithmName.SHA1 ? 20 : hash == HashAlgorithmName.SHA256 ? 32 : hash == HashAlgorithmName.SHA384 ? 48 : 64;

    public static EllipticCurve? Curve(ushort curve) => curve switch
    {
        3 => EllipticCurve.P256,
        4 => EllipticCurve.P384,
        5 => EllipticCurve.P521,
        _ => null,
    };

    public static string Show(ushort algorithm) => $"0x{algorithm:X4}";
}
