using System.Buffers.Binary;
using System.Formats.Asn1;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>An attestation object (WebAuthn §6.5.4) as a client sent it: format, attested key, and what it says of the challenge.</summary>
internal sealed record SentEvidence
{
    private const string AppleFreshness = "1.2.840.113635.100.8.11.1";
    private const string AndroidKeyDescription = "1.3.6.1.4.1.11129.2.1.17";
    private const string Ed25519 = "1.3.101.112";
    private const int TpmAlgNull = 0x0010;
    private const int TpmAlgRsa = 0x0001;
    private const int TpmAlgEcc = 0x0023;

    public required string Format { get; init; }
    public required bool HasAuthData { get; init; }

    /// <summary>Members of attStmt: octets, lists of octets, texts, and whole numbers as long.</summary>
    public required IReadOnlyDictionary<string, object?> Statement { get; init; }

    /// <summary>RFC 7638 of the attested key; null where the format attests none, or it cannot be read.</summary>
    public string? KeyThumbprint => Format switch
    {
        "tpm" => Octets("pubArea") is { } area ? TpmKey(area) : null,
        IdevidStatement.Format => Octets("key") is { } key ? SentRequest.ThumbprintOf(key) : null,
        "apple" or "android-key" or "step" => Leaf is { } leaf ? SentRequest.ThumbprintOf(leaf.PublicKey.ExportSubjectPublicKeyInfo()) : null,
        _ => null,
    };

    /// <summary>The first certificate; null where there is none that can be read.</summary>
    public X509Certificate2? Leaf => Statement.GetValueOrDefault("x5c") is List<byte[]> { Count: > 0 } chain ? Load(chain[0]) : null;

