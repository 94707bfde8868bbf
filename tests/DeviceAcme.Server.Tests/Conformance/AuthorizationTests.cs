using System.Net;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Authorizations: what they show, pre-authorization, deactivation (RFC 8555 §7.1.4, §7.4.1, §7.5).</summary>
public sealed class AuthorizationTests(SharedServer shared)
{
    [Fact, Spec("RFC 8555 §7.1.4")]
    public async Task An_authorization_shows_identifier_status_end_and_challenges()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "host.example"));
        var reply = await account.Get((string)order.Json["authorizations"]![0]!);

        reply.Status.Should().Be(HttpStatusCode.OK);
        reply.Json.AsObject().Select(member => member.Key).Should().BeEquivalentTo("identifier", "status", "expires", "challenges");
        reply.Json["identifier"]!.ToJsonString().Should().Be("""{"type":"dns","value":"host.example"}""");
        reply.State.Should().Be("pending");
        ((string?)reply.Json["expires"]).Should().Be("2026-11-23T12:00:00Z");
        foreach (var challenge in reply.Json["challenges"]!.AsArray())
        {
            challenge!.AsObject().Select(member => member.Key).Should().BeEquivalentTo("type", "url", "status", "token");
            ((string?)challenge["status"]).Should().Be("pending");
            ((string?)challenge["url"]).Should().StartWith($"{account.Root}/chall/");
        }
    }

    [Fact, Spec("RFC 8555 §7.1.4")]
    public async Task A_wildcard_is_the_name_below_with_wildcard_true_and_only_there()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "*.host.example"), ("dns", "host.example"));
        order.Json["identifiers"]!.AsArray().Select(identifier => (string)identifier!["value"]!).Should().Equal("*.host.example", "host.example");
        var wildcard = await account.Get((string)order.Json["authorizations"]![0]!);
        var plain = await account.Get((string)order.Json["authorizations"]![1]!);

        ((string?)wildcard.Json["identifier"]!["value"]).Should().Be("host.example");
        ((bool?)wildcard.Json["wildcard"]).Should().BeTrue();
        wildcard.Json["challenges"]!.AsArray().Select(challenge => (string)challenge!["type"]!).Should().Equal("dns-01");
        ((string?)plain.Json["identifier"]!["value"]).Should().Be("host.example");
        plain.Json.AsObject().ContainsKey("wildcard").Should().BeFalse();
    }

    [Theory, Spec("RFC 8738 §7"), Spec("RFC 8737 §3")]
    [InlineData("dns", "host.example", "http-01 dns-01 tls-alpn-01")]
    [InlineData("ip", "192.0.2.7", "http-01 tls-alpn-01")]
    [InlineData("ip", "2001:db8::1", "http-01 tls-alpn-01")]
    public async Task The_challenges_offered_fit_the_identifier(string type, string value, string challenges)
    {
        var account = await shared.Account();
        var order = await account.Order((type, value));
        var authorization = await account.Get((string)order.Json["authorizations"]![0]!);

        string.Join(' ', authorization.Json["challenges"]!.AsArray().Select(challenge => (string)challenge!["type"]!)).Should().Be(challenges);
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task One_valid_challenge_is_enough_and_the_others_stay_visible()
    {
        var account = await shared.Account();
        var order = await account.Authorize(await account.Order(("dns", "host.example")), "dns-01");
        order.State.Should().Be("ready");
        var authorization = await account.Get((string)order.Json["authorizations"]![0]!);

        authorization.State.Should().Be("valid");
        ((string?)authorization.Json["expires"]).Should().Be("2026-11-22T19:00:00Z", "it is required in valid authorizations");
        authorization.Json["challenges"]!.AsArray().Select(challenge => (string)challenge!["status"]!).Should().Equal("pending", "valid", "pending");
        var other = (string)authorization.Json["challenges"]![0]!["url"]!;
        (await account.Post(other, "{}")).ShouldBeProblem("malformed", 400);
    }

    [Fact, Spec("RFC 8555 §7.5")]
    public async Task Polling_is_told_when_to_look_again_while_a_validation_runs()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "hanging.example"));
        var challenge = await account.Challenge(order, "http-01");
        await account.Post((string)challenge["url"]!, "{}");

        (await account.Get((string)order.Json["authorizations"]![0]!)).Header("Retry-After").Should().MatchRegex("^[0-9]+$");
        await account.Post((string)order.Json["authorizations"]![0]!, """{"status":"deactivated"}""");
    }

    [Fact, Spec("RFC 8555 §7.4.1")]
    public async Task A_pre_authorization_is_201_and_serves_a_later_order()
    {
        var account = await shared.Account();
        var authorization = await account.Post($"{account.Root}/new-authz", """{"identifier":{"type":"dns","value":"host.example"},"existing":"x"}""");
        authorization.Status.Should().Be(HttpStatusCode.Created);
        var url = authorization.Header("Location")!;
        authorization.State.Should().Be("pending");
        await account.Post((string)authorization.Json["challenges"]![0]!["url"]!, "{}");
        (await account.Settle(url)).State.Should().Be("valid");

        var order = await account.Order(("dns", "host.example"));
        order.State.Should().Be("ready");
        ((string?)order.Json["authorizations"]![0]).Should().Be(url);
        (await account.Order(("dns", "*.host.example"))).State.Should().Be("pending", "a name is no wildcard");
        (await account.Order(("dns", "host.example"), ("dns", "other.example"))).State.Should().Be("pending");
        (await (await shared.Account()).Order(("dns", "host.example"))).State.Should().Be("pending", "it is another account's");
    }

    [Fact, Spec("RFC 8555 §7.4.1")]
    public async Task A_valid_pre_authorization_goes_before_a_newer_pending_one()
    {
        var account = await shared.Account();
        var valid = await PreAuthorize(account, "host.example");
        await account.Post((string)valid.Json["challenges"]![0]!["url"]!, "{}");
        await account.Settle(valid.Header("Location")!);
        await PreAuthorize(account, "host.example");

        (await account.Order(("dns", "host.example"))).State.Should().Be("ready");
    }

    [Theory, Spec("RFC 8555 §7.4.1")]
    [InlineData("""{"identifier":{"type":"dns","value":"*.host.example"}}""", "malformed")]
    [InlineData("""{"identifier":{"type":"dns","value":"host..example"}}""", "rejectedIdentifier")]
    [InlineData("""{"identifier":{"type":"email","value":"a@example.com"}}""", "unsupportedIdentifier")]
    [InlineData("""{"identifier":{"type":"dns"}}""", "malformed")]
    [InlineData("""{"identifier":"host.example"}""", "malformed")]
    [InlineData("{}", "malformed")]
    public async Task A_pre_authorization_for_something_else_is_refused(string payload, string type)
    {
        var account = await shared.Account();
        (await account.Post($"{account.Root}/new-authz", payload)).ShouldBeProblem(type, 400);
    }

    [Fact, Spec("RFC 8555 §7.5.2")]
    public async Task A_deactivated_authorization_takes_its_order_with_it()
    {
        var account = await shared.Account();
        var order = await account.Authorize(await account.Order(("dns", "host.example")));
        var url = (string)order.Json["authorizations"]![0]!;

        var reply = await account.Post(url, """{"status":"deactivated"}""");
        reply.Status.Should().Be(HttpStatusCode.OK);
        reply.State.Should().Be("deactivated");
        (await account.Get(order.Header("Location")!)).State.Should().Be("invalid");
        using var key = Simulated.NewKey();
        (await account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Csr(key, "host.example")}}"}""")).ShouldBeProblem("orderNotReady", 403);
        (await account.Post(url, """{"status":"deactivated"}""")).ShouldBeProblem("malformed", 400);
    }

    [Fact, Spec("RFC 8555 §7.5.2")]
    public async Task A_deactivated_pre_authorization_serves_no_order()
    {
        var account = await shared.Account();
        var authorization = await PreAuthorize(account, "host.example");
        await account.Post((string)authorization.Json["challenges"]![0]!["url"]!, "{}");
        await account.Settle(authorization.Header("Location")!);
        await account.Post(authorization.Header("Location")!, """{"status":"deactivated"}""");

        var order = await account.Order(("dns", "host.example"));
        order.State.Should().Be("pending");
        ((string?)order.Json["authorizations"]![0]).Should().NotBe(authorization.Header("Location"));
    }

    [Theory, Spec("RFC 8555 §7.5.2")]
    [InlineData("""{"status":"valid"}""")]
    [InlineData("""{"status":"revoked"}""")]
    [InlineData("""{"status":1}""")]
    [InlineData("{}")]
    [InlineData("[]")]
    public async Task Nothing_but_deactivation_can_be_asked_for(string payload)
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "host.example"));
        var url = (string)order.Json["authorizations"]![0]!;

        (await account.Post(url, payload)).ShouldBeProblem("malformed", 400);
        (await account.Get(url)).State.Should().Be("pending");
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task A_validation_that_ends_after_the_deactivation_changes_nothing()
    {
        await using var server = await TestServer.Start();
        var gate = new TaskCompletionSource();
        server.Network.Answer = async (_, _, _) =>
        {
            await gate.Task;
            return null;
        };
        var account = new TestAccount(server);
        await account.Register();
        var order = await account.Order(("dns", "host.example"));
        var challenge = (string)(await account.Challenge(order, "http-01"))["url"]!;
        await account.Post(challenge, "{}");
        await account.Post((string)order.Json["authorizations"]![0]!, """{"status":"deactivated"}""");
        gate.SetResult();

        (await account.Settle(challenge)).State.Should().Be("invalid");
        (await account.Get((string)order.Json["authorizations"]![0]!)).State.Should().Be("deactivated");
        (await account.Get(order.Header("Location")!)).State.Should().Be("invalid");
    }

    [Theory, Spec("RFC 8555 §7.1.3"), InlineData(true), InlineData(false)]
    public async Task A_valid_authorization_serves_the_next_order_where_the_server_is_told_so(bool reuse)
    {
        await using var server = await TestServer.Start(configure: options => options with { ReuseAuthorizations = reuse });
        var (account, other) = (new TestAccount(server), new TestAccount(server));
        await account.Register();
        await other.Register();
        var first = await account.Authorize(await account.Order(("dns", "host.example")));

        var again = await account.Order(("dns", "host.example"));

        again.State.Should().Be(reuse ? "ready" : "pending");
        ((string?)again.Json["authorizations"]![0] == (string?)first.Json["authorizations"]![0]).Should().Be(reuse);
        (await account.Order(("dns", "host.example"), ("dns", "www.host.example"))).State.Should().Be("pending", "the other name is not proven");
        (await account.Order(("dns", "*.host.example"))).State.Should().Be("pending", "a wildcard is proven by itself");
        (await other.Order(("dns", "host.example"))).State.Should().Be("pending", "what one account proved is not another's");
    }

    private static async Task<TestReply> PreAuthorize(TestAccount account, string name)
    {
        var reply = await account.Post($"{account.Root}/new-authz", $$$"""{"identifier":{"type":"dns","value":"{{{name}}}"}}""");
        reply.Status.Should().Be(HttpStatusCode.Created);
        return reply;
    }
}
