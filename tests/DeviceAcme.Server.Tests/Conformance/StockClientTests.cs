using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>What stock clients ask of a server beyond the letter of RFC 8555, each seen with a real client.</summary>
public sealed class StockClientTests(SharedServer shared)
{
    [Fact, Spec("RFC 8555 §7.4")]
    public async Task Finalize_answers_with_Location_for_golangs_acme()
    {
        var account = await shared.Account();
        var order = await account.Enroll("host.example");
        order.Header("Location").Should().StartWith($"{account.Root}/order/");
    }

    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task Retry_After_is_a_small_number_of_seconds_for_acmez()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "hanging.example"));
        var challenge = await account.Challenge(order, "http-01");
        var replies = new[]
        {
            await account.Post((string)challenge["url"]!, "{}"),
            await account.Get((string)challenge["url"]!),
            await account.Get((string)order.Json["authorizations"]![0]!),
        };

        replies.Should().OnlyContain(reply => int.Parse(reply.Header("Retry-After")!) >= 1 && int.Parse(reply.Header("Retry-After")!) <= 5);
        await account.Post((string)order.Json["authorizations"]![0]!, """{"status":"deactivated"}""");
    }

    [Fact, Spec("RFC 8555 §9.1")]
    public async Task Media_types_have_no_parameters_for_p1_acme()
    {
        var account = await shared.Account();
        var order = await account.Enroll("host.example");
        string[] urls = [account.Kid!, $"{account.Kid}/orders", order.Header("Location")!, (string)order.Json["authorizations"]![0]!, (string)(await account.Challenge(order, "http-01"))["url"]!];
        foreach (var url in urls)
        {
            (await account.Get(url)).ContentType.Should().Be("application/json");
        }

        (await account.Fetch($"{account.Root}/directory")).ContentType.Should().Be("application/json");
        (await account.Get((string)order.Json["certificate"]!)).ContentType.Should().Be("application/pem-certificate-chain");
        (await account.Get($"{account.Root}/order/unknown")).ContentType.Should().Be("application/problem+json");
    }

    [Theory, Spec("RFC 8555 §8")]
    [InlineData("tls-server", "dns", "host.example")]
    [InlineData("tls-server", "dns", "*.host.example")]
    [InlineData("tls-server", "ip", "192.0.2.1")]
    [InlineData("apple-device", "permanent-identifier", "ABC")]
    [InlineData("mixed", "hardware-module", "ABC/1.2.3")]
    public async Task Every_challenge_has_a_token_for_uacme(string profile, string type, string value)
    {
        var account = await shared.Account(profile);
        var order = await account.Order((type, value));
        var authorization = await account.Get((string)order.Json["authorizations"]![0]!);

        authorization.Json["challenges"]!.AsArray().Should().NotBeEmpty().And.OnlyContain(challenge => ((string?)challenge!["token"])!.Length >= 22);
    }

    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task A_second_answer_to_a_valid_challenge_is_200_for_root_acme()
    {
        var account = await shared.Account();
        var order = await account.Authorize(await account.Order(("dns", "host.example")));
        var again = await account.Post((string)(await account.Challenge(order, "http-01"))["url"]!, "{}");

        again.Status.Should().Be(HttpStatusCode.OK);
        again.State.Should().Be("valid");
        (await account.Get(order.Header("Location")!)).State.Should().Be("ready");
    }

    [Fact, Spec("RFC 8555 §7.3.2")]
    public async Task An_empty_object_posted_to_the_account_is_200_with_the_account_for_lacme()
    {
        var account = new TestAccount(shared.Server);
        await account.Register("""{"contact":["mailto:a@example.com"]}""");
        var reply = await account.Post(account.Kid!, "{}");

        reply.Status.Should().Be(HttpStatusCode.OK);
        reply.Body.Should().Be((await account.Get(account.Kid!)).Body);
        reply.Json["contact"]!.AsArray().Should().ContainSingle();
    }

    [Fact, Spec("RFC 8555 §7.4")]
    public async Task A_CSR_with_the_name_in_the_common_name_alone_is_right_for_acme_tiny()
    {
        var account = await shared.Account();
        var order = await account.Authorize(await account.Order(("dns", "host.example")));
        using var key = Simulated.NewKey();
        var csr = TestAccount.Base64(new CertificateRequest("CN=host.example", key, HashAlgorithmName.SHA256).CreateSigningRequest());

        (await account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{csr}}"}""")).State.Should().Be("valid");
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task A_failed_challenge_ends_authorization_and_order_at_once_for_certbot_and_others()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "refused.example"));
        var challenge = (string)(await account.Challenge(order, "http-01"))["url"]!;
        await account.Post(challenge, "{}");

        (await account.Settle(challenge)).State.Should().Be("invalid");
        (await account.Get((string)order.Json["authorizations"]![0]!)).State.Should().Be("invalid");
        (await account.Get(order.Header("Location")!)).State.Should().Be("invalid");
    }

    [Fact, Spec("RFC 8555 §7.3")]
    public async Task Location_stands_on_newAccount_always_and_on_an_update_never_for_acmeapi()
    {
        var account = new TestAccount(shared.Server);
        (await account.Register()).Header("Location").Should().NotBeNull();
        (await account.Post($"{account.Root}/new-account", "{}", useJwk: true)).Header("Location").Should().Be(account.Kid);
        (await account.Post(account.Kid!, """{"contact":["mailto:a@example.com"]}""")).Header("Location").Should().BeNull();
        (await account.Post(account.Kid!, "{}")).Header("Location").Should().BeNull();
        (await account.Get(account.Kid!)).Header("Location").Should().BeNull();
        (await account.Post(account.Kid!, """{"status":"deactivated"}""")).Header("Location").Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §7.1.1")]
    public async Task TermsOfService_is_an_http_URL_for_p1_acme()
    {
        await using var server = await TestServer.Start(configure: options => options with { TermsOfService = new Uri("https://ca.example/terms") });
        ((string?)(await new TestAccount(server).Fetch($"{TestServer.BaseUrl}/directory")).Json["meta"]!["termsOfService"]).Should().StartWith("https://");
    }

    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task Members_of_older_drafts_are_ignored_in_every_payload()
    {
        var account = new TestAccount(shared.Server);
        (await account.Register("""{"resource":"new-reg","agreement":"https://ca.example/terms","termsOfServiceAgreed":true}""")).Status.Should().Be(HttpStatusCode.Created);
        (await account.Post(account.Kid!, """{"resource":"reg","contact":[]}""")).Status.Should().Be(HttpStatusCode.OK);
        var order = await account.Post($"{account.Root}/new-order", """{"resource":"new-order","identifiers":[{"type":"dns","value":"host.example"}]}""");
        var challenge = await account.Challenge(order, "http-01");
        (await account.Post((string)challenge["url"]!, $$"""{"resource":"challenge","keyAuthorization":"{{challenge["token"]}}.x"}""")).Status.Should().Be(HttpStatusCode.OK);
        (await account.Settle((string)order.Json["authorizations"]![0]!)).State.Should().Be("valid");
        using var key = Simulated.NewKey();
        var valid = await account.Post((string)order.Json["finalize"]!, $$"""{"resource":"new-cert","csr":"{{TestAccount.Csr(key, "host.example")}}"}""");
        valid.State.Should().Be("valid");
        using var certificate = X509Certificate2.CreateFromPem((await account.Get((string)valid.Json["certificate"]!)).Body);
        (await account.Post($"{account.Root}/revoke-cert", $$"""{"resource":"revoke-cert","certificate":"{{TestAccount.Base64(certificate.RawData)}}"}""")).Status.Should().Be(HttpStatusCode.OK);
    }
}
