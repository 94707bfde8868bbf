using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Attestation;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Defects;

/// <summary>A request on its way in. Whoever changes what a client signed excuses the signature.</summary>
internal sealed class DefectRequest
{
    // as long as an ES256 signature
    private static readonly string NoSignature = Base64Url.Encode(new byte[64]);

    private readonly ConcurrentDictionary<string, bool> _seen;
    private readonly Func<string> _nonce;
    private readonly byte[] _body;
    private readonly string? _headerAsSent;
    private readonly string? _payloadAsSent;

    public DefectRequest(HttpRequest http, byte[] body, string baseUrl, AcmeDb db, ConcurrentDictionary<string, bool> seen, Func<string> nonce)
    {
        (Http, BaseUrl, Db, _seen, _nonce, _body) = (http, baseUrl, db, seen, nonce, body);
        if (!HttpMethods.IsPost(http.Method) || http.Path.StartsWithSegments("/tpm"))
        {
            return;
        }

        try
        {
            Jws = JsonNode.Parse(body) as JsonObject;
            Header = Decoded("protected") is { } header ? JsonNode.Parse(header) as JsonObject : null;
            Payload = Decoded("payload") ?? "";
        }
        catch (JsonException)
        {
            // a fault may be exactly that: it goes on as it came
            Jws = null;
        }

        (_headerAsSent, _payloadAsSent) = (Header?.ToJsonString(), Payload);
    }

    public HttpRequest Http { get; }

    public string BaseUrl { get; }

    public AcmeDb Db { get; }

    /// <summary>The flattened JWS; null where the body is none.</summary>
    public JsonObject? Jws { get; private set; }

    /// <summary>The protected header; null where there is none to read.</summary>
    public JsonObject? Header { get; private set; }

    /// <summary>The payload as text.</summary>
    public string Payload { get; set; } = "";

    /// <summary>The URL that a right header has.</summary>
    public string Url => BaseUrl + Http.Path.ToUriComponent() + Http.QueryString.ToUriComponent();

    /// <summary>Up to the name of the directory.</summary>
    public string Root => BaseUrl + string.Join('/', Http.Path.Value!.Split('/').Take(3));

    public string LastOfPath => Http.Path.Value!.Split('/')[^1];

    /// <summary>Whether the path ends so; <c>*</c> stands for an id.</summary>
    public bool Is(params ReadOnlySpan<string> end) => DefectPath.Ends(Http.Path, end);

    /// <summary>A nonce that is good for this request.</summary>
    public string FreshNonce() => _nonce();

    /// <summary>True once for each nonce.</summary>
    public bool IsFirst(string nonce) => _seen.TryAdd(nonce, true);

    /// <summary>Changes the payload's JSON object, where it is one.</summary>
    public void Change(Action<JsonObject> change)
    {
        if (Payload.StartsWith('{') && JsonNode.Parse(Payload) is JsonObject payload)
        {
            change(payload);
            Payload = payload.ToJsonString();
        }
    }

    /// <summary>The signature counts no more.</summary>
    public void Excuse()
    {
        Planted.ExcuseSignature();
        if (Jws is not null)
        {
            Jws["signature"] = NoSignature;
        }
    }

    /// <summary>The request is the owner's of what it is about.</summary>
    public void SignAs(string accountUrl)
    {
        if (Header is not null)
        {
            Header.Remove("jwk");
            Header["alg"] = "ES256";
            Header["kid"] = accountUrl;
            Excuse();
        }
    }

    /// <summary>A request that nobody signed becomes a POST-as-GET of this account.</summary>
    public void Forge(string accountUrl)
    {
        Http.Method = HttpMethods.Post;
        Http.ContentType = "application/jose+json";
        Jws = new JsonObject { ["protected"] = "", ["payload"] = "" };
        Header = new JsonObject { ["alg"] = "ES256", ["kid"] = accountUrl, ["nonce"] = FreshNonce(), ["url"] = Url };
        Excuse();
    }

    /// <summary>The body as it goes on.</summary>
    public byte[] Write()
    {
        if (Jws is null)
        {
            return _body;
        }

        if (Header is not null && Header.ToJsonString() is var header && header != _headerAsSent)
        {
            Jws["protected"] = Encode(header);
            Excuse();
        }

        if (Payload != _payloadAsSent)
        {
            Jws["payload"] = Encode(Payload);
            Excuse();
        }

        return Encoding.UTF8.GetBytes(Jws.ToJsonString());
    }

    private static string Encode(string text) => Base64Url.Encode(Encoding.UTF8.GetBytes(text));

    private string? Decoded(string member) =>
        Jws?[member] is JsonValue value && value.TryGetValue(out string? text) && Base64Url.TryDecode(text.TrimEnd('='), 1 << 20, out var octets) ? Encoding.UTF8.GetString(octets) : null;
}
