using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>An endorsement key: only the TPM that has its private part can read what is hidden under it (TPM 2.0 part 1 §24).</summary>
public sealed class EndorsementKey
{
    private static readonly byte[] IdentityLabel = "IDENTITY\0"u8.ToArray();

    private readonly SubjectPublicKey _key;
    private readonly HashAlgorithmName _hash;
    private readonly int _aesBits;

    internal EndorsementKey(SubjectPublicKey key, ushort nameAlg, int aesBits)
    {
        _key = key;
        _hash = TpmAlg.Hash(nameAlg) ?? throw new ArgumentException("no hash of this id", nameof(nameAlg));
        _aesBits = aesBits;
        PublicKey = Canonical(key);
        NameAlgorithm = _hash.Name!;
    }

    /// <summary>DER SubjectPublicKeyInfo: rsaEncryption whatever OID the certificate names, or id-ecPublicKey with an uncompressed point.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>The hash of its template, for example <c>SHA256</c>.</summary>
    public string NameAlgorithm { get; }

    /// <summary>The key size of its template's AES, 128 or 256.</summary>
    public int AesBits => _aesBits;

    /// <summary>The longest secret that can be hidden: one digest.</summary>
    public int MaxSecret => DigestSize;

    private int DigestSize => TpmAlg.DigestSize(_hash);

    /// <summary>TPM2_MakeCredential (part 3 §12.6): hides a secret so that only this TPM can read it, and only while it holds the object of this name.</summary>
    /// <param name="objectName">The attestation key's name.</param>
    /// <param name="secret">At most <see cref="MaxSecret"/> octets.</param>
    /// <param name="random">Gives that many random octets; a cryptographic generator outside of tests.</param>
    public EncryptedCredential MakeCredential(ReadOnlyMemory<byte> objectName, ReadOnlyMemory<byte> secret, Func<int, byte[]> random)
    {
        if (secret.IsEmpty || secret.Length > MaxSecret)
        {
            throw new ArgumentException($"a secret of {secret.Length} octets, 1 to {MaxSecret} fit", nameof(secret));
        }

        var (seed, encryptedSeed) = _key.Curve is { } curve ? EcSeed(curve, random) : RsaSeed(random);
        return new EncryptedCredential(Credential.Protect(_hash, _aesBits, seed, objectName.Span, secret.Span), Sized(encryptedSeed));
    }

    /// <summary>RSA in the form that certificates and CSRs use, so that one key has one hash.</summary>
    internal static byte[] Canonical(SubjectPublicKey key) => key.Curve is { } curve
        ? SubjectPublicKey.EncodeEc(curve, key.X.Span, key.Y.Span)
        : SubjectPublicKey.EncodeRsa(key.Modulus.Span, key.Exponent.Span);

    // part 1 annex B.10.4: OAEP with the name algorithm and the label IDENTITY, its NUL included
    private (byte[] Seed, byte[] Encrypted) RsaSeed(Func<int, byte[]> random)
    {
        var seed = random(DigestSize);
        return (seed, RsaOaep.Encrypt(_key.Modulus.Span, _key.Exponent.Span, _hash, IdentityLabel, seed, random(DigestSize)));
    }

    // part 1 annex C.6.4: an ephemeral key on the same curve, whose point is what is sent
    private (byte[] Seed, byte[] Encrypted) EcSeed(EllipticCurve curve, Func<int, byte[]> random)
    {
        // FIPS 186-4 §B.4.1: 64 more bits than needed make the remainder even enough
        var wide = new BigInteger(random(curve.FieldSize + 8), isUnsigned: true, isBigEndian: true);
        var scalar = (wide % (curve.Order - 1)) + 1;
        var octets = scalar.ToByteArray(isUnsigned: true, isBigEndian: true);
        using var ephemeral = ECDiffieHellman.Create(new ECParameters
        {
            Curve = curve.Named,
            D = [.. new byte[curve.FieldSize - octets.Length], .. octets],
        });
        using var endorsement = ECDiffieHellman.Create(new ECParameters
        {
            Curve = curve.Named,
            Q = new ECPoint { X = _key.X.ToArray(), Y = _key.Y.ToArray() },
        });
        var point = ephemeral.ExportParameters(false).Q;
        var shared = ephemeral.DeriveRawSecretAgreement(endorsement.PublicKey);
        var seed = TpmKdf.Kdfe(_hash, shared, "IDENTITY", point.X, _key.X.Span, DigestSize * 8);
        return (seed, [.. Sized(point.X!), .. Sized(point.Y!)]);
    }

    private static byte[] Sized(ReadOnlySpan<byte> octets)
    {
        var sized = new byte[2 + octets.Length];
        BinaryPrimitives.WriteUInt16BigEndian(sized, (ushort)octets.Length);
        octets.CopyTo(sized.AsSpan(2));
        return sized;
    }
}

/// <summary>What TPM2_ActivateCredential is given.</summary>
/// <param name="CredentialBlob">TPM2B_ID_OBJECT.</param>
/// <param name="EncryptedSecret">TPM2B_ENCRYPTED_SECRET.</param>
public sealed record EncryptedCredential(ReadOnlyMemory<byte> CredentialBlob, ReadOnlyMemory<byte> EncryptedSecret);
