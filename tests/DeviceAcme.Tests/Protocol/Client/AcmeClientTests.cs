using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using static DeviceAcme.Tests.Protocol.Client.ScriptedServer;

namespace DeviceAcme.Tests.Protocol.Client;

public sealed class AcmeClientTests : IDisposable
{
    private const string AccountUrl = Root + "acct/1";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ScriptedServer _server = new();
    private readonly SkippingClock _clock = new();
    private readonly List<AcmeStep> _steps = [];

    public void Dispose()
    {
        _key.Dispose();
        _server.Dispose();
    }

    [Fact, Spec("RFC 8555 §7.3"), Spec("RFC 8555 §6.1"), Spec("RFC 8555 §6.2")]
    public async Task Registering_sends_the_key_and_takes_the_Location()
    {
        _server.Says("acct", Json("""{"status":"valid","orders":"https://acme.example/acct/1/orders"}""", 201, AccountUrl));
        var client = Client();
        var account = await client.Register(new AccountRegistration { Contact = ["mailto:a@example.org"], TermsOfServiceAgreed = true });
        account.Url.Should().Be(AccountUrl);
        client.AccountUrl.Should().Be(AccountUrl);
        var (_, jws, payload) = _server.Asked[^1];
        jws!.Jwk.Should().Be(Jwk.FromKey(_key));
        jws.Verify(jws.Jwk!).Should().BeTrue();
        payload.Should().Be("""{"contact":["mailto:a@example.org"],"termsOfServiceAgreed":true}""");
        _server.LastContentType!.ToString().Should().Be("application/jose+json");
        _server.LastHeaders!.UserAgent.ToString().Should().Be("deviceacme");
        _steps.Select(step => (step.Name, step.Method, step.Status, step.Outcome)).Should().Equal(
            ("directory", "GET", 200, null), ("newNonce", "HEAD", 200, null), ("newAccount", "POST", 201, "valid"));
    }

