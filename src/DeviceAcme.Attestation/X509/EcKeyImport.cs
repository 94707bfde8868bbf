using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Attestation.X509;

/// <summary>Public keys on a curve, as objects of the platform that verify with them.</summary>
/// <remarks>
/// OpenSSL checks a key that is given by its parameters by multiplying the point with the order of the curve, which costs more than a verification (P-384: 0.9 ms against 0.6 ms).
/// All our curves have cofactor 1, so every point on the curve has that order, and to be on it is enough (SP 800-56A Rev. 3 §5.6.2.3.4). That is what OpenSSL checks of the key in a certificate.
/// So the longer keys come to it in a certificate that says nothing else. With P-256, the certificate costs what it saves.
/// </remarks>
public static class EcKeyImport
{
    private const string EcdsaWithSha256 = "1.2.840.10045.4.3.2";

    /// <param name="publicKeyInfo">DER SubjectPublicKeyInfo of P-256, P-384 or P-521.</param>
    /// <exception cref="CryptographicException">It is not, or the point is not on its curve.</exception>
    public static ECDsa Import(ReadOnlyMemory<byte> publicKeyInfo) =>
        SubjectPublicKey.TryRead(publicKeyInfo, out var key, out var problem) && key.Kind == KeyKind.Ec
            ? Import(key.Curve!, key.X.Span, key.Y.Span)
            : throw new CryptographicException(problem ?? "no EC key");

    /// <param name="curve">One of the three.</param>
    /// <param name="x">Big-endian, of the curve's field size.</param>
    /// <param name="y">The same.</param>
    /// <exception cref="CryptographicException">The point is not on its curve.</exception>
    internal static ECDsa Import(EllipticCurve curve, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        if (curve.Bits <= EllipticCurve.P256.Bits || !OperatingSystem.IsLinux())
        {
            return ECDsa.Create(new ECParameters { Curve = curve.Named, Q = new ECPoint { X = x.ToArray(), Y = y.ToArray() } });
        }

        using var certificate = X509CertificateLoader.LoadCertificate(Certify(SubjectPublicKey.EncodeEc(curve, x, y)));
        return certificate.GetECDsaPublicKey() ?? throw new CryptographicException("no EC key");
    }

    /// <summary>A certificate (RFC 5280 §4.1) of version 1 without names and without a signature.</summary>
    private static byte[] Certify(byte[] publicKeyInfo)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteInteger(1);
                WriteAlgorithm(writer);
                WriteNoName(writer);
                using (writer.PushSequence())
                {
                    writer.WriteUtcTime(DateTimeOffset.UnixEpoch);
                    writer.WriteUtcTime(DateTimeOffset.UnixEpoch);
                }

                WriteNoName(writer);
                writer.WriteEncodedValue(publicKeyInfo);
            }

            WriteAlgorithm(writer);
            writer.WriteBitString([]);
        }

        return writer.Encode();
    }

    private static void WriteAlgorithm(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(EcdsaWithSha256);
        }
    }

    private static void WriteNoName(AsnWriter writer)
    {
        using (writer.PushSequence())
        {
            // an empty RDNSequence
        }
    }
}
