using System.Numerics;

namespace DeviceAcme.Attestation.X509;

/// <summary>
/// The fingerprint of keys of Infineon's library of CVE-2017-15361, whose factors can be computed: its primes are k·M + 65537^a mod M, so the
/// modulus is a power of 65537 modulo every small prime of M. A sound key passes for one with a chance of 2^-27 or less.
/// </summary>
internal static class RocaKeys
{
    private const int Generator = 65537;

    // the primes of the smallest M, which all sizes have in common; 2 tells nothing
    private static readonly (int Prime, int Order)[] Subgroups =
        [.. Enumerable.Range(3, 165).Where(number => !Enumerable.Range(2, number - 2).Any(divisor => number % divisor == 0)).Select(prime => (prime, OrderOf(prime)))];

    /// <summary>True if the modulus has the fingerprint.</summary>
    public static bool Contains(ReadOnlySpan<byte> modulus)
    {
        var n = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);

        // a cyclic group has one subgroup of each order: an element is in it if that power of it is 1
        return Array.TrueForAll(Subgroups, subgroup => BigInteger.ModPow(n % subgroup.Prime, subgroup.Order, subgroup.Prime).IsOne);
    }

    private static int OrderOf(int prime)
    {
        var order = 1;
        for (var power = Generator % prime; power != 1; power = power * (Generator % prime) % prime)
        {
            order++;
        }

        return order;
    }
}
