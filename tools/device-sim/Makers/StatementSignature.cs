using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Makers;

/// <summary>Signatures as statements have them: SHA-256, ECDSA as DER or RSASSA-PKCS1-v1_5.</summary>
internal static class StatementSignature
{
    /// <summary>The COSE number (RFC 9053 §2.1, RFC 8812 §2).</summary>
    public static int Algorithm(AsymmetricAlgorithm key) => key is RSA ? -257 : -7;

    public static byte[] Sign(AsymmetricAlgorithm key, byte[] data) => key switch
    {
        RSA rsa => rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        ECDsa ec => ec.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence),
        _ => throw new SimulatorException($"no signatures with keys of type {key.GetType().Name}"),
    };

    /// <summary>Another key of the same kind.</summary>
    public static AsymmetricAlgorithm Another(AsymmetricAlgorithm key) =>
        key is RSA ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
}