    public static SentEvidence? Read(string? attObj)
    {
        if (SentJws.Octets(attObj) is not { Length: > 0 } octets)
        {
            return null;
        }

        try
        {
            var reader = new CborReader(octets, CborConformanceMode.Lax);
            string? format = null;
            Dictionary<string, object?>? statement = null;
            var authData = false;
            for (var members = reader.ReadStartMap(); members is null ? reader.PeekState() != CborReaderState.EndMap : members > 0; members--)
            {
                switch (reader.ReadTextString())
                {
                    case "fmt":
                        format = reader.ReadTextString();
                        break;
                    case "attStmt":
                        statement = Members(reader);
                        break;
                    case "authData":
                        authData = true;
                        reader.SkipValue();
                        break;
                    default:
                        reader.SkipValue();
                        break;
                }
            }

            return format is null || statement is null ? null : new SentEvidence { Format = format, HasAuthData = authData, Statement = statement };
        }
        catch (Exception none) when (none is CborContentException or InvalidOperationException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>Whether it was made for this very challenge, as its format says it (device-attest §5); null where that cannot be told here.</summary>
    public bool? IsFor(string token, string keyAuthorization)
    {
        try
        {
            return Format switch
            {
                "apple" => Leaf?.Extensions.FirstOrDefault(extension => extension.Oid?.Value == AppleFreshness)?.RawData.AsSpan().SequenceEqual(SHA256.HashData(Encoding.ASCII.GetBytes(token))) ?? false,
                "tpm" => Octets("certInfo") is { } info && ExtraData(info).AsSpan().SequenceEqual(SHA256.HashData(Encoding.ASCII.GetBytes(keyAuthorization))),
                "android-key" => Leaf?.Extensions.FirstOrDefault(extension => extension.Oid?.Value == AndroidKeyDescription) is { } description
                    && AndroidChallenge(description.RawData).AsSpan().SequenceEqual(Encoding.ASCII.GetBytes(keyAuthorization)),
                "step" => Signed(Encoding.ASCII.GetBytes(keyAuthorization), Unwrapped(Octets("sig"))),
                IdevidStatement.Format => new IdevidStatement(this).IsFor(keyAuthorization),
                "packed" => Signed(Encoding.ASCII.GetBytes(keyAuthorization), Octets("sig")),
                _ => null,
            };
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or AsnContentException or ArgumentException or PlatformNotSupportedException)
        {
            return false;
        }
    }

    // its clients wrap the signature in a byte string of its own
    private static byte[]? Unwrapped(byte[]? signature)
    {
        if (signature is not { Length: > 0 } || signature[0] >> 5 != 2)
        {
            return signature;
        }

        try
        {
            return new CborReader(signature, CborConformanceMode.Lax).ReadByteString();
        }
        catch (CborContentException)
        {
            return signature;
        }
    }

    private bool? Signed(byte[] data, byte[]? signature)
    {
        if (Leaf is not { } leaf || signature is null)
        {
            return false;
        }

        using var ec = leaf.GetECDsaPublicKey();
        using var rsa = leaf.GetRSAPublicKey();
        return ec is not null ? ec.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            : rsa is not null ? rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : leaf.PublicKey.Oid.Value == Ed25519 ? null : false;
    }

    /// <summary>A member of the statement that is a byte string; null where there is none.</summary>
    public byte[]? Octets(string name) => Statement.GetValueOrDefault(name) as byte[];

    private static X509Certificate2? Load(byte[] der)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(der);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static Dictionary<string, object?> Members(CborReader reader)
    {
        var members = new Dictionary<string, object?>(StringComparer.Ordinal);
        for (var count = reader.ReadStartMap(); count is null ? reader.PeekState() != CborReaderState.EndMap : count > 0; count--)
        {
            var name = reader.ReadTextString();
            members[name] = reader.PeekState() switch
            {
                CborReaderState.ByteString => reader.ReadByteString(),
                CborReaderState.TextString => reader.ReadTextString(),
                CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger => reader.ReadInt64(),
                CborReaderState.StartArray when name == "x5c" => Certificates(reader),
                _ => Skip(reader),
            };
        }

        reader.ReadEndMap();
        return members;
    }

    private static List<byte[]> Certificates(CborReader reader)
    {
        var certificates = new List<byte[]>();
        for (var count = reader.ReadStartArray(); count is null ? reader.PeekState() != CborReaderState.EndArray : count > 0; count--)
        {
            certificates.Add(reader.ReadByteString());
        }

        reader.ReadEndArray();
        return certificates;
    }

    private static object? Skip(CborReader reader)
    {
        reader.SkipValue();
        return null;
    }

    // KeyDescription: attestationVersion, its security level, keyMintVersion, its security level, attestationChallenge
    private static byte[] AndroidChallenge(byte[] description)
    {
        var fields = new AsnReader(description, AsnEncodingRules.DER).ReadSequence();
        for (var field = 0; field < 4; field++)
        {
            fields.ReadEncodedValue();
        }

        return fields.ReadOctetString();
    }

    // TPMS_ATTEST (Part 2 §10.12.12): magic, type, qualifiedSigner, extraData
    private static byte[] ExtraData(ReadOnlySpan<byte> attest)
    {
        attest = attest[6..];
        Sized(ref attest);
        return Sized(ref attest).ToArray();
    }

    // TPMT_PUBLIC (Part 2 §12.2.4)
    private static string? TpmKey(ReadOnlySpan<byte> area)
    {
        try
        {
            var type = U16(ref area);
            area = area[6..];
            Sized(ref area);
            if (U16(ref area) != TpmAlgNull)
            {
                area = area[4..];
            }

            if (U16(ref area) != TpmAlgNull)
            {
                area = area[2..];
            }

            return type switch
            {
                TpmAlgRsa => RsaKey(area),
                TpmAlgEcc => EcKey(area),
                _ => null,
            };
        }
        catch (Exception unreadable) when (unreadable is ArgumentException or CryptographicException)
        {
            return null;
        }
    }

    private static string? RsaKey(ReadOnlySpan<byte> area)
    {
        var exponent = BinaryPrimitives.ReadUInt32BigEndian(area[2..]);
        area = area[6..];
        var octets = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, exponent == 0 ? 65537 : exponent);
        using var rsa = RSA.Create(new RSAParameters { Modulus = Sized(ref area).ToArray(), Exponent = [.. octets.SkipWhile(octet => octet == 0)] });
        return SentRequest.ThumbprintOf(rsa.ExportSubjectPublicKeyInfo());
    }

    private static string? EcKey(ReadOnlySpan<byte> area)
    {
        var curve = U16(ref area);
        if (U16(ref area) != TpmAlgNull)
        {
            area = area[2..];
        }

        var (named, length) = curve switch
        {
            3 => (ECCurve.NamedCurves.nistP256, 32),
            4 => (ECCurve.NamedCurves.nistP384, 48),
            _ => (ECCurve.NamedCurves.nistP521, 66),
        };
        var (x, y) = (Padded(Sized(ref area), length), Padded(Sized(ref area), length));
        using var key = ECDsa.Create(new ECParameters { Curve = named, Q = new ECPoint { X = x, Y = y } });
        return SentRequest.ThumbprintOf(key.ExportSubjectPublicKeyInfo());
    }

    private static byte[] Padded(ReadOnlySpan<byte> number, int length)
    {
        var padded = new byte[length];
        number.CopyTo(padded.AsSpan(length - number.Length));
        return padded;
    }

    private static int U16(ref ReadOnlySpan<byte> rest)
    {
        var value = BinaryPrimitives.ReadUInt16BigEndian(rest);
        rest = rest[2..];
        return value;
    }

    private static ReadOnlySpan<byte> Sized(ref ReadOnlySpan<byte> rest)
    {
        var length = U16(ref rest);
        var value = rest[..length];
        rest = rest[length..];
        return value;
    }
}
