using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Jose;
using FluentAssertions;

namespace DeviceAcme.Server.Tests;

/// <summary>A bare client for one key: an HttpClient, literal JSON, and a way to do every step wrongly. It shares no wire objects with the server.</summary>
internal sealed class TestAccount(TestServer server, string profile = "tls-server", ECDsa? key = null)
{
    public TestServer Server { get; } = server;

    public ECDsa Key { get; } = key ?? ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public string Profile { get; } = profile;

    public string Root => $"{TestServer.BaseUrl}/acme/{Profile}";

    /// <summary>The account's URL, after <see cref="Register"/>.</summary>
    public string? Kid { get; set; }

    public JsonObject Jwk
    {
        get
        {
            var q = Key.ExportParameters(false).Q;
            return new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64(q.X!), ["y"] = Base64(q.Y!) };
        }
    }

    public string Thumbprint
    {
        get
        {
            var q = Key.ExportParameters(false).Q;
            return Base64(SHA256.HashData(Encoding.ASCII.GetBytes($$"""{"crv":"P-256","kty":"EC","x":"{{Base64(q.X!)}}","y":"{{Base64(q.Y!)}}"}""")));
        }
    }

    public static string Base64(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    public static byte[] FromBase64(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);

    public async Task<string> Nonce()
    {
        using var reply = await Server.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"{Root}/new-nonce"));
        return reply.Headers.GetValues("Replay-Nonce").Single();
    }

    /// <summary>Creates the account and keeps its URL.</summary>
    public async Task<TestReply> Register(string payload = """{"termsOfServiceAgreed":true}""")
    {
        var reply = await Post($"{Root}/new-account", payload, useJwk: true);
        if (reply.Status is HttpStatusCode.Created or HttpStatusCode.OK)
        {
            Kid = reply.Header("Location");
        }

        return reply;
    }

    /// <summary>A signed POST. A null payload is a POST-as-GET.</summary>
    public async Task<TestReply> Post(string url, string? payload, bool useJwk = false, Action<JsonObject>? header = null, Func<byte[], byte[]>? signature = null)
    {
        var protectedHeader = new JsonObject { ["alg"] = "ES256", ["nonce"] = await Nonce(), ["url"] = url };
        if (useJwk || Kid is null)
        {
            protectedHeader["jwk"] = Jwk;
        }
        else
        {
            protectedHeader["kid"] = Kid;
        }

        header?.Invoke(protectedHeader);
        return await Send(url, Sign(protectedHeader, payload, signature));
    }

    public Task<TestReply> Get(string url) => Post(url, null);

    /// <summary>The flattened JWS of a header and a payload.</summary>
    public JsonObject Sign(JsonObject protectedHeader, string? payload, Func<byte[], byte[]>? signature = null)
    {
        var first = Base64(Encoding.UTF8.GetBytes(protectedHeader.ToJsonString()));
        var second = payload is null ? "" : Base64(Encoding.UTF8.GetBytes(payload));
        var signed = Key.SignData(Encoding.ASCII.GetBytes($"{first}.{second}"), HashAlgorithmName.SHA256);
        return new JsonObject { ["protected"] = first, ["payload"] = second, ["signature"] = Base64(signature?.Invoke(signed) ?? signed) };
    }

    public async Task<TestReply> Send(string url, JsonObject jws, string contentType = "application/jose+json")
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(jws.ToJsonString()));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        using var reply = await Server.Http.PostAsync(url, content);
        return await TestReply.Read(reply);
    }

    /// <summary>A new order for these identifiers; must be created.</summary>
    public async Task<TestReply> Order(params (string Type, string Value)[] identifiers)
    {
        var list = new JsonArray(identifiers.Select(JsonNode? (identifier) => new JsonObject { ["type"] = identifier.Type, ["value"] = identifier.Value }).ToArray());
        return await Post($"{Root}/new-order", new JsonObject { ["identifiers"] = list }.ToJsonString());
    }

    /// <summary>Answers the first challenge of the type in each authorization of an order and waits for the end of its validation.</summary>
    public async Task<TestReply> Authorize(TestReply order, string challengeType = "http-01")
    {
        foreach (var url in order.Json["authorizations"]!.AsArray())
        {
            var authorization = await Get((string)url!);
            var challenge = authorization.Json["challenges"]!.AsArray().First(challenge => (string)challenge!["type"]! == challengeType)!;
            (await Post((string)challenge["url"]!, "{}")).Status.Should().Be(HttpStatusCode.OK);
            await Settle((string)url!);
        }

        return await Get(order.Header("Location")!);
    }

    /// <summary>Asks until the resource is neither pending nor processing.</summary>
    public async Task<TestReply> Settle(string url)
    {
        for (var tries = 0; ; tries++)
        {
            var reply = await Get(url);
            if ((string?)reply.Json["status"] is not ("pending" or "processing"))
            {
                return reply;
            }

            tries.Should().BeLessThan(500, "the resource should settle");
            await Task.Delay(10);
        }
    }

    /// <summary>A whole enrollment for dns names; the order is valid afterwards.</summary>
    public async Task<TestReply> Enroll(params string[] names)
    {
        var order = await Authorize(await Order(names.Select(name => ("dns", name)).ToArray()));
        using var certificateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return await Post((string)order.Json["finalize"]!, $$"""{"csr":"{{Csr(certificateKey, names)}}"}""");
    }

    /// <summary>base64url of a CSR for dns names.</summary>
    public static string Csr(ECDsa key, params string[] names)
    {
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("", key, HashAlgorithmName.SHA256);
        var alternative = new System.Security.Cryptography.X509Certificates.SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            alternative.AddDnsName(name);
        }

        if (names.Length > 0)
        {
            request.CertificateExtensions.Add(alternative.Build());
        }

        return Base64(request.CreateSigningRequest());
    }
}

/// <summary>An answer, read whole.</summary>
internal sealed record TestReply(HttpStatusCode Status, string? ContentType, string Body, IReadOnlyDictionary<string, string[]> Headers)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string? Header(string name) => Headers.TryGetValue(name, out var values) ? values.Single() : null;

    public IReadOnlyList<string> Links(string relation) => Headers.TryGetValue("Link", out var values)
        ? values.SelectMany(value => value.Split(", ")).Where(value => value.EndsWith($";rel=\"{relation}\"", StringComparison.Ordinal)).Select(value => value[1..value.IndexOf('>', StringComparison.Ordinal)]).ToList()
        : [];

    public static async Task<TestReply> Read(HttpResponseMessage reply) => new(
        reply.StatusCode,
        reply.Content.Headers.ContentType?.ToString(),
        await reply.Content.ReadAsStringAsync(),
        reply.Headers.Concat(reply.Content.Headers).ToDictionary(header => header.Key, header => header.Value.ToArray(), StringComparer.OrdinalIgnoreCase));

    /// <summary>Asserts a problem document of this ACME error type.</summary>
    public JsonNode ShouldBeProblem(string type, int status)
    {
        ((int)Status).Should().Be(status, Body);
        ContentType.Should().Be("application/problem+json");
        ((string)Json["type"]!).Should().Be($"urn:ietf:params:acme:error:{type}", Body);
        ((string?)Json["detail"]).Should().NotBeNullOrEmpty();
        ((string?)Json["reason"]).Should().MatchRegex("^[a-z0-9]+(-[a-z0-9]+)*$", "every refusal has a stable reason code");
        return Json;
    }
}
