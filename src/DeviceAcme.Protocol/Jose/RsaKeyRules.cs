using System.Numerics;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Jose;

/// <summary>Which RSA keys are taken: size, exponent, and none of the cheap signs of a broken generator (RFC 8555 §6.2, T6).</summary>
internal static class RsaKeyRules
{
    public const int MinBits = 2048;
    public const int MaxBits = 8192;

    // Fermat's method finds factors that are closer than this many rounds reach (CVE-2022-26320)
    private const int FermatRounds = 100;

    // ROCA (CVE-2017-15361): the weak library's primes are k·M + 65537^a mod M, so n lies in the subgroup of 65537 for every prime of M.
    private static readonly int[] RocaPrimes =
    [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
        149, 151, 157, 163, 167,
    ];

    private static readonly bool[][] RocaSubgroups = [.. RocaPrimes.Select(Powers)];

    private static readonly bool[][] SquareFilters = [Squares(64), Squares(63), Squares(65), Squares(11)];

    private static readonly BigInteger SmallPrimes = Enumerable.Range(2, 750).Where(IsPrime).Aggregate(BigInteger.One, (product, p) => product * p);

    public static void Check(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent, string path)
    {
        // RFC 7518 §2, Base64urlUInt: the fewest octets, else one key would have several thumbprints
        if (modulus.IsEmpty || modulus[0] == 0 || exponent.IsEmpty || exponent[0] == 0)
        {
            throw Problems.BadPublicKey("key-not-canonical", $"{path}: expected modulus and exponent without leading zero octets (RFC 7518 §2), found one");
        }

        var n = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);
        var bits = n.GetBitLength();
        if (bits is < MinBits or > MaxBits)
        {
            throw Problems.BadPublicKey("key-size", $"{path}: expected RSA of {MinBits} to {MaxBits} bits, found {bits}");
        }

        var e = new BigInteger(exponent, isUnsigned: true, isBigEndian: true);
        if (e.IsEven || e < 65537 || e > uint.MaxValue)
        {
            throw Problems.BadPublicKey("key-exponent", $"{path}: expected an odd RSA exponent from 65537 to 4294967295, found another one");
        }

        if (!BigInteger.GreatestCommonDivisor(n, SmallPrimes).IsOne)
        {
            throw Problems.BadPublicKey("key-small-factor", $"{path}: expected a product of two large primes, found a small factor");
        }

        if (IsRoca(n))
        {
            throw Problems.BadPublicKey("key-roca", $"{path}: expected a sound RSA key, found one of the generator of CVE-2017-15361");
        }

        if (HasCloseFactors(n))
        {
            throw Problems.BadPublicKey("key-close-primes", $"{path}: expected two independent primes, found two that are close to each other (CVE-2022-26320)");
        }
    }

    private static bool IsRoca(BigInteger n)
    {
        for (var i = 0; i < RocaPrimes.Length; i++)
        {
            if (!RocaSubgroups[i][(int)(n % RocaPrimes[i])])
            {
                return false;
            }
        }

        return true;
    }

    private static bool HasCloseFactors(BigInteger n)
    {
        var a = SquareRoot(n);
        if (a * a < n)
        {
            a += 1;
        }

        var rest = a * a - n;
        for (var round = 0; round < FermatRounds; round++)
        {
            if (IsSquare(rest))
            {
                return true;
            }

            rest += 2 * a + 1;
            a += 1;
        }

        return false;
    }

    private static bool IsSquare(BigInteger value)
    {
        // a root costs 20 µs, and few remainders are those of squares: 12 of 64, 16 of 63, 21 of 65, 6 of 11
        var remainder = (int)(value % (64 * 63 * 65 * 11));
        if (!Array.TrueForAll(SquareFilters, filter => filter[remainder % filter.Length]))
        {
            return false;
        }

        var root = SquareRoot(value);
        return root * root == value;
    }

    // Newton, from above
    private static BigInteger SquareRoot(BigInteger value)
    {
        if (value.IsZero)
        {
            return value;
        }

        var root = BigInteger.One << (int)((value.GetBitLength() + 1) / 2);
        while (true)
        {
            var next = (root + value / root) >> 1;
            if (next >= root)
            {
                return root;
            }

            root = next;
        }
    }

    private static bool[] Powers(int prime)
    {
        var seen = new bool[prime];
        for (var power = 1; !seen[power]; power = power * (65537 % prime) % prime)
        {
            seen[power] = true;
        }

        return seen;
    }

    private static bool[] Squares(int modulus)
    {
        var seen = new bool[modulus];
        for (var root = 0; root < modulus; root++)
        {
            seen[root * root % modulus] = true;
        }

        return seen;
    }

    private static bool IsPrime(int number)
    {
        for (var divisor = 2; divisor * divisor <= number; divisor++)
        {
            if (number % divisor == 0)
            {
                return false;
            }
        }

        return true;
    }
}
