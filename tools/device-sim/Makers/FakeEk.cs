using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Simulator.Tpm;

namespace DeviceAcme.Simulator.Makers;

/// <summary>Endorsement keys by their names on the command line.</summary>
internal enum EkKind
{
    EcP256,
    EcP384,
    Rsa2048,
}

/// <summary>An endorsement key in managed code, with TPM2_ActivateCredential (TPM 2.0 part 1 §24, part 3 §12.5).</summary>
internal sealed class FakeEk
{
    private static readonly byte[] Identity = "IDENTITY\0"u8.ToArray();

    private readonly AsymmetricAlgorithm _key;
    private readonly bool _large;

    /// <param name="key">RSA, or ECDiffieHellman on P-256 or P-384.</param>
    public FakeEk(AsymmetricAlgorithm key)
    {
        _key = key;
        _large = key is ECDiffieHellman { KeySize: 384 };
        PublicKey = key.ExportSubjectPublicKeyInfo();
    }

    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey { get; }

    /// <summary>TPMT_PUBLIC by the TCG's template for a key of this kind.</summary>
    public TpmtPublic PublicArea => Area(ObjectAttributes.EndorsementKey) with { NameAlg = NameAlg, AesBits = AesBits };

    private int NameAlg => _large ? TpmIds.AlgSha384 : TpmIds.AlgSha256;

    private int AesBits => _large ? 256 : 128;

    private HashAlgorithmName Hash => TpmtPublic.HashName(NameAlg);

    private int DigestSize => _large ? 48 : 32;

    /// <summary>The secret, or null where this TPM or this attestation key is not the one that it was hidden for.</summary>
    /// <param name="credential">TPM2B_ID_OBJECT.</param>
    /// <param name="encryptedSecret">TPM2B_ENCRYPTED_SECRET.</param>
    /// <param name="name">The attestation key's name.</param>
    public byte[]? ActivateCredential(byte[] credential, byte[] encryptedSecret, byte[] name)
    {
        var seed = Seed(new TpmReader(encryptedSecret).Sized());
        if (seed is null)
        {
            return null;
        }

        var blob = new TpmReader(new TpmReader(credential).Sized());
        var integrity = blob.Sized();
        var encrypted = blob.Rest();
        var macKey = Kdfa(seed, "INTEGRITY", [], DigestSize * 8);
        if (!CryptographicOperations.FixedTimeEquals(Mac(macKey, [.. encrypted, .. name]), integrity))
        {
            return null;
        }

        return new TpmReader(Decrypt(Kdfa(seed, "STORAGE", name, AesBits), encrypted)).Sized();
    }

    private TpmtPublic Area(ObjectAttributes attributes)
    {
        if (_key is RSA rsa)
        {
            return TpmtPublic.Of(rsa, attributes);
        }

        var point = ((ECDiffieHellman)_key).ExportParameters(false).Q;
        return new TpmtPublic { Attributes = attributes, Point = (_large ? TpmIds.CurveP384 : TpmIds.CurveP256, point.X!, point.Y!) };
    }

    private byte[]? Seed(byte[] secret) => _key is RSA rsa ? RsaSeed(rsa, secret) : EcSeed((ECDiffieHellman)_key, secret);

    // the platform's OAEP knows no label: m = c^d, then RFC 8017 §7.1.2 by hand
    private byte[]? RsaSeed(RSA rsa, byte[] secret)
    {
        var parameters = rsa.ExportParameters(true);
        var number = BigInteger.ModPow(Number(secret), Number(parameters.D!), Number(parameters.Modulus!));
        var octets = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        byte[] message = [.. new byte[parameters.Modulus!.Length - octets.Length], .. octets];
        var seed = Xor(message[1..(1 + DigestSize)], Mgf1(message[(1 + DigestSize)..], DigestSize));
        var block = Xor(message[(1 + DigestSize)..], Mgf1(seed, message.Length - 1 - DigestSize));
        var one = Array.IndexOf(block, (byte)1, DigestSize);
        var labelled = block.AsSpan(0, DigestSize).SequenceEqual(CryptographicOperations.HashData(Hash, Identity));
        return message[0] == 0 && labelled && one > 0 && !block.AsSpan(DigestSize..one).ContainsAnyExcept((byte)0) ? block[(one + 1)..] : null;
    }

    private byte[] EcSeed(ECDiffieHellman key, byte[] secret)
    {
        var reader = new TpmReader(secret);
        var mine = key.ExportParameters(false);
        var (x, y) = (reader.Sized(), reader.Sized());
        using var ephemeral = ECDiffieHellman.Create(new ECParameters { Curve = mine.Curve, Q = new ECPoint { X = x, Y = y } });
        var z = key.DeriveRawSecretAgreement(ephemeral.PublicKey);
        // KDFe; one block is enough, because the seed is one digest long
        return CryptographicOperations.HashData(Hash, new TpmWriter().U32(1).Raw(z).Raw(Identity).Raw(x).Raw(mine.Q.X).ToArray());
    }

    // KDFa; one block is enough, because nothing derived is longer than a digest
    private byte[] Kdfa(byte[] key, string label, byte[] context, int bits) =>
        Mac(key, new TpmWriter().U32(1).Raw(Encoding.ASCII.GetBytes(label)).U8(0).Raw(context).U32((uint)bits).ToArray())[..(bits / 8)];

    private byte[] Mac(byte[] key, byte[] data) => _large ? HMACSHA384.HashData(key, data) : HMACSHA256.HashData(key, data);

    private byte[] Mgf1(byte[] seed, int count) =>
        [.. Enumerable.Range(0, (count / DigestSize) + 1)
            .SelectMany(block => CryptographicOperations.HashData(Hash, new TpmWriter().Raw(seed).U32((uint)block).ToArray())).Take(count)];

    // CFB with whole blocks of feedback: each block of text is masked with the encrypted block before it
    private static byte[] Decrypt(byte[] key, byte[] encrypted)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        var text = new List<byte>(encrypted.Length);
        var previous = new byte[16];
        foreach (var block in encrypted.Chunk(16))
        {
            text.AddRange(Xor(block, aes.EncryptEcb(previous, PaddingMode.None)));
            previous = block;
        }

        return [.. text];
    }

    private static byte[] Xor(byte[] one, byte[] other) => [.. one.Zip(other, (a, b) => (byte)(a ^ b))];

    private static BigInteger Number(byte[] octets) => new(octets, isUnsigned: true, isBigEndian: true);
}
