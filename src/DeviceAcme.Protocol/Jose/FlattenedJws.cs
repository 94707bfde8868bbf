using System.Security.Cryptography;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Jose;

/// <summary>A JWS in flattened JSON serialization as RFC 8555 §6.2 narrows it.</summary>
/// <remarks>Everything here is what the sender claims until <see cref="Verify"/> or <see cref="VerifyMac"/> has answered true.</remarks>
public sealed class FlattenedJws
{
    private const int MaxUrlLength = 2048;
    private const int MaxSignatureBytes = RsaKeyRules.MaxBits / 8;

    private readonly byte[] _signingInput;
    private readonly byte[] _signature;

    internal FlattenedJws(JwsEnvelope envelope, JsonFields members, JwsUse use)
    {
        var header = envelope.Header;
        RefuseExtensions(header);
        var alg = header.RequiredString("alg", 256);
        Algorithm = use == JwsUse.ExternalAccountBinding ? JwsAlgorithms.Mac(alg) : JwsAlgorithms.Signature(alg);
        Nonce = envelope.Nonce;
        if (Nonce is not null && use != JwsUse.Request)
        {
            throw Problems.Malformed("jws-inner-nonce", $"{header.PathOf("nonce")}: expected none in an inner JWS (RFC 8555 §7.3.4, §7.3.5), found one");
        }

        Url = header.RequiredString("url", MaxUrlLength);
        (Jwk, Kid) = ReadKey(header, use);
        if (Jwk is not null && !Algorithm.Fits(Jwk))
        {
            throw Problems.BadPublicKey("key-algorithm-mismatch", $"{header.PathOf("jwk")}: expected a key for {Algorithm.Name}, found {Jwk.Curve ?? Jwk.KeyType}");
        }

        Payload = Decode(members, "payload", StrictJson.MaxBytes);
        _signature = Decode(members, "signature", MaxSignatureBytes);
        _signingInput = SigningInputOf(envelope, members);
    }

    /// <summary>The algorithm that the header names, one of the table.</summary>
    public JwsAlgorithm Algorithm { get; }

    /// <summary>The header's nonce; null when it has none (always so in an inner JWS).</summary>
    public string? Nonce { get; }

    /// <summary>The header's <c>url</c>, to be compared as text with the URL of the request (RFC 8555 §6.4).</summary>
    public string Url { get; }

    /// <summary>The account URL, or the key identifier of an external account binding; null when there is a <see cref="Jwk"/>.</summary>
    public string? Kid { get; }

    /// <summary>The key in the header, checked and fit for <see cref="Algorithm"/>; null when there is a <see cref="Kid"/>.</summary>
    public Jwk? Jwk { get; }

    /// <summary>The decoded payload.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>Whether the payload is the empty text (RFC 8555 §6.3); <c>{}</c> is not.</summary>
    public bool IsPostAsGet => Payload.IsEmpty;

    /// <summary>What is signed: <c>protected . payload</c> (RFC 7515 §5.1).</summary>
    public ReadOnlyMemory<byte> SigningInput => _signingInput;

    /// <summary>Whether the signature lacks leading zeros, as some Apple clients send it; <see cref="Verify"/> puts them back.</summary>
    public bool HasShortSignature => ShortEs256.IsCandidate(Algorithm, _signature);

    /// <summary>Reads a whole JWS from its bytes.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>, <c>badSignatureAlgorithm</c> or <c>badPublicKey</c>.</exception>
    public static FlattenedJws Parse(ReadOnlySpan<byte> utf8, JwsUse use = JwsUse.Request) => JwsEnvelope.Parse(utf8).Open(use);

    /// <summary>Whether the signature is that of <paramref name="key"/>.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>: the algorithm is not one for this key.</exception>
    public bool Verify(Jwk key)
    {
        if (!Algorithm.Fits(key))
        {
            throw Problems.Malformed("jws-algorithm-mismatch", $"alg: expected one for the key that kid names ({key.Curve ?? key.KeyType}), found {Algorithm.Name}");
        }

        if (!HasShortSignature)
        {
            return key.Verify(Algorithm, _signingInput, _signature);
        }

        foreach (var whole in ShortEs256.Repairs(_signature))
        {
            if (key.Verify(Algorithm, _signingInput, whole))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the MAC is that of <paramref name="key"/>, compared in constant time (RFC 8555 §7.3.4).</summary>
    /// <exception cref="InvalidOperationException">The JWS was not opened as an external account binding.</exception>
    public bool VerifyMac(ReadOnlySpan<byte> key)
    {
        if (Algorithm.Scheme != JwsScheme.Hmac)
        {
            throw new InvalidOperationException($"{Algorithm.Name} is no MAC");
        }

        return CryptographicOperations.FixedTimeEquals(CryptographicOperations.HmacData(Algorithm.Hash, key, _signingInput), _signature);
    }

    private static void RefuseExtensions(JsonFields header)
    {
        foreach (var name in (ReadOnlySpan<string>)["crit", "b64"])
        {
            // RFC 7515 §4.1.11, RFC 7797: we understand no extension, and unencoded payloads are not for ACME
            if (header.Has(name))
            {
                throw Problems.Malformed("jws-extension", $"{header.PathOf(name)}: expected no header extension, found one");
            }
        }
    }

    private static (Jwk? Key, string? Kid) ReadKey(JsonFields header, JwsUse use)
    {
        var (hasJwk, hasKid) = (header.Has("jwk"), header.Has("kid"));
        if (hasJwk == hasKid)
        {
            var found = hasJwk ? "both" : "neither";
            throw Problems.Malformed("jws-key-choice", $"{header.PathOf("jwk")}: expected exactly one of jwk and kid (RFC 8555 §6.2), found {found}");
        }

        if (hasJwk && use == JwsUse.ExternalAccountBinding)
        {
            throw Problems.Malformed("jws-key-choice", $"{header.PathOf("kid")}: expected the key identifier that was handed out (RFC 8555 §7.3.4), found jwk");
        }

        if (hasKid && use == JwsUse.KeyChange)
        {
            throw Problems.Malformed("jws-key-choice", $"{header.PathOf("jwk")}: expected the new key (RFC 8555 §7.3.5), found kid");
        }

        return hasJwk
            ? (Jwk.Parse(header.RequiredObject("jwk").Element, header.PathOf("jwk")), null)
            : (null, header.RequiredString("kid", MaxUrlLength));
    }

    // no payload at all would be a detached one (RFC 7515 appendix F), which RFC 8555 §6.2 does not allow
    private static byte[] Decode(JsonFields members, string name, int maxBytes) => members.RequiredBase64Url(name, maxBytes);

    private static byte[] SigningInputOf(JwsEnvelope envelope, JsonFields members)
    {
        var header = JsonFields.Ascii(envelope.Json.GetProperty("protected"), members.PathOf("protected"));
        var payload = JsonFields.Ascii(envelope.Json.GetProperty("payload"), members.PathOf("payload"));
        var input = new byte[header.Length + 1 + payload.Length];
        header.CopyTo(input);
        input[header.Length] = (byte)'.';
        payload.CopyTo(input.AsSpan(header.Length + 1));
        return input;
    }
}
