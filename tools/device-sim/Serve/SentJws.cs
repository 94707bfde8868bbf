using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Simulator.Serve;

/// <summary>What a client signed, read as leniently as possible: rules judge it, not the reader.</summary>
internal sealed class SentJws
{
    private const int Largest = 1 << 20;

    // a member that stands there twice would show only when somebody asks for it
    private static readonly JsonDocumentOptions OnlyOnce = new() { AllowDuplicateProperties = false };

    private SentJws(JsonObject envelope)
    {
        Envelope = envelope;
        ProtectedText = Text(envelope["protected"]);
        PayloadText = Text(envelope["payload"]);
        SignatureText = Text(envelope["signature"]);
        Header = Object(Octets(ProtectedText));
        Payload = Octets(PayloadText);
        Content = Object(Payload);
        Signature = Octets(SignatureText);
        Thumbprint = ThumbprintOf(Jwk);
    }

    /// <summary>The members of the body.</summary>
    public JsonObject Envelope { get; }

    public string? ProtectedText { get; }
    public string? PayloadText { get; }
    public string? SignatureText { get; }

    /// <summary>The protected header; null where it is no JSON object.</summary>
    public JsonObject? Header { get; }

    public byte[]? Payload { get; }

    /// <summary>The payload where it is a JSON object.</summary>
    public JsonObject? Content { get; }

    public byte[]? Signature { get; }

    public string? Algorithm => Text(Header?["alg"]);
    public string? Nonce => Text(Header?["nonce"]);
    public string? Url => Text(Header?["url"]);
    public string? Kid => Text(Header?["kid"]);
    public JsonObject? Jwk => Header?["jwk"] as JsonObject;

    /// <summary>RFC 7638, of <see cref="Jwk"/>.</summary>
    public string? Thumbprint { get; }

    /// <summary>RFC 8555 §6.3: the payload is the empty text.</summary>
    public bool IsPostAsGet => PayloadText is "";

    public static SentJws? Read(string body) => Object(Encoding.UTF8.GetBytes(body)) is { } envelope ? new SentJws(envelope) : null;

    /// <summary>A JWS within a payload (external account binding, key change).</summary>
    public static SentJws? Within(JsonNode? node) => node is JsonObject envelope ? new SentJws(envelope) : null;

    public static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    /// <summary>Octets of base64url, also of a padded or standard spelling.</summary>
    public static byte[]? Octets(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var plain = text.TrimEnd('=').Replace('+', '-').Replace('/', '_');
        return Base64Url.TryDecode(plain, Largest, out var octets) ? octets : null;
    }

    public static JsonObject? Object(byte[]? octets)
    {
        if (octets is not { Length: > 0 })
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(octets, documentOptions: OnlyOnce) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static string? ThumbprintOf(JsonObject? jwk)
    {
        if (jwk is null)
        {
            return null;
        }

        try
        {
            return DeviceAcme.Protocol.Jose.Jwk.Parse(JsonElement.Parse(jwk.ToJsonString())).Thumbprint;
        }
        catch (ProblemException)
        {
            return null;
        }
    }
}
