using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Vendors;

/// <summary>A NIST curve with the hash that its certificates use here.</summary>
internal sealed record EcDomain(string Name, ECCurve Curve, int Size, BigInteger Order, HashAlgorithmName Hash, string SignatureOid)
{
    public static EcDomain P256 { get; } = new(
        "ec-p256", ECCurve.NamedCurves.nistP256, 32,
        Hex("00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
        HashAlgorithmName.SHA256, "1.2.840.10045.4.3.2");

    public static EcDomain P384 { get; } = new(
        "ec-p384", ECCurve.NamedCurves.nistP384, 48,
        Hex("00ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"),
        HashAlgorithmName.SHA384, "1.2.840.10045.4.3.3");

    private static BigInteger Hex(string text) => BigInteger.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

/// <summary>A private key whose signatures are a function of key and message (RFC 6979), so that a seed gives the same certificates each time.</summary>
internal sealed class EcKey
{
    private readonly BigInteger _d;
    private readonly bool _inHaste;

    public EcKey(EcDomain domain, BigInteger d)
    {
        Domain = domain;
        _d = d;
        Algorithm = Import(domain, d);
        PublicKey = Algorithm.ExportSubjectPublicKeyInfo();
    }

    private EcKey(EcKey same)
    {
        Domain = same.Domain;
        _d = same._d;
        _inHaste = true;
        Algorithm = same.Algorithm;
        PublicKey = same.PublicKey;
    }

    public EcDomain Domain { get; }

    /// <summary>The same key as the platform knows it; its own signatures are random.</summary>
    public ECDsa Algorithm { get; }

    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey { get; }

    /// <summary>The same key, whose signatures are the platform's.</summary>
    public EcKey InHaste => new(this);

    /// <summary>Deterministic ECDSA with the curve's hash, DER (RFC 6979 §3.2; hash and order have the same length on both curves).</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        if (_inHaste)
        {
            return Algorithm.SignData(message, Domain.Hash, DSASignatureFormat.Rfc3279DerSequence);
        }

        var hash = CryptographicOperations.HashData(Domain.Hash, message);
        var z = Number(hash);
        var x = Octets(_d);
        var h1 = Octets(z % Domain.Order);
        var v = new byte[hash.Length];
        var k = new byte[hash.Length];
        v.AsSpan().Fill(1);
        k = Mac(k, [.. v, 0, .. x, .. h1]);
        v = Mac(k, v);
        k = Mac(k, [.. v, 1, .. x, .. h1]);
        v = Mac(k, v);
        while (true)
        {
            v = Mac(k, v);
            var nonce = Number(v);
            if (!nonce.IsZero && nonce < Domain.Order && TrySign(z, nonce, out var signature))
            {
                return signature;
            }

            k = Mac(k, [.. v, 0]);
            v = Mac(k, v);
        }
    }

    private bool TrySign(BigInteger z, BigInteger nonce, out byte[] signature)
    {
        // The platform multiplies the generator for us: the public half of the nonce is the point that ECDSA needs.
        using var point = Import(Domain, nonce);
        var r = Number(point.ExportParameters(includePrivateParameters: false).Q.X!) % Domain.Order;
        var s = RsaKey.Inverse(nonce, Domain.Order) * (z + (r * _d)) % Domain.Order;
        signature = Der.Sequence(writer =>
        {
            writer.WriteInteger(r);
            writer.WriteInteger(s);
        });
        return !r.IsZero && !s.IsZero;
    }

    private byte[] Mac(byte[] key, byte[] data) =>
        Domain.Hash == HashAlgorithmName.SHA256 ? HMACSHA256.HashData(key, data) : HMACSHA384.HashData(key, data);

    private byte[] Octets(BigInteger value) => Octets(value, Domain.Size);

    private static byte[] Octets(BigInteger value, int size)
    {
        var bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[size - bytes.Length], .. bytes];
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static ECDsa Import(EcDomain domain, BigInteger d) =>
        ECDsa.Create(new ECParameters { Curve = domain.Curve, D = Octets(d, domain.Size) });
}
