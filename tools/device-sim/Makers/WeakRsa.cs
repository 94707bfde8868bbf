using System.Numerics;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>RSA moduli of 2048 bits that somebody can factor. Their factors are no primes; nobody sees that who does not have them.</summary>
internal static class WeakRsa
{
    private const int Bits = 2048;

    private static readonly Lazy<byte[]> Sample = new(() => Roca(new Seed("a weak generator")));

    /// <summary>One modulus of <see cref="Roca"/>, the same for whoever needs any.</summary>
    public static byte[] RocaSample => Sample.Value;

    /// <summary>As Infineon's generator made them (CVE-2017-15361): each factor is k·M + 65537^a mod M.</summary>
    public static byte[] Roca(Seed seed)
    {
        var product = Enumerable.Range(2, 166).Where(number => Enumerable.Range(2, number - 2).All(divisor => number % divisor != 0))
            .Aggregate(BigInteger.One, (all, prime) => all * prime);
        return Octets(Factor("roca p") * Factor("roca q"));

        BigInteger Factor(string label)
        {
            var octets = seed.Bytes(label, Bits / 16);
            octets[0] |= 0xC0;
            var start = new BigInteger(octets, isUnsigned: true, isBigEndian: true);
            var exponent = 1;
            while (true)
            {
                var factor = start - (start % product) + BigInteger.ModPow(65537, exponent++, product);
                if (!HasSmallFactor(factor))
                {
                    return factor;
                }
            }
        }
    }

    /// <summary>(a - 1)(a + 1): Fermat's method needs one step (CVE-2022-26320).</summary>
    public static byte[] CloseFactors()
    {
        var a = (BigInteger.One << ((Bits / 2) - 1)) + (BigInteger.One << ((Bits / 2) - 2));
        while (HasSmallFactor(a - 1) || HasSmallFactor(a + 1))
        {
            a += 2;
        }

        return Octets((a * a) - 1);
    }

    /// <summary>2^2048 - 1, which three divides.</summary>
    public static byte[] SmallFactor() => Octets(BigInteger.Pow(2, Bits) - 1);

    private static bool HasSmallFactor(BigInteger number) => Enumerable.Range(2, 1000).Any(factor => number % factor == 0);

    private static byte[] Octets(BigInteger number) => number.ToByteArray(isUnsigned: true, isBigEndian: true);
}
