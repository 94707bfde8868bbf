using System.Collections.Concurrent;
using System.Net;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Server.Tests.Tickets;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Challenges: answered, validated, failed (RFC 8555 §7.1.5, §7.5.1, §8).</summary>
public sealed class ChallengeTests(SharedServer shared)
{
    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task An_answer_is_200_with_the_challenge_and_a_link_up()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "host.example"));
        var challenge = await account.Challenge(order, "http-01");

        var reply = await account.Post((string)challenge["url"]!, "{}");

        reply.Status.Should().Be(HttpStatusCode.OK);
        reply.ContentType.Should().Be("application/json");
        reply.Links("up").Should().Equal((string)order.Json["authorizations"]![0]!);
        reply.State.Should().BeOneOf("processing", "valid");
        ((string?)reply.Json["type"]).Should().Be("http-01");
        ((string?)reply.Json["url"]).Should().Be((string)challenge["url"]!);
        ((string?)reply.Json["token"]).Should().Be((string)challenge["token"]!);
    }

    [Fact, Spec("RFC 8555 §8")]
    public async Task A_valid_challenge_says_when_it_was_validated()
    {
        var account = await shared.Account();
        var order = await account.Authorize(await account.Order(("dns", "host.example")));
        var challenge = await account.Challenge(order, "http-01");

        ((string?)challenge["status"]).Should().Be("valid");
        ((string?)challenge["validated"]).Should().Be("2026-11-22T12:00:00Z");
        challenge["error"].Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task Reading_a_challenge_starts_nothing()
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "host.example"));
        var url = (string)(await account.Challenge(order, "http-01"))["url"]!;
        for (var time = 0; time < 5; time++)
        {
            var reply = await account.Get(url);
            reply.State.Should().Be("pending");
            reply.Links("up").Should().ContainSingle();
        }

        (await account.Get(order.Header("Location")!)).State.Should().Be("pending");
    }

    [Theory, Spec("RFC 8555 §7.5.1")]
    [InlineData("""{"keyAuthorization":"x.y","resource":"challenge","type":"dns-01"}""")]
    [InlineData("""{"unknown":{"nested":[null]}}""")]
    public async Task Unknown_members_of_an_answer_are_ignored(string payload)
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "host.example"));
        var url = (string)(await account.Challenge(order, "http-01"))["url"]!;

        (await account.Post(url, payload)).Status.Should().Be(HttpStatusCode.OK);
        (await account.Settle(url)).State.Should().Be("valid");
    }

    [Theory, Spec("RFC 8555 §7.5.1")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"\"")]
    [InlineData("{")]
    public async Task An_answer_that_is_no_object_is_malformed_and_the_challenge_stays_pending(string payload)
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "host.example"));
        var url = (string)(await account.Challenge(order, "http-01"))["url"]!;

        (await account.Post(url, payload)).ShouldBeProblem("malformed", 400);
        (await account.Get(url)).State.Should().Be("pending");
    }

    [Theory, Spec("RFC 8555 §7.1.6")]
    [InlineData("http-01")]
    [InlineData("dns-01")]
    [InlineData("tls-alpn-01")]
    public async Task A_failed_challenge_keeps_its_error_and_ends_authorization_and_order(string type)
    {
        var account = await shared.Account();
        var order = await account.Order(("dns", "refused.example"));
        var url = (string)(await account.Challenge(order, type))["url"]!;
        await account.Post(url, "{}");

        var challenge = await account.Settle(url);
        challenge.State.Should().Be("invalid");
        ((string?)challenge.Json["error"]!["type"]).Should().Be("urn:ietf:params:acme:error:incorrectResponse");
        ((string?)challenge.Json["error"]!["detail"]).Should().NotBeNullOrEmpty();
        challenge.Json["validated"].Should().BeNull();
        var authorization = await account.Get((string)order.Json["authorizations"]![0]!);
        authorization.State.Should().Be("invalid");
        authorization.Json["challenges"]!.AsArray().Should().HaveCount(3, "invalid challenges are not removed");
        (await account.Get(order.Header("Location")!)).State.Should().Be("invalid");
        (await account.Post(url, "{}")).ShouldBeProblem("malformed", 400);
    }

    [Fact, Spec("RFC 8555 §8.1")]
    public async Task The_validation_knows_token_key_authorization_account_and_name()
    {
        await using var server = await TestServer.Start();
        var asked = new ConcurrentQueue<(string Type, ValidationTarget Target)>();
        server.Network.Answer = (type, target, _) =>
        {
            asked.Enqueue((type, target));
            return Task.FromResult<Protocol.Acme.Problem?>(null);
        };
        var account = new TestAccount(server);
        await account.Register();
        var order = await account.Order(("dns", "*.host.example"));
        var challenge = await account.Challenge(order, "dns-01");
        await account.Authorize(order, "dns-01");

        var (type, target) = asked.Single();
        type.Should().Be("dns-01");
        target.Token.Should().Be((string)challenge["token"]!);
        target.KeyAuthorization.Should().Be($"{target.Token}.{account.Key.Thumbprint}");
        target.Identifier.Value.Should().Be("host.example");
        target.Wildcard.Should().BeTrue();
        target.AccountUrl.Should().Be(account.Kid);
        target.CheckCaa.Should().BeTrue();
    }

    [Fact, Spec("RFC 8657 §3")]
    public async Task The_validation_knows_the_url_of_an_account_in_the_directory_of_a_ticket()
    {
        await using var server = await TestServer.Start();
        var asked = new ConcurrentQueue<ValidationTarget>();
        server.Network.Answer = (_, target, _) =>
        {
            asked.Enqueue(target);
            return Task.FromResult<Protocol.Acme.Problem?>(null);
        };
        var account = server.At(await server.NewTicket(new Protocol.Admin.NewTicketRequest { Profile = "tls-server" }));
        await account.Register();
        await account.Authorize(await account.Order(("dns", "host.example")));

        asked.Single().IsAccount(account.Kid!).Should().BeTrue();
        asked.Single().IsAccount(account.Kid! + "1").Should().BeFalse();
    }

    [Fact, Spec("RFC 8555 §8.1")]
    public async Task After_a_rollover_the_key_authorization_is_the_new_keys()
    {
        await using var server = await TestServer.Start();
        var asked = new ConcurrentQueue<string>();
        server.Network.Answer = (_, target, _) =>
        {
            asked.Enqueue(target.KeyAuthorization);
            return Task.FromResult<Protocol.Acme.Problem?>(null);
        };
        var account = new TestAccount(server);
        await account.Register();
        var order = await account.Order(("dns", "host.example"));
        var challenge = await account.Challenge(order, "http-01");
        var fresh = TestKey.P256();
        await KeyChangeTests.Change(account, fresh);
        account.Key = fresh;
        await account.Authorize(order);

        asked.Should().Equal($"{challenge["token"]}.{fresh.Thumbprint}");
    }

    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task A_second_answer_starts_no_second_validation()
    {
        await using var server = await TestServer.Start();
        var (gate, count) = (new TaskCompletionSource(), 0);
        server.Network.Answer = async (_, _, _) =>
        {
            Interlocked.Increment(ref count);
            await gate.Task;
            return null;
        };
        var account = new TestAccount(server);
        await account.Register();
        var order = await account.Order(("dns", "host.example"));
        var url = (string)(await account.Challenge(order, "http-01"))["url"]!;
        for (var time = 0; time < 3; time++)
        {
            var reply = await account.Post(url, "{}");
            reply.State.Should().Be("processing");
            reply.Header("Retry-After").Should().MatchRegex("^[0-9]+$");
        }

        gate.SetResult();
        (await account.Settle(url)).State.Should().Be("valid");
        (await account.Post(url, "{}")).State.Should().Be("valid");
        count.Should().Be(1);
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task An_answer_to_an_expired_authorization_is_refused()
    {
        await using var server = await TestServer.Start();
        var account = new TestAccount(server);
        await account.Register();
        var order = await account.Order(("dns", "host.example"));
        var url = (string)(await account.Challenge(order, "http-01"))["url"]!;
        server.Clock.Advance(TimeSpan.FromHours(25));

        (await account.Post(url, "{}")).ShouldBeProblem("malformed", 400);
        (await account.Get(url)).State.Should().Be("pending");
    }

    [Fact, Spec("RFC 8555 §8")]
    public async Task Every_challenge_has_a_token_of_at_least_128_bits_of_its_own()
    {
        var account = await shared.Account();
        var order = await account.Order(Enumerable.Range(0, 20).Select(number => ("dns", $"host{number}.example")).ToArray());
        var tokens = new List<string>();
        foreach (var url in order.Json["authorizations"]!.AsArray())
        {
            tokens.AddRange((await account.Get((string)url!)).Json["challenges"]!.AsArray().Select(challenge => (string)challenge!["token"]!));
        }

        tokens.Should().HaveCount(60).And.OnlyHaveUniqueItems();
        tokens.Should().OnlyContain(token => token.Length >= 22 && token.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-' || letter == '_'));
    }

    [Fact, Spec("RFC 8555 §7.5.1")]
    public async Task A_validation_that_fails_by_our_own_fault_is_tried_again_and_ends_valid()
    {
        await using var server = await TestServer.Start();
        var count = 0;
        server.Network.Answer = (_, _, _) => Interlocked.Increment(ref count) == 1 ? throw new InvalidOperationException("a fault of the server") : Task.FromResult<Protocol.Acme.Problem?>(null);
        var account = new TestAccount(server);
        await account.Register();
        var order = await account.Order(("dns", "host.example"));
        var url = (string)(await account.Challenge(order, "http-01"))["url"]!;
        (await account.Post(url, "{}")).Status.Should().Be(HttpStatusCode.OK);

        // the server looks again after five seconds
        while ((await account.Get(url)).State == "processing")
        {
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        (await account.Get(url)).State.Should().Be("valid");
        count.Should().Be(2);
    }
}
