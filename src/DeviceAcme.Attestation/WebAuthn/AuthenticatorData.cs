using System.Buffers.Binary;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.WebAuthn;

/// <summary>Authenticator data with an attested credential (WebAuthn §6.1, §6.5.1).</summary>
/// <param name="RpIdHash">SHA-256 of the relying party's name.</param>
/// <param name="Flags">Bits, 0x40: a credential follows, 0x80: extensions follow.</param>
/// <param name="Aaguid">The authenticator's model.</param>
/// <param name="CredentialKey">DER SubjectPublicKeyInfo; null for a kind of key that is not known here.</param>
/// <param name="Raw">All octets, which are signed.</param>
internal sealed record AuthenticatorData(
    ReadOnlyMemory<byte> RpIdHash, byte Flags, ReadOnlyMemory<byte> Aaguid, byte[]? CredentialKey, ReadOnlyMemory<byte> Raw)
{
    private const int HeadLength = 32 + 1 + 4;
    private const byte HasCredential = 0x40;
    private const byte HasExtensions = 0x80;

    // WebAuthn §5.8.3
    private const int MaxCredentialId = 1023;

    private const int KeyType = 1;
    private const int Ec2 = 2;
    private const int Rsa = 3;

    /// <summary>Reads all of it; throws <see cref="MalformedEvidenceException"/>.</summary>
    public static AuthenticatorData Read(ReadOnlyMemory<byte> octets)
    {
        if (octets.Length < HeadLength)
        {
            throw Malformed($"{octets.Length} bytes, at least {HeadLength} are needed");
        }

        var flags = octets.Span[32];
        if ((flags & HasCredential) == 0)
        {
            throw Malformed($"flags are 0x{flags:x2}: no attested credential");
        }

        var rest = octets[HeadLength..];
        if (rest.Length < 18)
        {
            throw Malformed("it ends within the attested credential");
        }

        var aaguid = rest[..16];
        var idLength = BinaryPrimitives.ReadUInt16BigEndian(rest.Span[16..]);
        rest = rest[18..];
        if (idLength > MaxCredentialId || idLength > rest.Length)
        {
            throw Malformed($"a credential id of {idLength} bytes, {rest.Length} are left");
        }

        rest = rest[idLength..];
        var key = ReadKey(Next(ref rest));
        if ((flags & HasExtensions) != 0)
        {
            Next(ref rest);
        }

        return rest.IsEmpty
            ? new AuthenticatorData(octets[..32], flags, aaguid, key, octets)
            : throw Malformed($"{rest.Length} bytes follow");
    }

    private static CborItem.Map Next(ref ReadOnlyMemory<byte> rest)
    {
        try
        {
            var (item, length) = StrictCbor.ReadFirst(rest);
            rest = rest[length..];
            return item as CborItem.Map ?? throw Malformed("expected a CBOR map");
        }
        catch (MalformedEvidenceException broken) when (broken.Reason != Reasons.AuthenticatorDataMalformed)
        {
            throw Malformed(broken.Message);
        }
    }

    // RFC 9053 §7.1, RFC 8230 §4
    private static byte[]? ReadKey(CborItem.Map key) => Number(key, KeyType) switch
    {
        Ec2 => ReadEc(key),
        Rsa => ReadRsa(key),
        null => throw Malformed("the credential's key has no kty"),
        _ => null,
    };

    private static byte[]? ReadEc(CborItem.Map key)
    {
        var curve = Number(key, -1) switch
        {
            1 => EllipticCurve.P256,
            2 => EllipticCurve.P384,
            3 => EllipticCurve.P521,
            _ => null,
        };
        if (curve is null)
        {
            return null;
        }

        var x = Octets(key, -2).Span;
        var y = Octets(key, -3).Span;
        return x.Length == curve.FieldSize && y.Length == curve.FieldSize && curve.Contains(x, y)
            ? SubjectPublicKey.EncodeEc(curve, x, y)
            : throw Malformed($"the credential's key is not a point on {curve.Name}");
    }

    private static byte[] ReadRsa(CborItem.Map key)
    {
        var modulus = Octets(key, -1).Span.TrimStart((byte)0);
        var exponent = Octets(key, -2).Span.TrimStart((byte)0);
        return modulus.IsEmpty || exponent.IsEmpty ? throw Malformed("the credential's RSA key has a zero") : SubjectPublicKey.EncodeRsa(modulus, exponent);
    }

    private static long? Number(CborItem.Map map, long label) => (Find(map, label) as CborItem.Integer)?.Value;

    private static ReadOnlyMemory<byte> Octets(CborItem.Map map, long label) =>
        Find(map, label) is CborItem.Octets octets ? octets.Value : throw Malformed($"the credential's key has no byte string {label}");

    private static CborItem? Find(CborItem.Map map, long label) =>
        map.Entries.FirstOrDefault(entry => entry.Key is CborItem.Integer number && number.Value == label).Value;

    private static MalformedEvidenceException Malformed(string what) => new(Reasons.AuthenticatorDataMalformed, $"authData: {what}");
}
