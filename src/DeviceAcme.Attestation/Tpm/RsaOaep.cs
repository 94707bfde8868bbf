using System.Numerics;
using System.Security.Cryptography;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>RSAES-OAEP encryption with a label (RFC 8017 §7.1.1), which the platform's RSA does not take.</summary>
internal static class RsaOaep
{
    /// <param name="modulus">Big-endian, without leading zeros.</param>
    /// <param name="exponent">Big-endian.</param>
    /// <param name="hash">Of the label and of MGF1.</param>
    /// <param name="label">As it is hashed, a final NUL among it where the protocol has one.</param>
    /// <param name="message">At most the modulus' octets less two digests and two.</param>
    /// <param name="seed">Random, one digest long.</param>
    public static byte[] Encrypt(
        ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent, HashAlgorithmName hash, ReadOnlySpan<byte> label, ReadOnlySpan<byte> message, ReadOnlySpan<byte> seed)
    {
        var labelHash = CryptographicOperations.HashData(hash, label);
        if (seed.Length != labelHash.Length || message.Length > modulus.Length - (2 * labelHash.Length) - 2)
        {
            throw new ArgumentException($"a seed of {seed.Length} and a message of {message.Length} octets do not fit {modulus.Length} octets and {hash.Name}");
        }

        // EM = 0x00 ‖ maskedSeed ‖ maskedDB; DB = lHash ‖ zeros ‖ 0x01 ‖ M
        var encoded = new byte[modulus.Length];
        var maskedSeed = encoded.AsSpan(1, seed.Length);
        var block = encoded.AsSpan(1 + seed.Length);
        labelHash.CopyTo(block);
        block[^(message.Length + 1)] = 1;
        message.CopyTo(block[^message.Length..]);
        Mask(block, hash, seed);
        seed.CopyTo(maskedSeed);
        Mask(maskedSeed, hash, block);

        var number = BigInteger.ModPow(Number(encoded), Number(exponent), Number(modulus));
        var encrypted = new byte[modulus.Length];
        var octets = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        octets.CopyTo(encrypted.AsSpan(encrypted.Length - octets.Length));
        return encrypted;
    }

    // MGF1 (RFC 8017 §B.2.1)
    private static void Mask(Span<byte> masked, HashAlgorithmName hash, ReadOnlySpan<byte> seed)
    {
        for (int counter = 0, done = 0; done < masked.Length; counter++)
        {
            byte[] input = [.. seed, (byte)(counter >> 24), (byte)(counter >> 16), (byte)(counter >> 8), (byte)counter];
            var pad = CryptographicOperations.HashData(hash, input);
            for (var i = 0; i < pad.Length && done < masked.Length; i++)
            {
                masked[done++] ^= pad[i];
            }
        }
    }

    private static BigInteger Number(ReadOnlySpan<byte> octets) => new(octets, isUnsigned: true, isBigEndian: true);
}
