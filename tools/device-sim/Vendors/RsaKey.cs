using System.Numerics;
using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Vendors;

/// <summary>
/// RSA keys that grow from the seed, as factories' keys stay the same for a device's life. Probable primes by Miller and Rabin; good enough for
/// devices that nobody must trust.
/// </summary>
internal static class RsaKey
{
    private const int Exponent = 65537;
    // for a random candidate of 1024 bits fewer would do (FIPS 186-5 B.3)
    private const int Rounds = 5;
    private static readonly int[] SmallPrimes = [.. Enumerable.Range(3, 4000).Where(n => n % 2 == 1 && Enumerable.Range(3, 62).Where(d => d % 2 == 1).TakeWhile(d => d * d <= n).All(d => n % d != 0))];

    public static RSA Make(Seed seed, string label, int bits)
    {
        var p = Prime(seed, label + ":p", bits / 2);
        var q = Prime(seed, label + ":q", bits / 2);
        if (p < q)
        {
            (p, q) = (q, p);
        }

        var d = Inverse(Exponent, (p - 1) * (q - 1));
        var half = bits / 16;
        var rsa = RSA.Create();
        rsa.ImportParameters(new RSAParameters
        {
            Modulus = Octets(p * q, bits / 8),
            Exponent = Octets(Exponent, 3),
            D = Octets(d, bits / 8),
            P = Octets(p, half),
            Q = Octets(q, half),
            DP = Octets(d % (p - 1), half),
            DQ = Octets(d % (q - 1), half),
            InverseQ = Octets(Inverse(q, p), half),
        });
        return rsa;
    }

    private static BigInteger Prime(Seed seed, string label, int bits)
    {
        // the two highest bits are set, so that the product has all its bits
        var start = new BigInteger(seed.Bytes("prime:" + label, bits / 8), isUnsigned: true, isBigEndian: true)
            | (BigInteger.One << (bits - 1)) | (BigInteger.One << (bits - 2)) | 1;
        var remainders = SmallPrimes.Select(small => (int)(start % small)).ToArray();
        for (var step = 0; ; step += 2)
        {
            var candidate = start + step;
            if (!SmallPrimes.Where((small, i) => (remainders[i] + step) % small == 0).Any() && candidate % Exponent != 1 && IsProbablePrime(seed, candidate))
            {
                return candidate;
            }
        }
    }

    private static bool IsProbablePrime(Seed seed, BigInteger n)
    {
        var shift = (int)BigInteger.TrailingZeroCount(n - 1);
        var odd = (n - 1) >> shift;
        for (var round = 0; round < Rounds; round++)
        {
            var witness = (new BigInteger(seed.Bytes($"witness:{round}", 32), isUnsigned: true) % (n - 3)) + 2;
            if (!Passes(n, BigInteger.ModPow(witness, odd, n), shift))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Passes(BigInteger n, BigInteger x, int shift)
    {
        for (var i = 0; i < shift; i++)
        {
            if ((i == 0 && x.IsOne) || x == n - 1)
            {
                return true;
            }

            x = BigInteger.ModPow(x, 2, n);
        }

        return false;
    }

    /// <summary>Euclid's way: ten times as fast as a power.</summary>
    public static BigInteger Inverse(BigInteger value, BigInteger modulus)
    {
        var (r, next, t, nextT) = (modulus, value % modulus, BigInteger.Zero, BigInteger.One);
        while (!next.IsZero)
        {
            var quotient = r / next;
            (r, next) = (next, r - (quotient * next));
            (t, nextT) = (nextT, t - (quotient * nextT));
        }

        return t.Sign < 0 ? t + modulus : t;
    }

    private static byte[] Octets(BigInteger value, int size)
    {
        var bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[size - bytes.Length], .. bytes];
    }
}
