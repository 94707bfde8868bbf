using System.Numerics;
using System.Security.Cryptography;

namespace DeviceAcme.Attestation.X509;

/// <summary>
/// RSASSA-PSS with a salt of any length (RFC 8017 §9.1.2). The platform verifies only salts as long as the hash; a TPM may
/// use the longest salt that fits (TPM 2.0 part 1, annex B.7). Public values only, so BigInteger does no harm here.
/// </summary>
internal static class PssSignature
{
    public static bool Verify(SubjectPublicKey key, HashAlgorithmName hash, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        var modulus = new BigInteger(key.Modulus.Span, isUnsigned: true, isBigEndian: true);
        var exponent = new BigInteger(key.Exponent.Span, isUnsigned: true, isBigEndian: true);
        var number = new BigInteger(signature, isUnsigned: true, isBigEndian: true);
        if (signature.Length != key.Modulus.Length || number >= modulus || key.Exponent.Length > 4)
        {
            return false;
        }

        var messageBits = key.RsaBits - 1;
        var encoded = new byte[(messageBits + 7) / 8];
        var opened = BigInteger.ModPow(number, exponent, modulus).ToByteArray(isUnsigned: true, isBigEndian: true);
        if (opened.Length > encoded.Length)
        {
            return false;
        }

        opened.CopyTo(encoded, encoded.Length - opened.Length);
        return IsConsistent(encoded, messageBits, hash, CryptographicOperations.HashData(hash, data));
    }

    private static bool IsConsistent(byte[] encoded, int messageBits, HashAlgorithmName hash, byte[] messageHash)
    {
        var hashSize = messageHash.Length;
        if (encoded.Length < hashSize + 2 || encoded[^1] != 0xBC)
        {
            return false;
        }

        var maskedDb = encoded.AsSpan(0, encoded.Length - hashSize - 1);
        var h = encoded.AsSpan(maskedDb.Length, hashSize);
        var topMask = (byte)(0xFF >> ((8 * encoded.Length) - messageBits));
        if ((maskedDb[0] & ~topMask) != 0)
        {
            return false;
        }

        var db = Mgf1(hash, h, maskedDb.Length);
        for (var i = 0; i < db.Length; i++)
        {
            db[i] ^= maskedDb[i];
        }

        db[0] &= topMask;
        var one = db.AsSpan().IndexOfAnyExcept((byte)0);
        if (one < 0 || db[one] != 0x01)
        {
            return false;
        }

        var check = CryptographicOperations.HashData(hash, [0, 0, 0, 0, 0, 0, 0, 0, .. messageHash, .. db.AsSpan(one + 1)]);
        return CryptographicOperations.FixedTimeEquals(check, h);
    }

    private static byte[] Mgf1(HashAlgorithmName hash, ReadOnlySpan<byte> seed, int length)
    {
        var mask = new List<byte>(length + 64);
        for (uint counter = 0; mask.Count < length; counter++)
        {
            mask.AddRange(CryptographicOperations.HashData(
                hash, [.. seed, (byte)(counter >> 24), (byte)(counter >> 16), (byte)(counter >> 8), (byte)counter]));
        }

        return [.. mask.Take(length)];
    }
}
