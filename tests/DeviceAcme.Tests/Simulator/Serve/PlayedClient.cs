using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Serve;
using DeviceAcme.Simulator.Serve.Judging;

namespace DeviceAcme.Tests.Simulator.Serve;

/// <summary>One exchange before it is written down; a test changes one thing of it.</summary>
internal sealed class PlayedStep
{
    public required string Name { get; init; }
    public required Resource Resource { get; set; }
    public required string Url { get; set; }
    public string Method { get; set; } = "POST";

    /// <summary>Payload of a signed request; null for GET and HEAD.</summary>
    public string? Payload { get; set; }

    /// <summary>Signed with jwk and not with kid.</summary>
    public bool ByKey { get; set; }

    /// <summary>Changes the protected header.</summary>
    public Action<JsonObject>? Header { get; set; }

    /// <summary>Changes the JWS.</summary>
    public Action<JsonObject>? Envelope { get; set; }

    public Dictionary<string, string> Headers { get; } = new() { ["User-Agent"] = "played/1", ["Accept-Language"] = "en" };
    public int Status { get; set; } = 200;
    public JsonObject? Answer { get; set; }
    public string AnswerText { get; set; } = "";
    public List<KeyValuePair<string, string>> AnswerHeaders { get; } = [];

    /// <summary>Since the step before.</summary>
    public TimeSpan After { get; set; } = TimeSpan.FromSeconds(2);

    public List<string> Chaos { get; } = [];
    public string? Tls { get; set; } = "Tls13";
    public string? ServerName { get; set; } = "acme.example";

    public JsonObject Content
    {
        get => JsonNode.Parse(Payload!)!.AsObject();
        set => Payload = value.ToJsonString();
    }

    public void Change(Action<JsonObject> change)
    {
        var content = Content;
        change(content);
        Content = content;
    }
}

/// <summary>A client that enrolls for a name and does everything right, as a list of steps that a test spoils.</summary>
internal sealed class PlayedClient
{
    public const string Base = "https://acme.example";
    public const string Token = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA";
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public PlayedClient(string type = "dns", string value = "host.example", byte[]? csr = null, string challengeType = "http-01", string? challengeAnswer = null)
    {
        Identifier = (type, value);
        var identifier = new JsonObject { ["type"] = type, ["value"] = value };
        csr ??= Request(CertificateKey, value);
        Steps =
        [
            new() { Name = "directory", Resource = Resource.Directory, Url = Base + "/dir", Method = "GET", Answer = new JsonObject { ["newNonce"] = Base + "/nonce", ["newAccount"] = Base + "/new-account", ["newOrder"] = Base + "/new-order", ["revokeCert"] = Base + "/revoke", ["keyChange"] = Base + "/key-change", ["renewalInfo"] = Base + "/ari" } },
            new() { Name = "nonce", Resource = Resource.NewNonce, Url = Base + "/nonce", Method = "HEAD" },
            new() { Name = "account", Resource = Resource.NewAccount, Url = Base + "/new-account", ByKey = true, Payload = """{"termsOfServiceAgreed":true,"contact":["mailto:a@host.example"]}""", Status = 201, Answer = new JsonObject { ["status"] = "valid" }, AnswerHeaders = { new("Location", Base + "/account/1") } },
            new() { Name = "order", Resource = Resource.NewOrder, Url = Base + "/new-order", Payload = new JsonObject { ["identifiers"] = new JsonArray(identifier.DeepClone()) }.ToJsonString(), Status = 201, Answer = Order("pending"), AnswerHeaders = { new("Location", Base + "/order/1") } },
            new() { Name = "authorization", Resource = Resource.Authorization, Url = Base + "/authz/1", Payload = "", Answer = Authorization("pending", "pending", challengeType) },
            new() { Name = "challenge", Resource = Resource.Challenge, Url = Base + "/chall/1", Payload = challengeAnswer ?? "{}", Answer = Challenge("processing", challengeType), AnswerHeaders = { new("Retry-After", "1") } },
            new() { Name = "poll", Resource = Resource.Authorization, Url = Base + "/authz/1", Payload = "", Answer = Authorization("pending", "processing", challengeType), AnswerHeaders = { new("Retry-After", "1") } },
            new() { Name = "validated", Resource = Resource.Authorization, Url = Base + "/authz/1", Payload = "", Answer = Authorization("valid", "valid", challengeType) },
            new() { Name = "ready", Resource = Resource.Order, Url = Base + "/order/1", Payload = "", Answer = Order("ready") },
            new() { Name = "finalize", Resource = Resource.Finalize, Url = Base + "/order/1/finalize", Payload = new JsonObject { ["csr"] = Base64Url.Encode(csr) }.ToJsonString(), Answer = Order("processing"), AnswerHeaders = { new("Location", Base + "/order/1"), new("Retry-After", "1") } },
            new() { Name = "issued", Resource = Resource.Order, Url = Base + "/order/1", Payload = "", Answer = Order("valid") },
            new() { Name = "certificate", Resource = Resource.Certificate, Url = Base + "/cert/1", Payload = "", Headers = { ["Accept"] = "application/pem-certificate-chain" }, AnswerText = "-----BEGIN CERTIFICATE-----" },
        ];
    }

