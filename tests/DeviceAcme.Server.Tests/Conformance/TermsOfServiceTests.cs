using System.Net;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Agreement to the terms of service, and to changed ones (RFC 8555 §7.3, §7.3.3).</summary>
public sealed class TermsOfServiceTests
{
    private static readonly Uri Old = new("https://ca.example/terms/1");
    private static readonly Uri New = new("https://ca.example/terms/2");

    [Theory, Spec("RFC 8555 §7.3")]
    [InlineData("{}")]
    [InlineData("""{"termsOfServiceAgreed":false}""")]
    [InlineData("""{"termsOfServiceAgreed":null}""")]
    public async Task An_account_that_does_not_agree_is_not_made(string payload)
    {
        await using var server = await TestServer.Start(configure: options => options with { TermsOfService = Old });
        var account = new TestAccount(server);
        var reply = await account.Register(payload);

        ShouldAskFor(reply, Old);
        (await account.Register("""{"onlyReturnExisting":true}""")).ShouldBeProblem("accountDoesNotExist", 400);
        var made = await account.Register();
        made.Status.Should().Be(HttpStatusCode.Created);
        ((bool?)made.Json["termsOfServiceAgreed"]).Should().BeTrue();
    }

    [Fact, Spec("RFC 8555 §7.3.3")]
    public async Task After_a_change_orders_wait_for_the_new_agreement()
    {
        await using var before = await TestServer.Start(configure: options => options with { TermsOfService = Old });
        var account = new TestAccount(before);
        await account.Register();
        (await account.Order(("dns", "host.example"))).Status.Should().Be(HttpStatusCode.Created);

        await using var after = await before.Restart(options => options with { TermsOfService = New });
        account.Server = after;

        ShouldAskFor(await account.Order(("dns", "host.example")), New);
        ShouldAskFor(await account.Post($"{account.Root}/new-authz", """{"identifier":{"type":"dns","value":"host.example"}}"""), New);
        (await account.Get(account.Kid!)).Status.Should().Be(HttpStatusCode.OK, "what it has can still be read");

        (await account.Post(account.Kid!, """{"termsOfServiceAgreed":true}""")).Status.Should().Be(HttpStatusCode.OK);
        (await account.Order(("dns", "host.example"))).Status.Should().Be(HttpStatusCode.Created);
    }

    private static void ShouldAskFor(TestReply reply, Uri terms)
    {
        var problem = reply.ShouldBeProblem("userActionRequired", 403);
        ((string?)problem["instance"]).Should().Be(terms.AbsoluteUri);
        reply.Links("terms-of-service").Should().Equal(terms.AbsoluteUri);
    }
}
