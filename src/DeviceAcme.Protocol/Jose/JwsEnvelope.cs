using System.Text.Json;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Jose;

/// <summary>What a JWS is for: decides which members its protected header must and must not have.</summary>
public enum JwsUse
{
    /// <summary>A request (RFC 8555 §6.2): signature, <c>nonce</c> (its absence is left to the caller, who answers <c>badNonce</c>), <c>jwk</c> or <c>kid</c>.</summary>
    Request,

    /// <summary>The inner JWS of keyChange (§7.3.5): signature, <c>jwk</c>, no <c>nonce</c>.</summary>
    KeyChange,

    /// <summary>The inner JWS of external account binding (§7.3.4): MAC, <c>kid</c>, no <c>nonce</c>.</summary>
    ExternalAccountBinding,
}

/// <summary>A JWS of which only the protected header has been decoded: enough to spend its nonce before anything else is looked at.</summary>
/// <remarks>
/// A nonce is spent by appearing in any request, also in one that fails (RFC 8555 §6.5). So the receiver parses the envelope, spends
/// <see cref="Nonce"/>, and only then calls <see cref="Open"/>, where algorithm, key, payload and signature may be refused.
/// </remarks>
public sealed class JwsEnvelope
{
    internal const int MaxHeaderBytes = 8 * 1024;

    private readonly string _path;

    private JwsEnvelope(JsonElement json, JsonFields header, string path, string? nonce)
    {
        Json = json;
        Header = header;
        _path = path;
        Nonce = nonce;
    }

    /// <summary>The nonce (strict base64url, not empty), or null when the header has none.</summary>
    public string? Nonce { get; }

    internal JsonElement Json { get; }

    internal JsonFields Header { get; }

    /// <summary>Reads a request body.</summary>
    /// <param name="utf8">Flattened JSON serialization (RFC 7515 §7.2.2), at most 64 KiB.</param>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static JwsEnvelope Parse(ReadOnlySpan<byte> utf8) => Parse(StrictJson.ParseObject(utf8, "JWS"));

    /// <summary>Reads a JWS that stands inside a document.</summary>
    /// <param name="json">The object.</param>
    /// <param name="path">Where it stands, for example <c>externalAccountBinding</c>; empty for a whole body.</param>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static JwsEnvelope Parse(JsonElement json, string path = "")
    {
        var members = JsonFields.Of(json, path);
        if (members.Has("signatures"))
        {
            throw Problems.Malformed("jws-not-flattened", $"{members.PathOf("signatures")}: expected the flattened serialization with one signature (RFC 8555 §6.2), found the general one");
        }

        if (members.Has("header"))
        {
            throw Problems.Malformed("jws-unprotected-header", $"{members.PathOf("header")}: expected no unprotected header (RFC 8555 §6.2), found one");
        }

        var place = members.PathOf("protected");
        var header = StrictJson.ParseObject(members.RequiredBase64Url("protected", MaxHeaderBytes), place, MaxHeaderBytes);
        var fields = JsonFields.Of(header, place);
        return new JwsEnvelope(json, fields, path, ReadNonce(fields));
    }

    /// <summary>Reads the rest: algorithm, key, payload and signature. The signature is not verified yet.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>, <c>badSignatureAlgorithm</c> or <c>badPublicKey</c>.</exception>
    public FlattenedJws Open(JwsUse use = JwsUse.Request) => new(this, JsonFields.Of(Json, _path), use);

    private static string? ReadNonce(JsonFields header)
    {
        // RFC 8555 §6.5.2: a nonce that is not base64url makes the JWS malformed, not its nonce bad
        return header.OptionalString("nonce", 1024) switch
        {
            null => null,
            { Length: > 0 } nonce when Base64Url.IsValid(nonce) => nonce,
            _ => throw Problems.Malformed("nonce-not-base64url", $"{header.PathOf("nonce")}: expected base64url (RFC 8555 §6.5.2), found another text"),
        };
    }
}
