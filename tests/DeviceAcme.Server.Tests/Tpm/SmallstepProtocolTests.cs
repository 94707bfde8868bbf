using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Tpm;

/// <summary>The Smallstep attestation CA's protocol as its client speaks it: no Content-Type, no session, padded base64, two requests.</summary>
public sealed class SmallstepProtocolTests(TpmServerFixture fixture) : IClassFixture<TpmServerFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory, InlineData(nameof(EkKind.Rsa2048), true), InlineData(nameof(EkKind.EcP256), false), InlineData(nameof(EkKind.EcP384), false), Spec("TPM 2.0 part 1 §24")]
    public async Task A_client_of_that_protocol_gets_its_certificate(string kind, bool rsaAttestationKey)
    {
        var server = fixture.Server;
        var made = (TpmServer.Tpm(kind) with { Kind = Enum.Parse<EkKind>(kind), RsaAttestationKey = rsaAttestationKey }).Make();

        var challenge = await server.Post("/tpm/tpm-lab/attest", TpmServer.Attest(made));

        challenge.Status.Should().Be(HttpStatusCode.OK, challenge.Body);
        challenge.ContentType.Should().Be("application/json");
        challenge.Json.AsObject().Select(member => member.Key).Should().BeEquivalentTo("credential", "secret");
        challenge.Header("Replay-Nonce").Should().BeNull("nonces belong to ACME");

        var reply = await server.Post("/tpm/tpm-lab/secret", TpmServer.Secret(made.Activate(challenge)!));

        reply.Status.Should().Be(HttpStatusCode.OK, reply.Body);
        reply.Json.AsObject().Select(member => member.Key).Should().BeEquivalentTo("chain");
        var chain = TpmServer.Chain(reply);
        chain.Should().HaveCount(2);
        using var certificate = X509CertificateLoader.LoadCertificate(chain[0]);
        using var authority = X509CertificateLoader.LoadCertificate(chain[1]);
        certificate.PublicKey.ExportSubjectPublicKeyInfo().Should().Equal(made.AttestationKey.ExportSubjectPublicKeyInfo());
        certificate.IssuerName.RawData.Should().Equal(authority.SubjectName.RawData);
    }

    [Fact]
    public async Task A_literal_request_is_read_as_Go_writes_it()
    {
        var server = fixture.Server;
        var made = TpmServer.Tpm("smallstep-2").Make();
        var body = $$"""
            {"tpmInfo":{"version":2,"manufacturer":"1397312304","model":"a model","firmwareVersion":"1.2"},
             "ek":"{{Convert.ToBase64String(made.EkPublicKey)}}",
             "ekCerts":["{{Convert.ToBase64String(made.Certificates[0])}}","{{Convert.ToBase64String(made.Certificates[1])}}"],
             "akCert":"AAAA",
             "params":{"public":"{{Convert.ToBase64String(made.AkPublic)}}","useTCSDActivationFormat":false,
                       "createData":"{{Convert.ToBase64String(made.CreateData)}}",
                       "createAttestation":"{{Convert.ToBase64String(made.CreateAttestation)}}",
                       "createSignature":"{{Convert.ToBase64String(made.CreateSignature)}}" },
             "somethingNew":{"a":[1]} }
            """;

        var reply = await server.Post("/tpm/tpm-lab/attest", body);

        reply.Status.Should().Be(HttpStatusCode.OK, reply.Body);
        made.Activate(reply).Should().HaveCount(32);
    }

    [Fact, Spec("WebAuthn §8.3.1")]
    public async Task The_certificate_follows_the_rules_for_attestation_keys()
    {
        var server = fixture.Server;
        var made = TpmServer.Tpm("smallstep-3").Make();

        using var certificate = X509CertificateLoader.LoadCertificate((await server.Certify(made))[0]);

        certificate.Version.Should().Be(3);
        certificate.SubjectName.RawData.Should().Equal(0x30, 0x00);
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority.Should().BeFalse();
        certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<Oid>().Select(oid => oid.Value).Should().Equal("2.23.133.8.3");
        certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages.Should().Be(X509KeyUsageFlags.DigitalSignature);
        var names = certificate.Extensions.Single(extension => extension.Oid!.Value == "2.5.29.17");
        names.Critical.Should().BeTrue();
        var text = Encoding.Latin1.GetString(names.RawData);
        text.Should().Contain("id:53494D30").And.Contain("DeviceAcme Simulator").And.Contain("id:00010002");
        text.Should().Contain(Convert.ToHexStringLower(SHA256.HashData(made.Certificates[0])), "the identifier is made from the endorsement certificate");
        text.Should().Contain($"urn:ek:sha256:{Convert.ToBase64String(SHA256.HashData(made.EkPublicKey))}", "the client looks for it");
        certificate.NotAfter.Should().BeAfter(Simulated.Now.UtcDateTime.AddDays(30));
    }

    [Theory]
    [InlineData("{", 400, "json-invalid")]
    [InlineData("[]", 400, "json-no-object")]
    [InlineData("{}", 400, "json-missing-member")]
    [InlineData("""{"params":{"public":"","createData":"","createAttestation":"","createSignature":"!"}}""", 400, "base64-invalid")]
    [InlineData("""{"params":{"public":"AAA","createData":"","createAttestation":"","createSignature":""}}""", 400, "base64-invalid")]
    [InlineData("""{"params":{"public":"AB==","createData":"","createAttestation":"","createSignature":""}}""", 400, "base64-invalid")]
    [InlineData("""{"tpmInfo":{"version":1},"params":{}}""", 400, "tpm-version-unsupported")]
    [InlineData("""{"params":{"useTCSDActivationFormat":true}}""", 400, "tpm-version-unsupported")]
    [InlineData("""{"params":{"public":"","createData":"","createAttestation":"","createSignature":""},"ekCerts":["","","","","","","","","","",""]}""", 400, "json-too-many-items")]
    [InlineData("""{"ek":"","ek":"","params":{}}""", 400, "json-duplicate-member")]
    public async Task What_is_no_request_is_a_problem_document(string body, int status, string reason)
    {
        var server = fixture.Server;

        var reply = await server.Post("/tpm/tpm-lab/attest", body);

        reply.ShouldBeProblem("malformed", status);
        reply.Reason.Should().Be(reason, reply.Body);
    }

    [Theory, InlineData("attest"), InlineData("secret"), InlineData("activations")]
    public async Task A_body_that_is_too_large_is_not_read(string resource)
    {
        var server = fixture.Server;

        var reply = await server.Post($"/tpm/tpm-lab/{resource}", $$"""{"ek":"{{new string('A', 70_000)}}"}""", "application/json");

        reply.ShouldBeProblem("malformed", 413);
    }

    [Theory]
    [InlineData("POST", "/tpm/nobody/attest", 404)]
    [InlineData("POST", "/tpm/tls-server/attest", 404)]
    [InlineData("POST", "/tpm/tls-server/secret", 404)]
    [InlineData("POST", "/tpm/tpm-lab", 404)]
    [InlineData("POST", "/tpm/tpm-lab/other", 404)]
    [InlineData("GET", "/tpm/tpm-lab/attest", 405)]
    [InlineData("DELETE", "/tpm/tpm-lab/activations/1", 405)]
    public async Task What_is_not_there_is_a_problem_document(string method, string path, int status)
    {
        var server = fixture.Server;

        using var reply = await server.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "POST" ? new StringContent("{}") : null }, Cancellation);

        (await TestReply.Read(reply)).ShouldBeProblem("malformed", status);
    }

    [Fact]
    public async Task Bits_all_over_the_request_can_be_wrong_and_nothing_breaks()
    {
        var server = fixture.Server;
        var made = TpmServer.Tpm("smallstep-4").Make();
        foreach (var member in new[] { "public", "createData", "createAttestation", "createSignature" })
        {
            for (var round = 0; round < 6; round++)
            {
                var body = TpmServer.Attest(made);
                var octets = Convert.FromBase64String((string)body["params"]![member]!);
                octets[octets.Length * ((2 * round) + 1) / 12] ^= (byte)(1 << (round + member.Length) % 8);
                body["params"]![member] = Convert.ToBase64String(octets);

                var reply = await server.Post("/tpm/tpm-lab/attest", body);

                ((int)reply.Status).Should().BeInRange(400, 499, $"{member}: {reply.Body}");
            }
        }
    }

    [Fact]
    public async Task Certificates_can_come_with_what_NV_memory_has_around_them()
    {
        var server = fixture.Server;
        var made = TpmServer.Tpm("smallstep-5").Make();
        var body = TpmServer.Attest(made);
        body["ekCerts"] = new JsonArray(Convert.ToBase64String([.. made.Certificates[0], 0, 0, 0]), Convert.ToBase64String(made.Certificates[1]));

        (await server.Post("/tpm/tpm-lab/attest", body)).Status.Should().Be(HttpStatusCode.OK);
    }
}
