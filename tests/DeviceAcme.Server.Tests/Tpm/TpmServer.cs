using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Tpm;
using Xunit;

namespace DeviceAcme.Server.Tests.Tpm;

/// <summary>One server with attestation CAs for a whole class of tests; each uses TPMs of its own.</summary>
public sealed class TpmServerFixture : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TpmServer.Start();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>A server with attestation CAs, and TPMs that ask them; bare HTTP and literal JSON names.</summary>
internal static class TpmServer
{
    /// <summary>Believes the simulator's vendor, whose id is one of simulators.</summary>
    public const string Lab = "tpm-lab";

    /// <summary>The same under another name.</summary>
    public const string Other = "tpm-other";

    /// <summary>Hardware vendors alone.</summary>
    public const string Strict = "tpm-strict";

    /// <summary>The identifier is made from the endorsement key.</summary>
    public const string ByKey = "tpm-by-key";

    public const string Simulators = "ek: { vendors: [registered, 'id:53494D30'] }";

    public static Task<TestServer> Start(string? allowed = null) => TestServer.Start(
        new Dictionary<string, string>
        {
            [Lab] = Profile(Lab, Simulators),
            [Other] = Profile(Other, Simulators),
            [Strict] = Profile(Strict, $"ek: {{ allow: [{allowed}] }}"),
            [ByKey] = Profile(ByKey, "ek: { identifier: public-key, vendors: ['id:53494D30'] }"),
        },
        anchors: Simulated.Anchors);

    /// <summary>A TPM of the simulator's vendor; another name is another TPM.</summary>
    public static EkMaker Tpm(string name = "tpm-1") => new(new FakeTpm(Simulated.Vendors.Tpm, name), Simulated.Now);

    /// <summary>The body of the Smallstep attestation CA's first request, as its client writes it.</summary>
    public static JsonObject Attest(MadeEk made) => new()
    {
        ["tpmInfo"] = new JsonObject { ["version"] = 2, ["manufacturer"] = "1397312304", ["model"] = "DeviceAcme Simulator", ["firmwareVersion"] = "1.2" },
        ["ek"] = Convert.ToBase64String(made.EkPublicKey),
        ["ekCerts"] = new JsonArray([.. made.Certificates.Select(certificate => (JsonNode)Convert.ToBase64String(certificate))]),
        ["params"] = new JsonObject
        {
            ["public"] = Convert.ToBase64String(made.AkPublic),
            ["createData"] = Convert.ToBase64String(made.CreateData),
            ["createAttestation"] = Convert.ToBase64String(made.CreateAttestation),
            ["createSignature"] = Convert.ToBase64String(made.CreateSignature),
        },
    };

    /// <summary>The body of the first request in our own form.</summary>
    public static JsonObject Activation(MadeEk made) => new()
    {
        ["endorsementKey"] = new JsonObject
        {
            ["publicArea"] = TestAccount.Base64(made.EkPublicArea ?? made.Ek!.PublicArea.ToBytes()),
            ["certificates"] = new JsonArray([.. made.Certificates.Select(certificate => (JsonNode)TestAccount.Base64(certificate))]),
        },
        ["attestationKey"] = new JsonObject
        {
            ["publicArea"] = TestAccount.Base64(made.AkPublic),
            ["creationData"] = TestAccount.Base64(made.CreateData),
            ["creationAttestation"] = TestAccount.Base64(made.CreateAttestation),
            ["creationSignature"] = TestAccount.Base64(made.CreateSignature),
        },
    };

    /// <summary>A POST of JSON, by default without a Content-Type, as the Smallstep client sends it.</summary>
    public static async Task<TestReply> Post(this TestServer server, string path, string body, string? contentType = null)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        using var reply = await server.Http.PostAsync(path, content);
        return await TestReply.Read(reply);
    }

    public static Task<TestReply> Post(this TestServer server, string path, JsonNode body, string? contentType = null) => server.Post(path, body.ToJsonString(), contentType);

    /// <summary>The secret that the TPM finds in an answer to <c>attest</c>; null where it finds none.</summary>
    public static byte[]? Activate(this MadeEk made, TestReply reply) => made.Activate(Octets(reply, "credential"), Octets(reply, "secret"));

    /// <summary>The whole exchange of the Smallstep client.</summary>
    public static async Task<IReadOnlyList<byte[]>> Certify(this TestServer server, MadeEk made, string profile = Lab)
    {
        var challenge = await server.Post($"/tpm/{profile}/attest", Attest(made));
        var reply = await server.Post($"/tpm/{profile}/secret", Secret(made.Activate(challenge)!));
        return Chain(reply);
    }

    public static JsonObject Secret(byte[] secret) => new() { ["secret"] = Convert.ToBase64String(secret) };

    public static IReadOnlyList<byte[]> Chain(TestReply reply) => [.. reply.Json["chain"]!.AsArray().Select(certificate => Convert.FromBase64String((string)certificate!))];

    private static byte[] Octets(TestReply reply, string name) => Convert.FromBase64String((string)reply.Json[name]!);

    public static string Profile(string name, string ek) => $"""
        name: {name}
        identifiers:
          permanent-identifier:
            challenges: [device-attest-01]
            proves: tpm.permanent-identifier
        attestation:
          mode: required
          formats: [tpm]
          anchors: [tpm, tpm-ek]
          {ek}
        certificate:
          subject: CN=a machine
          keys: [ec-p256, rsa-2048]
          extended-key-usage: [client-auth]
          validity: 90d
        issuer: default
        """;
}
