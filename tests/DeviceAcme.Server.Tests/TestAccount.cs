using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using FluentAssertions;

namespace DeviceAcme.Server.Tests;

/// <summary>A bare client for one key: an HttpClient, literal JSON, and a way to do every step wrongly. It shares no wire objects with the server.</summary>
internal sealed class TestAccount(TestServer server, string profile = "tls-server", TestKey? key = null)
{
    public TestServer Server { get; set; } = server;

    public TestKey Key { get; set; } = key ?? TestKey.P256();

    public string Profile { get; } = profile;

    public string Root => $"{TestServer.BaseUrl}/acme/{Profile}";

    /// <summary>The account's URL, after <see cref="Register"/>.</summary>
    public string? Kid { get; set; }

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
        var protectedHeader = new JsonObject { ["alg"] = Key.Alg, ["nonce"] = await Nonce(), ["url"] = url };
        if (useJwk || Kid is null)
        {
            protectedHeader["jwk"] = Key.Jwk;
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
    public JsonObject Sign(JsonObject protectedHeader, string? payload, Func<byte[], byte[]>? signature = null) => Key.Jws(protectedHeader, payload, signature);

    public Task<TestReply> Send(string url, JsonObject jws, string? contentType = "application/jose+json") =>
        Send(url, Encoding.UTF8.GetBytes(jws.ToJsonString()), contentType);

    public async Task<TestReply> Send(string url, byte[] body, string? contentType = "application/jose+json")
    {
        using var content = new ByteArrayContent(body);
        if (contentType is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        using var reply = await Server.Http.PostAsync(url, content);
        return await TestReply.Read(reply);
    }

    /// <summary>A GET without any signature, as everybody can send it.</summary>
    public async Task<TestReply> Fetch(string url, HttpMethod? method = null)
    {
        using var reply = await Server.Http.SendAsync(new HttpRequestMessage(method ?? HttpMethod.Get, url));
        return await TestReply.Read(reply);
    }

    /// <summary>The first challenge of a type in the order's first authorization.</summary>
    public async Task<JsonNode> Challenge(TestReply order, string type)
    {
        var authorization = await Get((string)order.Json["authorizations"]![0]!);
        return authorization.Json["challenges"]!.AsArray().First(challenge => (string)challenge!["type"]! == type)!;
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

    /// <summary>Finalizes an order that is ready, for dns names, and fetches the certificate.</summary>
    public async Task<X509Certificate2> Certificate(TestReply order, params string[] names)
    {
        using var certificateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var valid = await Post((string)order.Json["finalize"]!, $$"""{"csr":"{{Csr(certificateKey, names)}}"}""");
        valid.State.Should().Be("valid", valid.Body);
        return X509Certificate2.CreateFromPem((await Get((string)valid.Json["certificate"]!)).Body);
    }

    /// <summary>base64url of a CSR for dns names.</summary>
    public static string Csr(ECDsa key, params string[] names)
    {
        var request = new CertificateRequest("", key, HashAlgorithmName.SHA256);
        var alternative = new SubjectAlternativeNameBuilder();
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

    /// <summary>The member <c>status</c> of the object.</summary>
    public string? State => (string?)Json["status"];

    /// <summary>The reason code of a problem.</summary>
    public string? Reason => (string?)Json["reason"];

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
