using System.Numerics;
using System.Security.Cryptography;

namespace DeviceAcme.Tests.Attestation;

/// <summary>RSASSA-PSS with a salt of any length (RFC 8017 §9.1.1), as a TPM signs; the platform signs only with a salt as long as the hash.</summary>
internal static class PssSigner
{
    public static byte[] Sign(RSA rsa, HashAlgorithmName hash, byte[] message, int saltLength)
    {
        var parameters = rsa.ExportParameters(true);
        var size = parameters.Modulus!.Length;
        var salt = RandomNumberGenerator.GetBytes(saltLength);
        var h = CryptographicOperations.HashData(hash, [.. new byte[8], .. CryptographicOperations.HashData(hash, message), .. salt]);
        var db = new byte[size - h.Length - 1];
        db[^(saltLength + 1)] = 1;
        salt.CopyTo(db, db.Length - saltLength);
        var mask = Mgf1(hash, h, db.Length);
        for (var i = 0; i < db.Length; i++)
        {
            db[i] ^= mask[i];
        }

        db[0] &= 0x7F;
        var encoded = new BigInteger([.. db, .. h, 0xBC], isUnsigned: true, isBigEndian: true);
        var signature = BigInteger.ModPow(
            encoded,
            new BigInteger(parameters.D, isUnsigned: true, isBigEndian: true),
            new BigInteger(parameters.Modulus, isUnsigned: true, isBigEndian: true)).ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[size - signature.Length], .. signature];
    }

    private static byte[] Mgf1(HashAlgorithmName hash, byte[] seed, int length)
    {
        var mask = new List<byte>();
        for (byte counter = 0; mask.Count < length; counter++)
        {
            mask.AddRange(CryptographicOperations.HashData(hash, [.. seed, 0, 0, 0, counter]));
        }

        return [.. mask.Take(length)];
    }
}
