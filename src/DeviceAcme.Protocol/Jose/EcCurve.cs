using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace DeviceAcme.Protocol.Jose;

/// <summary>A curve of RFC 7518 §6.2.1.1 (SP 800-186 §3.2.1): y² = x³ − 3x + b over the field of p.</summary>
internal sealed class EcCurve
{
    private static readonly EcCurve[] All =
    [
        new("P-256", "1.2.840.10045.3.1.7", 32,
            "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
            "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
        new("P-384", "1.3.132.0.34", 48,
            "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
            "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef"),
        new("P-521", "1.3.132.0.35", 66,
            "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00"),
    ];

    private readonly string _oid;
    private readonly BigInteger _p;
    private readonly BigInteger _b;

    private EcCurve(string name, string oid, int fieldBytes, string p, string b)
    {
        Name = name;
        _oid = oid;
        FieldBytes = fieldBytes;
        _p = Hex(p);
        _b = Hex(b);
    }

    public string Name { get; }

    public int FieldBytes { get; }

    public ECCurve Named => ECCurve.CreateFromValue(_oid);

    public static EcCurve? Find(string name) => Array.Find(All, c => c.Name == name);

    // the platform answers with an OID on one system and a friendly name on the other
    public static EcCurve? Find(ECCurve curve) =>
        curve.IsNamed
            ? Array.Find(All, c => c._oid == curve.Oid.Value) ??
              Array.Find(All, c => curve.Oid.Value is null && c.Named.Oid.FriendlyName == curve.Oid.FriendlyName)
            : null;

    public bool HasPoint(ReadOnlySpan<byte> xBytes, ReadOnlySpan<byte> yBytes)
    {
        var x = new BigInteger(xBytes, isUnsigned: true, isBigEndian: true);
        var y = new BigInteger(yBytes, isUnsigned: true, isBigEndian: true);
        return x < _p && y < _p && (y * y - ((x * x - 3) * x + _b)) % _p == 0;
    }

    private static BigInteger Hex(string digits) => BigInteger.Parse("0" + digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