    public static ECDsa AccountKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    public static ECDsa CertificateKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    public static Jwk AccountJwk { get; } = Jwk.FromKey(AccountKey);

    public List<PlayedStep> Steps { get; }

    private (string Type, string Value) Identifier { get; }

    public PlayedStep this[string name] => Steps.First(step => step.Name == name);

    public static byte[] Request(ECDsa key, params string[] names)
    {
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("", key, HashAlgorithmName.SHA256);
        var alternative = new System.Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            alternative.AddDnsName(name);
        }

        request.CertificateExtensions.Add(alternative.Build());
        return request.CreateSigningRequest();
    }

    /// <summary>Puts a copy of a step behind it, or elsewhere.</summary>
    public PlayedStep Repeat(string name, string? after = null)
    {
        var step = this[name];
        var copy = new PlayedStep { Name = name + "-again", Resource = step.Resource, Url = step.Url, Method = step.Method, Payload = step.Payload, ByKey = step.ByKey, Status = step.Status, Answer = (JsonObject?)step.Answer?.DeepClone(), AnswerText = step.AnswerText };
        foreach (var (header, value) in step.Headers)
        {
            copy.Headers[header] = value;
        }

        copy.AnswerHeaders.AddRange(step.AnswerHeaders);
        Steps.Insert(Steps.IndexOf(this[after ?? name]) + 1, copy);
        return copy;
    }

    public PlayedStep Add(PlayedStep step, string after)
    {
        Steps.Insert(Steps.IndexOf(this[after]) + 1, step);
        return step;
    }

    /// <summary>What a step is refused with, put before it.</summary>
    public PlayedStep Refuse(string name, int status, string problem)
    {
        var refused = Repeat(name);
        Steps.Remove(refused);
        Steps.Insert(Steps.IndexOf(this[name]), refused);
        refused.Status = status;
        refused.Answer = new JsonObject { ["type"] = "urn:ietf:params:acme:error:" + problem, ["detail"] = "no" };
        refused.AnswerHeaders.Clear();
        return refused;
    }

    public Story Tell(bool settled = true)
    {
        var (recorded, at, nonce) = (new List<Recorded>(), Start, "first");
        foreach (var (index, step) in Steps.Index())
        {
            at += step.After;
            var given = $"nonce{index}";
            recorded.Add(new Recorded
            {
                Number = index + 1,
                At = at,
                Method = step.Method,
                Url = step.Url,
                Resource = step.Resource,
                Profile = "tls-server",
                Headers = [.. step.Headers, .. step.Payload is null || step.Headers.ContainsKey("Content-Type") ? [] : (KeyValuePair<string, string>[])[new("Content-Type", "application/jose+json")]],
                Body = step.Payload is null ? "" : Body(step, nonce),
                Status = step.Status,
                AnswerHeaders = [new("Replay-Nonce", given), .. step.AnswerHeaders],
                AnswerBody = step.Answer?.ToJsonString() ?? step.AnswerText,
                Chaos = step.Chaos,
                Tls = step.Tls,
                ServerName = step.ServerName,
            });
            nonce = given;
        }

        return new Story(recorded, settled, settled ? at.AddHours(1) : at.AddMilliseconds(10));
    }

    public JsonObject Order(string status)
    {
        var order = new JsonObject
        {
            ["status"] = status,
            ["identifiers"] = new JsonArray(new JsonObject { ["type"] = Identifier.Type, ["value"] = Identifier.Value }),
            ["authorizations"] = new JsonArray(Base + "/authz/1"),
            ["finalize"] = Base + "/order/1/finalize",
        };
        if (status == "valid")
        {
            order["certificate"] = Base + "/cert/1";
        }

        return order;
    }

    private JsonObject Authorization(string status, string challenge, string type) => new()
    {
        ["status"] = status,
        ["identifier"] = new JsonObject { ["type"] = Identifier.Type, ["value"] = Identifier.Value },
        ["challenges"] = new JsonArray(Challenge(challenge, type)),
    };

    private static JsonObject Challenge(string status, string type) => new() { ["type"] = type, ["url"] = Base + "/chall/1", ["status"] = status, ["token"] = Token };

    private static string Body(PlayedStep step, string nonce)
    {
        var header = new JsonObject { ["alg"] = "ES256", ["nonce"] = nonce, ["url"] = step.Url };
        if (step.ByKey)
        {
            header["jwk"] = JsonNode.Parse(AccountJwk.ToJson());
        }
        else
        {
            header["kid"] = Base + "/account/1";
        }

        step.Header?.Invoke(header);
        var envelope = new JsonObject
        {
            ["protected"] = Base64Url.Encode(Encoding.UTF8.GetBytes(header.ToJsonString())),
            ["payload"] = Base64Url.Encode(Encoding.UTF8.GetBytes(step.Payload!)),
            ["signature"] = Base64Url.Encode(new byte[64]),
        };
        step.Envelope?.Invoke(envelope);
        return envelope.ToJsonString();
    }
}
