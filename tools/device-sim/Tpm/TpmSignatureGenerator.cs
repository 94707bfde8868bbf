using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Tpm;

/// <summary>Lets <see cref="CertificateRequest"/> sign with a key that stays in its TPM; SHA-256 always.</summary>
internal sealed class TpmSignatureGenerator(SwtpmDevice device, TpmKey key, CancellationToken cancellation) : X509SignatureGenerator
{
    private readonly bool _rsa = System.Security.Cryptography.X509Certificates.PublicKey.CreateFromSubjectPublicKeyInfo(key.PublicKey, out _).GetRSAPublicKey() is not null;

    protected override PublicKey BuildPublicKey() => System.Security.Cryptography.X509Certificates.PublicKey.CreateFromSubjectPublicKeyInfo(key.PublicKey, out _);

    public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) => Der.Sequence(writer =>
    {
        writer.WriteObjectIdentifier(_rsa ? "1.2.840.113549.1.1.11" : "1.2.840.10045.4.3.2");
        if (_rsa)
        {
            writer.WriteNull();
        }
    });

    public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm)
    {
        // The platform's interface is synchronous; the answer comes from a local socket within milliseconds.
        var signature = device.SignDigest(key, SHA256.HashData(data), _rsa ? TpmIds.AlgRsaSsa : TpmIds.AlgEcdsa, cancellation).GetAwaiter().GetResult();
        var reader = new TpmReader(signature);
        reader.U32();
        return _rsa ? reader.Sized() : Ecdsa(reader.Sized(), reader.Sized());
    }

    private static byte[] Ecdsa(byte[] r, byte[] s) => Der.Sequence(writer =>
    {
        writer.WriteIntegerUnsigned(Minimal(r));
        writer.WriteIntegerUnsigned(Minimal(s));
    });

    private static ReadOnlySpan<byte> Minimal(byte[] value) => value.AsSpan().TrimStart((byte)0);
}
