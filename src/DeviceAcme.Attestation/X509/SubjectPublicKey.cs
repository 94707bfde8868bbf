using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;

namespace DeviceAcme.Attestation.X509;

/// <summary>A SubjectPublicKeyInfo, taken apart: RSA or one of three curves; anything else is <see cref="KeyKind.Other"/>.</summary>
internal sealed class SubjectPublicKey
{
    private SubjectPublicKey()
    {
    }

    public required KeyKind Kind { get; init; }

    /// <summary>The algorithm (and curve) by name or OID, for messages: <c>EC P-384</c>, <c>RSA 2048</c>.</summary>
    public required string Name { get; init; }

    public EllipticCurve? Curve { get; init; }

    /// <summary>Big-endian coordinates of the curve's field size.</summary>
    public ReadOnlyMemory<byte> X { get; init; }

    public ReadOnlyMemory<byte> Y { get; init; }

    /// <summary>Big-endian, without leading zeros.</summary>
    public ReadOnlyMemory<byte> Modulus { get; init; }

    public ReadOnlyMemory<byte> Exponent { get; init; }

    public int RsaBits => Modulus.IsEmpty ? 0 : (Modulus.Length * 8) - byte.LeadingZeroCount(Modulus.Span[0]);

    /// <summary>Odd, above 1 and not longer than anybody needs.</summary>
    public bool HasSaneExponent =>
        Exponent.Length is > 0 and <= 8 && (Exponent.Span[^1] & 1) == 1 && !(Exponent.Length == 1 && Exponent.Span[0] == 1);

    /// <summary>Reads the key; false where the DER or the point is broken. Unknown algorithms are read as <see cref="KeyKind.Other"/>.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> publicKeyInfo, [NotNullWhen(true)] out SubjectPublicKey? key, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            key = Read(publicKeyInfo);
            problem = null;
            return true;
        }
        catch (AsnContentException broken)
        {
            key = null;
            problem = broken.Message;
            return false;
        }
    }

    /// <summary>The DER SubjectPublicKeyInfo of a point (RFC 5480 §2).</summary>
    public static byte[] EncodeEc(EllipticCurve curve, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oids.EcPublicKey);
                writer.WriteObjectIdentifier(curve.Oid);
            }

            writer.WriteBitString([0x04, .. x, .. y]);
        }

        return writer.Encode();
    }

    /// <summary>The DER SubjectPublicKeyInfo of an RSA key (RFC 3279 §2.3.1).</summary>
    public static byte[] EncodeRsa(ReadOnlySpan<byte> modulus, ReadOnlySpan<byte> exponent)
    {
        var key = new AsnWriter(AsnEncodingRules.DER);
        using (key.PushSequence())
        {
            key.WriteIntegerUnsigned(modulus);
            key.WriteIntegerUnsigned(exponent);
        }

        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Oids.RsaEncryption);
                writer.WriteNull();
            }

            writer.WriteBitString(key.Encode());
        }

        return writer.Encode();
    }

    private static SubjectPublicKey Read(ReadOnlyMemory<byte> publicKeyInfo)
    {
        var file = new AsnReader(publicKeyInfo, AsnEncodingRules.DER);
        var outer = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var algorithm = outer.ReadSequence();
        var oid = algorithm.ReadObjectIdentifier();
        var bits = outer.ReadBitString(out var unused);
        outer.ThrowIfNotEmpty();
        if (unused != 0)
        {
            throw new AsnContentException("the key is not a whole number of octets");
        }

        return oid switch
        {
            Oids.EcPublicKey => ReadEc(algorithm, bits),
            // some old endorsement certificates name RSAES-OAEP; the key inside is the same
            Oids.RsaEncryption or Oids.RsaesOaep or Oids.RsassaPss => ReadRsa(bits, signs: oid != Oids.RsaesOaep),
            "1.3.101.112" => new SubjectPublicKey { Kind = KeyKind.Other, Name = "Ed25519" },
            _ => new SubjectPublicKey { Kind = KeyKind.Other, Name = oid },
        };
    }

    private static SubjectPublicKey ReadEc(AsnReader algorithm, byte[] point)
    {
        if (!algorithm.HasData || !algorithm.PeekTag().HasSameClassAndValue(Asn1Tag.ObjectIdentifier))
        {
            return new SubjectPublicKey { Kind = KeyKind.Other, Name = "EC without a named curve" };
        }

        var oid = algorithm.ReadObjectIdentifier();
        if (EllipticCurve.Find(oid) is not { } curve)
        {
            return new SubjectPublicKey { Kind = KeyKind.Other, Name = $"EC curve {oid}" };
        }

        if (point.Length != 1 + (2 * curve.FieldSize) || point[0] != 0x04)
        {
            throw new AsnContentException($"not an uncompressed point of {curve.Name}");
        }

        ReadOnlyMemory<byte> x = point.AsMemory(1, curve.FieldSize);
        ReadOnlyMemory<byte> y = point.AsMemory(1 + curve.FieldSize);
        if (!curve.Contains(x.Span, y.Span))
        {
            throw new AsnContentException($"the point is not on {curve.Name}");
        }

        return new SubjectPublicKey { Kind = KeyKind.Ec, Name = $"EC {curve.Name}", Curve = curve, X = x, Y = y };
    }

    private static SubjectPublicKey ReadRsa(byte[] bits, bool signs)
    {
        var file = new AsnReader(bits, AsnEncodingRules.DER);
        var sequence = file.ReadSequence();
        file.ThrowIfNotEmpty();
        var modulus = ReadPositive(sequence);
        var exponent = ReadPositive(sequence);
        sequence.ThrowIfNotEmpty();
        var key = new SubjectPublicKey { Kind = signs ? KeyKind.Rsa : KeyKind.Other, Name = "", Modulus = modulus, Exponent = exponent };
        return new SubjectPublicKey
        {
            Kind = key.Kind,
            Name = signs ? $"RSA {key.RsaBits}" : $"RSAES-OAEP {key.RsaBits}",
            Modulus = modulus,
            Exponent = exponent,
        };
    }

    private static ReadOnlyMemory<byte> ReadPositive(AsnReader reader)
    {
        var value = reader.ReadIntegerBytes();
        if ((value.Span[0] & 0x80) != 0)
        {
            throw new AsnContentException("an RSA key has a negative number");
        }

        value = value.Span[0] == 0 ? value[1..] : value;
        return value.IsEmpty ? throw new AsnContentException("an RSA key has a zero") : value;
    }
}

internal enum KeyKind
{
    Other,
    Rsa,
    Ec,
}