    [Fact, Spec("RFC 8555 §7.3.4")]
    public async Task An_external_account_vouches_for_the_key()
    {
        _server.Says("acct", Json("""{"status":"valid"}""", 201, AccountUrl));
        var secret = RandomNumberGenerator.GetBytes(32);
        await Client().Register(new AccountRegistration { ExternalAccount = new ExternalAccountCredential("k1", secret) });
        var inner = JwsEnvelope.Parse(_server.PayloadOf("acct").GetProperty("externalAccountBinding")).Open(JwsUse.ExternalAccountBinding);
        (inner.Kid, inner.Url, inner.Nonce, inner.VerifyMac(secret)).Should().Be(("k1", Root + "acct", null, true));
        Jwk.Parse(JsonElement.Parse(inner.Payload.Span)).Should().Be(Jwk.FromKey(_key));
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public async Task A_bad_nonce_is_tried_again_with_the_one_of_the_answer()
    {
        _server.Says("order", Problem("badNonce"), Problem("badNonce"), Json(Order("pending"), 201, Root + "order/1"));
        var order = await Registered().NewOrder(new NewOrderRequest([new AcmeIdentifier("dns", "x.example")]));
        order.Url.Should().Be(Root + "order/1");
        _server.Asked.Count(asked => asked.Path == "order").Should().Be(3);
        _steps.Count(step => step.Name == "newNonce").Should().Be(1, "the answer brought a fresh one each time");
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public async Task A_server_that_refuses_every_nonce_is_given_up()
    {
        _server.Says("order", Problem("badNonce"));
        await Fails(c => c.NewOrder(new NewOrderRequest([])), "newOrder: badNonce: because");
        _server.Asked.Count(asked => asked.Path == "order").Should().Be(5);
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task An_order_is_asked_for_with_times_and_profile()
    {
        _server.Says("order", Json(Order("pending"), 201, Root + "order/1"));
        var time = new DateTimeOffset(2026, 1, 1, 2, 0, 0, TimeSpan.FromHours(2));
        await Registered().NewOrder(new NewOrderRequest([new AcmeIdentifier("dns", "x.example")], time, time.AddDays(1), "p"));
        _server.Asked[^1].Payload.Should().Be(
            """{"identifiers":[{"type":"dns","value":"x.example"}],"notBefore":"2026-01-01T00:00:00Z","notAfter":"2026-01-02T00:00:00Z","profile":"p"}""");
        _server.Asked[^1].Jws!.Kid.Should().Be(AccountUrl);
    }

    [Fact, Spec("RFC 8555 §7.5.1"), Spec("RFC 8555 §6.3")]
    public async Task Waiting_follows_RetryAfter_and_ends_with_the_result()
    {
        _server.Says(
            "authz/1",
            With(Json(Authorization("pending")), "Retry-After", "3"),
            With(Json(Authorization("pending")), "Retry-After", "Thu, 01 Jan 2026 00:00:10 GMT"),
            Json(Authorization("pending")),
            Json(Authorization("valid")));
        (await Registered().WaitForAuthorization(Root + "authz/1")).Status.Should().Be("valid");
        _clock.Pauses.Should().Equal(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(1));
        _server.Asked[^1].Jws!.IsPostAsGet.Should().BeTrue();
    }

    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task The_first_look_at_an_authorization_waits_as_the_answer_to_its_challenge_asks()
    {
        const string Processing = """{"type":"http-01","url":"https://acme.example/chall/1","status":"processing"}""";
        _server.Says("chall/1", With(With(Json(Processing), "Retry-After", "2"), "Link", $"<{Root}authz/1>;rel=\"up\"")).Says("authz/1", Json(Authorization("valid")));
        var client = Registered();
        await client.AnswerChallenge(Challenge());
        await client.WaitForAuthorization(Root + "authz/1");
        await client.WaitForAuthorization(Root + "authz/1");
        _clock.Pauses.Should().Equal([TimeSpan.FromSeconds(2)], "one answer asks for one pause");
    }

    [Fact]
    public async Task Waiting_is_bounded()
    {
        _server.Says("order/1", With(Json(Order("processing")), "Retry-After", "100000"));
        await Fails(c => c.WaitForCertificate(Root + "order/1"), "order: https://acme.example/order/1 is still processing after 120 s");
        _clock.Pauses.Should().OnlyContain(pause => pause == TimeSpan.FromSeconds(30));
    }

    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task A_failed_challenge_is_told_with_its_error()
    {
        const string Failed = """{"type":"http-01","url":"https://acme.example/chall/1","status":"invalid","error":{"type":"urn:ietf:params:acme:error:connection","detail":"refused"}}""";
        _server.Says("authz/1", Json(Authorization("invalid", Failed))).Says("chall/1", Json(Failed));
        await Fails(c => c.WaitForAuthorization(Root + "authz/1"), "authorization: connection: refused");
        await Fails(c => c.AnswerChallenge(Challenge()), "challenge: connection: refused");
        _server.Asked[^1].Payload.Should().Be("{}");
    }

    [Fact, Spec("device-attest §5")]
    public async Task Evidence_is_sent_as_attObj()
    {
        _server.Says("chall/1", Json("""{"type":"device-attest-01","url":"https://acme.example/chall/1","status":"valid"}"""));
        await Registered().AnswerWithEvidence(Challenge(), new byte[] { 1, 2, 3 });
        _server.Asked[^1].Payload.Should().Be("""{"attObj":"AQID"}""");
        await Registered().AnswerWithEvidence(Challenge(), ReadOnlyMemory<byte>.Empty, "no attestation");
        _server.Asked[^1].Payload.Should().Be("""{"attObj":"","error":"no attestation"}""");
    }

    [Fact, Spec("RFC 8555 §7.4"), Spec("RFC 8555 §7.4.2"), Spec("RFC 8555 §9.1")]
    public async Task Finalize_and_download_follow_the_orders_URLs()
    {
        using var request = RSA.Create(2048);
        var certificate = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=x", request, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(_clock.GetUtcNow(), _clock.GetUtcNow().AddDays(1));
        var pem = certificate.ExportCertificatePem();
        _server
            .Says("order/1/finalize", Json(Order("processing")))
            .Says("order/1", Json(Order("valid", ",\"certificate\":\"https://acme.example/cert/1\"")))
            .Says("cert/1", Text(pem + "\n" + pem, "application/pem-certificate-chain", 200, null, "<https://acme.example/directory>;rel=\"index\"", "<https://acme.example/cert/1/1>;rel=\"alternate\""));
        var client = Registered();
        var order = JsonSerializer.Deserialize(Order("ready"), AcmeJson.Default.OrderObject)!;
        (await client.Finalize(order, new byte[] { 1 })).Status.Should().Be("processing");
        _server.Asked[^1].Payload.Should().Be("""{"csr":"AQ"}""");
        var chain = await client.DownloadChain((await client.WaitForCertificate(Root + "order/1")).Certificate!);
        chain.Certificates.Should().HaveCount(2).And.AllSatisfy(der => der.Should().Equal(certificate.RawData));
        chain.Alternates.Should().Equal(Root + "cert/1/1");
    }

    [Theory, Spec("RFC 8555 §9.1")]
    [InlineData("")]
    [InlineData("subject=CN\n-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAQID\n-----END PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\ntext")]
    public async Task Text_that_is_no_chain_is_not_taken(string text)
    {
        _server.Says("cert/1", Text(text, "application/pem-certificate-chain"));
        await Fails(c => c.DownloadChain(Root + "cert/1"), "certificate: https://acme.example/cert/1 answered text that is not a chain*");
    }

    [Fact, Spec("RFC 8555 §7.6")]
    public async Task Revocation_is_signed_by_the_account_or_the_certificate_key()
    {
        _server.Says("revoke", Status(200));
        await Registered().Revoke(new byte[] { 1 }, 4);
        (_server.Asked[^1].Payload, _server.Asked[^1].Jws!.Kid).Should().Be(("""{"certificate":"AQ","reason":4}""", AccountUrl));
        using var certificateKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        await Client().RevokeWithKey(JwsSigner.For(certificateKey), new byte[] { 1 });
        (_server.Asked[^1].Payload, _server.Asked[^1].Jws!.Jwk).Should().Be(("""{"certificate":"AQ"}""", Jwk.FromKey(certificateKey)));
    }

    [Fact, Spec("RFC 8555 §7.3.5")]
    public async Task After_a_key_change_the_new_key_signs()
    {
        _server.Says("change", Status(200)).Says("acct/1", Json("""{"status":"valid"}"""));
        using var newKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var client = Registered();
        await client.ChangeKey(JwsSigner.For(newKey));
        var inner = FlattenedJws.Parse(Encoding.UTF8.GetBytes(_server.Asked[^1].Payload), JwsUse.KeyChange);
        inner.Verify(Jwk.FromKey(newKey)).Should().BeTrue();
        var change = KeyChangeRequest.Parse(JsonElement.Parse(inner.Payload.Span));
        (inner.Url, change.Account, change.OldKey).Should().Be((Root + "change", AccountUrl, Jwk.FromKey(_key)));
        await client.Account();
        _server.Asked[^1].Jws!.Verify(Jwk.FromKey(newKey)).Should().BeTrue();
    }

    [Fact, Spec("RFC 8555 §7.1.2.1")]
    public async Task The_list_of_orders_is_read_to_its_end()
    {
        _server
            .Says("acct/1", Json("""{"status":"valid","orders":"https://acme.example/acct/1/orders"}"""))
            .Says("acct/1/orders", Json("""{"orders":["a","b"]}""", 200, null, "<https://acme.example/directory>;rel=\"index\", <https://acme.example/acct/1/orders?c=2>;rel=\"next\""))
            .Says("acct/1/orders?c=2", Json("""{"orders":["c"]}"""));
        (await Registered().Orders()).Should().Equal("a", "b", "c");
    }

    [Fact, Spec("RFC 8555 §7.3.2"), Spec("RFC 8555 §7.3.6"), Spec("RFC 8555 §7.5.2")]
    public async Task Updates_and_deactivations_are_sent()
    {
        _server.Says("acct/1", Json("""{"status":"valid"}""")).Says("authz/1", Json(Authorization("deactivated")));
        await Registered().UpdateContact([]);
        _server.Asked[^1].Payload.Should().Be("""{"contact":[]}""");
        await Registered().DeactivateAccount();
        _server.Asked[^1].Payload.Should().Be("""{"status":"deactivated"}""");
        await Registered().DeactivateAuthorization(Root + "authz/1");
        _server.Asked[^1].Payload.Should().Be("""{"status":"deactivated"}""");
    }

    [Fact]
    public async Task Answers_that_are_not_ACME_are_told_as_such()
    {
        _server.Says("directory", Text("<html>\n<title>Hello</title>", "text/html"));
        await Fails(c => c.Directory(), "directory: https://acme.example/directory answered text/html beginning '<html> <title>Hello</title>' where application/json was expected*");
        _server.Says("directory", Text("<html>", "text/html", 502));
        await Fails(c => c.Directory(), "directory: * with HTTP status 502 and no problem document");
        _server.Says("directory", Json("{}"));
        await Fails(c => c.Directory(), "directory: *newNonce*");
        _server.Says("directory", Json("""{"newNonce":"/nonce","newAccount":"/a","newOrder":"/o","revokeCert":"/r","keyChange":"/k"}"""));
        await Fails(c => c.NewOrder(new NewOrderRequest([])), "newNonce: expected an https URL, found '/nonce'");
    }

    [Fact]
    public async Task A_refusal_is_told_with_its_subproblems()
    {
        _server.Says("order", Text("""
            {"type":"urn:ietf:params:acme:error:compound","detail":"two","subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"no","identifier":{"type":"dns","value":"x"}}]}
            """, "application/problem+json", 400));
        var fault = await Fails(c => c.NewOrder(new NewOrderRequest([])), "newOrder: compound: two; x: rejectedIdentifier: no");
        (fault.Step, fault.Status, fault.Problem!.Subproblems!.Count).Should().Be(("newOrder", 400, 1));
        _server.Says("order", Text("""{"type":"urn:ietf:params:acme:error:malformed"}""", "application/problem+json", 400));
        await Fails(c => c.NewOrder(new NewOrderRequest([])), "newOrder: malformed: (no detail)");
    }

    [Fact]
    public async Task A_silent_server_is_given_up()
    {
        using var silent = new SilentServer();
        using var http = new HttpClient(silent);
        var client = new AcmeClient(http, Root + "directory", JwsSigner.For(_key), new AcmeClientOptions { Time = TimeProvider.System, RequestTimeout = TimeSpan.FromMilliseconds(50) });
        (await client.Invoking(c => c.Directory()).Should().ThrowAsync<AcmeClientException>()).WithMessage("directory: GET *: no answer within 0.1 s");
    }

    [Fact]
    public async Task A_simulator_can_change_payloads_and_signatures()
    {
        _server.Says("order", Json(Order("pending"), 201, Root + "order/1"));
        var signer = JwsSigner.For(_key, signature => signature[..63]);
        using var http = new HttpClient(_server, disposeHandler: false);
        var client = new AcmeClient(http, Root + "directory", signer, new AcmeClientOptions { Time = _clock, PayloadTransform = (step, payload) => [.. Encoding.UTF8.GetBytes(step), .. payload] });
        client.UseAccount(AccountUrl);
        await client.NewOrder(new NewOrderRequest([]));
        _server.Asked[^1].Payload.Should().StartWith("newOrder{");
        _server.Asked[^1].Jws!.HasShortSignature.Should().BeTrue();
    }

    private static string Order(string status, string more = "") =>
        $$"""{"status":"{{status}}","identifiers":[],"authorizations":[],"finalize":"https://acme.example/order/1/finalize"{{more}}}""";

    private static string Authorization(string status, string challenge = "") =>
        $$"""{"status":"{{status}}","identifier":{"type":"dns","value":"x"},"challenges":[{{challenge}}]}""";

    private static ChallengeObject Challenge() => new() { Type = "device-attest-01", Url = Root + "chall/1", Status = "pending", Token = "t" };

    private AcmeClient Client() =>
        new(new HttpClient(_server, disposeHandler: false), Root + "directory", JwsSigner.For(_key), new AcmeClientOptions { Time = _clock, OnStep = _steps.Add });

    private AcmeClient Registered()
    {
        var client = Client();
        client.UseAccount(AccountUrl);
        return client;
    }

    private async Task<AcmeClientException> Fails<T>(Func<AcmeClient, Task<T>> call, string message) =>
        (await Registered().Invoking(call).Should().ThrowAsync<AcmeClientException>()).WithMessage(message).Which;

    private sealed class SilentServer : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException("unreachable");
        }
    }
}
