using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>The symmetric half of TPM2_MakeCredential (TPM 2.0 part 1 §24.3 to §24.5).</summary>
internal static class Credential
{
    private const int Block = 16;

    /// <summary>TPM2B_ID_OBJECT: size, HMAC over what follows and the name, the encrypted credential.</summary>
    public static byte[] Protect(HashAlgorithmName hash, int aesBits, ReadOnlySpan<byte> seed, ReadOnlySpan<byte> name, ReadOnlySpan<byte> secret)
    {
        using var aes = Aes.Create();
        aes.Key = TpmKdf.Kdfa(hash, seed, "STORAGE", name, [], aesBits);

        // the length is encrypted too
        var identity = new byte[2 + secret.Length];
        BinaryPrimitives.WriteUInt16BigEndian(identity, (ushort)secret.Length);
        secret.CopyTo(identity.AsSpan(2));
        var encrypted = EncryptCfb(aes, identity);

        var digestBits = TpmAlg.DigestSize(hash) * 8;
        using var hmac = IncrementalHash.CreateHMAC(hash, TpmKdf.Kdfa(hash, seed, "INTEGRITY", [], [], digestBits));
        hmac.AppendData(encrypted);
        hmac.AppendData(name);
        var integrity = hmac.GetHashAndReset();

        var blob = new byte[2 + 2 + integrity.Length + encrypted.Length];
        BinaryPrimitives.WriteUInt16BigEndian(blob, (ushort)(blob.Length - 2));
        BinaryPrimitives.WriteUInt16BigEndian(blob.AsSpan(2), (ushort)integrity.Length);
        integrity.CopyTo(blob, 4);
        encrypted.CopyTo(blob, 4 + integrity.Length);
        return blob;
    }

    // full-block feedback, IV 0; the platform wants whole blocks, so the text is filled up and the result cut
    private static byte[] EncryptCfb(Aes aes, byte[] text)
    {
        var filled = new byte[(text.Length + Block - 1) / Block * Block];
        text.CopyTo(filled, 0);
        return aes.EncryptCfb(filled, new byte[Block], PaddingMode.None, Block * 8)[..text.Length];
    }
}
