using System.Security.Cryptography;

namespace DeviceAcme.Protocol.Jose;

/// <summary>The numbers of a SubjectPublicKeyInfo; exactly one of the two is set.</summary>
internal readonly record struct PublicKey(ECParameters? Ec, RSAParameters? Rsa)
{
    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string RsaEncryption = "1.2.840.113549.1.1.1";

    /// <exception cref="CryptographicException">Not DER, trailing bytes, or a key of another kind.</exception>
    public static PublicKey Read(ReadOnlySpan<byte> spki)
    {
        var key = System.Security.Cryptography.X509Certificates.PublicKey.CreateFromSubjectPublicKeyInfo(spki, out var read);
        if (read != spki.Length)
        {
            throw new CryptographicException("bytes after the SubjectPublicKeyInfo");
        }

        switch (key.Oid.Value)
        {
            case EcPublicKey:
                return new PublicKey(Point(key), null);

            case RsaEncryption:
                using (var rsa = key.GetRSAPublicKey() ?? throw new CryptographicException("no RSA key"))
                {
                    return new PublicKey(null, rsa.ExportParameters(includePrivateParameters: false));
                }

            default:
                throw new CryptographicException("a key of another kind");
        }
    }

    private static ECParameters Point(System.Security.Cryptography.X509Certificates.PublicKey key)
    {
        try
        {
            using var ecdsa = key.GetECDsaPublicKey() ?? throw new CryptographicException("no EC key");
            return ecdsa.ExportParameters(includePrivateParameters: false);
        }
        catch (PlatformNotSupportedException unknown)
        {
            // so says the platform of curves that it has not heard of: whose the octets are does not matter
            throw new CryptographicException("no curve that the platform knows", unknown);
        }
    }
}
