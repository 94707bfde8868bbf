using System.Formats.Asn1;
using System.Security.Cryptography;

namespace DeviceAcme.Core.Issuance;

/// <summary>An issuer's private key. The platform's key handles sign from several threads at once; nothing here changes after construction.</summary>
internal sealed class SigningKey : IDisposable
{
    private readonly ECDsa? _ec;
    private readonly RSA? _rsa;
    private readonly HashAlgorithmName _hash;

    public SigningKey(ECDsa key)
    {
        _ec = key;
        (_hash, var oid) = key.KeySize switch
        {
            256 => (HashAlgorithmName.SHA256, Oids.EcdsaWithSha256),
            384 => (HashAlgorithmName.SHA384, Oids.EcdsaWithSha384),
            _ => (HashAlgorithmName.SHA512, Oids.EcdsaWithSha512),
        };
        Algorithm = AlgorithmIdentifier(oid, withNull: false);
        PublicKey = key.ExportSubjectPublicKeyInfo();
        KeyIdentifier = IdentifierOf(PublicKey);
    }

    public SigningKey(RSA key)
    {
        _rsa = key;
        _hash = HashAlgorithmName.SHA256;
        Algorithm = AlgorithmIdentifier(Oids.Sha256WithRsa, withNull: true);
        PublicKey = key.ExportSubjectPublicKeyInfo();
        KeyIdentifier = IdentifierOf(PublicKey);
    }

    /// <summary>DER AlgorithmIdentifier of the signatures.</summary>
    public ReadOnlyMemory<byte> Algorithm { get; }

    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>SHA-1 of the key's bits (RFC 5280 §4.2.1.2 method 1): a name, not a protection.</summary>
    public ReadOnlyMemory<byte> KeyIdentifier { get; }

    public byte[] Sign(ReadOnlySpan<byte> data) =>
        _ec?.SignData(data, _hash, DSASignatureFormat.Rfc3279DerSequence) ?? _rsa!.SignData(data, _hash, RSASignaturePadding.Pkcs1);

    /// <summary>The key identifier of a SubjectPublicKeyInfo.</summary>
    public static byte[] IdentifierOf(ReadOnlyMemory<byte> publicKeyInfo)
    {
        var info = new AsnReader(publicKeyInfo, AsnEncodingRules.DER).ReadSequence();
        info.ReadSequence();
        return SHA1.HashData(info.ReadBitString(out _));
    }

    public void Dispose()
    {
        _ec?.Dispose();
        _rsa?.Dispose();
    }

    private static byte[] AlgorithmIdentifier(string oid, bool withNull)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(oid);
            if (withNull)
            {
                writer.WriteNull();
            }
        }

        return writer.Encode();
    }
}
