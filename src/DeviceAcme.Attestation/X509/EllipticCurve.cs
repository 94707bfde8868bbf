using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace DeviceAcme.Attestation.X509;

/// <summary>The three NIST curves that devices use (FIPS 186-4 D.1.2).</summary>
internal sealed class EllipticCurve
{
    private readonly BigInteger _p;
    private readonly BigInteger _b;

    private EllipticCurve(string name, string oid, int bits, ECCurve named, string p, string b, string order)
    {
        Name = name;
        Oid = oid;
        Bits = bits;
        Named = named;
        _p = Hex(p);
        _b = Hex(b);
        Order = Hex(order);
    }

    public static EllipticCurve P256 { get; } = new(
        "P-256", "1.2.840.10045.3.1.7", 256, ECCurve.NamedCurves.nistP256,
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

    public static EllipticCurve P384 { get; } = new(
        "P-384", "1.3.132.0.34", 384, ECCurve.NamedCurves.nistP384,
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
        "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
        "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973");

    public static EllipticCurve P521 { get; } = new(
        "P-521", "1.3.132.0.35", 521, ECCurve.NamedCurves.nistP521,
        "01" + new string('f', 130),
        "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
        "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409");

    public string Name { get; }
    public string Oid { get; }
    public int Bits { get; }
    public ECCurve Named { get; }

    /// <summary>The number of points, a prime.</summary>
    public BigInteger Order { get; }

    /// <summary>Octets of one coordinate.</summary>
    public int FieldSize => (Bits + 7) / 8;

    public static EllipticCurve? Find(string oid) =>
        oid == P256.Oid ? P256 : oid == P384.Oid ? P384 : oid == P521.Oid ? P521 : null;

    /// <summary>y² = x³ − 3x + b (mod p), both coordinates below p. The curves have cofactor 1, so this is all that a public point needs.</summary>
    public bool Contains(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        var bigX = new BigInteger(x, isUnsigned: true, isBigEndian: true);
        var bigY = new BigInteger(y, isUnsigned: true, isBigEndian: true);
        if (bigX >= _p || bigY >= _p)
        {
            return false;
        }

        var right = ((((bigX * bigX) - 3) * bigX) + _b) % _p;
        var left = bigY * bigY % _p;
        return left == (right.Sign < 0 ? right + _p : right);
    }

    private static BigInteger Hex(string digits) => BigInteger.Parse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
