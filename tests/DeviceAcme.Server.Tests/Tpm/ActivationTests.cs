using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Tpm;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Tpm;

/// <summary>The exchange in our own form, the enrollment that follows it, and whose attestation keys count where.</summary>
public sealed class ActivationTests(TpmServerFixture fixture) : IClassFixture<TpmServerFixture>
{
    private const string Json = "application/json";

    private TestServer Server => fixture.Server;

    [Theory, InlineData(nameof(EkKind.Rsa2048)), InlineData(nameof(EkKind.EcP256)), InlineData(nameof(EkKind.EcP384))]
    public async Task Our_own_form_leads_to_a_certificate(string kind)
    {
        var made = (TpmServer.Tpm($"own-{kind}") with { Kind = Enum.Parse<EkKind>(kind) }).Make();

        var challenge = await Server.Post("/tpm/tpm-lab/activations", TpmServer.Activation(made), Json);

        challenge.Status.Should().Be(HttpStatusCode.Created, challenge.Body);
        challenge.Json.AsObject().Select(member => member.Key).Should().BeEquivalentTo("credentialBlob", "encryptedSecret", "identifier", "expires");
        ((string)challenge.Json["identifier"]!).Should().Be($"{Convert.ToHexStringLower(SHA256.HashData(made.Certificates[0]))}/2.23.133.12.1");
        ((string)challenge.Json["expires"]!).Should().Be("2026-11-22T12:05:00Z");
        var url = challenge.Header("Location")!;
        url.Should().StartWith($"{TestServer.BaseUrl}/tpm/tpm-lab/activations/");

        var reply = await Server.Post(url, new JsonObject { ["secret"] = TestAccount.Base64(Secret(made, challenge)) }, Json);

        reply.Status.Should().Be(HttpStatusCode.OK, reply.Body);
        using var certificate = X509CertificateLoader.LoadCertificate(TestAccount.FromBase64((string)reply.Json["certificates"]![0]!));
        certificate.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(made.AttestationKey.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public async Task The_attestation_key_certifies_a_key_and_the_machine_has_its_certificate()
    {
        var tpm = TpmServer.Tpm("whole");
        var chain = await Server.Certify(tpm.Make());

        var (order, key) = await Attest(tpm, chain, TpmServer.Lab);

        (await order.States()).Should().Be("valid valid ready");
        var done = await order.Finalize(key);
        done.State.Should().Be("valid", done.Body);
        using var certificate = X509Certificate2.CreateFromPem((await order.Account.Get((string)done.Json["certificate"]!)).Body);
        certificate.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(key.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public async Task An_attestation_key_that_another_profile_certified_is_refused()
    {
        var tpm = TpmServer.Tpm("elsewhere");
        var chain = await Server.Certify(tpm.Make(), TpmServer.Other);

        var (order, _) = await Attest(tpm, chain, TpmServer.Lab);

        var challenge = await order.Account.Get(order.ChallengeUrl);
        challenge.State.Should().Be("invalid", challenge.Body);
        ((string)challenge.Json["error"]!["reason"]!).Should().Be("chain-untrusted-root");
    }

    [Fact]
    public async Task The_issuing_CA_of_devices_does_not_vouch_for_attestation_keys()
    {
        var tpm = TpmServer.Tpm("misuse");
        var (order, key) = await Attest(tpm, await Server.Certify(tpm.Make()), TpmServer.Lab);
        var done = await order.Finalize(key);
        var pem = (await order.Account.Get((string)done.Json["certificate"]!)).Body;
        var issued = new X509Certificate2Collection();
        issued.ImportFromPem(pem);

        var (next, _) = await Attest(tpm, [.. issued.Select(certificate => certificate.RawData)], TpmServer.Lab);

        var reason = (string)(await next.Account.Get(next.ChallengeUrl)).Json["error"]!["reason"]!;
        reason.Should().BeOneOf("chain-untrusted-root", "chain-incomplete");
    }

    [Fact]
    public async Task The_identifier_can_be_made_from_the_endorsement_key()
    {
        var made = TpmServer.Tpm("by key").Make();

        var challenge = await Server.Post("/tpm/tpm-by-key/activations", TpmServer.Activation(made), Json);

        ((string)challenge.Json["identifier"]!).Should().Be($"{Convert.ToHexStringLower(SHA256.HashData(made.EkPublicKey))}/2.23.133.12.1");
    }

    [Theory]
    [InlineData(nameof(EkFault.ForeignRoot), "chain-untrusted-root")]
    [InlineData(nameof(EkFault.Roca), "tpm-key-roca")]
    public async Task What_is_wrong_is_refused_and_stored(string fault, string reason)
    {
        var made = TpmServer.Tpm($"fault-{fault}").With(Enum.Parse<EkFault>(fault)).Make();

        var reply = await Server.Post("/tpm/tpm-lab/attest", TpmServer.Attest(made));

        reply.ShouldBeProblem("badAttestationStatement", 400);
        reply.Reason.Should().Be(reason, reply.Body);
        await using var context = Server.Db.Read();
        var stored = context.Evidence.Where(evidence => evidence.Reason == reason && evidence.Kind == "tpm-attestation").ToList();
        stored.Should().NotBeEmpty();
        stored[0].Accepted.Should().BeFalse();
        stored[0].Profile.Should().Be(TpmServer.Lab);
        stored.Select(evidence => $"evidence/{evidence.Id}").Should().Contain((string)reply.Json["instance"]!);
        JsonNode.Parse(stored[0].Statement)!["attestationKey"].Should().NotBeNull();
        context.Events.Where(happened => happened.Kind == "attestation-key.refused" && happened.Reason == reason).ToList().Should().NotBeEmpty();
    }

    [Theory, InlineData("[]"), InlineData(null)]
    public async Task An_empty_list_of_certificates_is_never_a_pass(string? certificates)
    {
        var body = TpmServer.Attest(TpmServer.Tpm("without certificate").Make());
        body["ekCerts"] = certificates is null ? null : JsonNode.Parse(certificates);

        var reply = await Server.Post("/tpm/tpm-lab/attest", body);

        reply.ShouldBeProblem("badAttestationStatement", 400);
        reply.Reason.Should().Be("ek-certificate-missing", reply.Body);
    }

    [Fact]
    public async Task A_simulators_TPM_is_refused_where_the_profile_does_not_name_its_vendor()
    {
        var reply = await Server.Post("/tpm/tpm-strict/attest", TpmServer.Attest(TpmServer.Tpm("a simulator's").Make()));

        reply.Reason.Should().Be("ek-vendor-not-accepted", reply.Body);
    }

    [Fact]
    public async Task A_certified_key_is_stored_with_its_device_evidence_and_event()
    {
        var tpm = TpmServer.Tpm("stored");
        var made = tpm.Make();
        var chain = await Server.Certify(made);

        await using var context = Server.Db.Read();
        var fingerprint = Convert.ToHexStringLower(SHA256.HashData(chain[0]));
        var key = context.AttestationKeys.Single(row => row.Fingerprint == fingerprint);
        key.Profile.Should().Be(TpmServer.Lab);
        var device = context.Devices.Single(row => row.Id == key.Device);
        device.IdentifierValue.Should().Be($"{Convert.ToHexStringLower(SHA256.HashData(made.Certificates[0]))}/2.23.133.12.1");
        var evidence = context.Evidence.Single(row => row.Id == key.Evidence);
        evidence.Accepted.Should().BeTrue();
        evidence.Device.Should().Be(device.Id);
        evidence.Verdict.Should().Contain("\"activation\"");
        context.Events.Where(happened => happened.Kind == "attestation-key.certified" && happened.Certificate == key.Id).ToList().Should().ContainSingle();

        // the enrollment that follows is the same device's
        var (order, _) = await Attest(tpm, chain, TpmServer.Lab);
        var authorization = new Uri(order.AuthorizationUrl).Segments[^1];
        context.Evidence.Where(row => row.Device == device.Id).ToList().Should().HaveCount(2, $"evidence of authorization {authorization} and of its attestation key");
    }

    [Theory, InlineData(null), InlineData("text/plain")]
    public async Task Our_own_form_is_sent_as_JSON(string? contentType) =>
        (await Server.Post("/tpm/tpm-lab/activations", "{}", contentType)).ShouldBeProblem("malformed", 415);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"endorsementKey":{},"attestationKey":{}}""")]
    [InlineData("""{"endorsementKey":{"certificates":["AA=="]},"attestationKey":{}}""")]
    [InlineData("""{"endorsementKey":[],"attestationKey":{}}""")]
    public async Task What_is_no_request_is_malformed(string body) =>
        (await Server.Post("/tpm/tpm-lab/activations", body, Json)).ShouldBeProblem("malformed", 400);

    private static byte[] Secret(MadeEk made, TestReply challenge) => made.Activate(
        TestAccount.FromBase64((string)challenge.Json["credentialBlob"]!), TestAccount.FromBase64((string)challenge.Json["encryptedSecret"]!))!;

    private async Task<(DeviceOrder Order, ECDsa Key)> Attest(EkMaker tpm, IReadOnlyList<byte[]> chain, string profile)
    {
        var account = new TestAccount(Server, profile);
        await account.Register();
        var order = await Simulated.Order(account, $"{Convert.ToHexStringLower(SHA256.HashData(tpm.Make().Certificates[0]))}/2.23.133.12.1");
        var key = Simulated.NewKey();
        await order.Send((new TpmMaker(tpm.Tpm, Simulated.Now) { Certified = chain }).Make(order.Material, key));
        return (order, key);
    }
}
