using DeviceAcme.Server.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

public sealed class RateLimitTests
{
    [Fact, Spec("RFC 8555 §6.6")]
    public async Task An_account_with_too_many_open_orders_is_rateLimited_until_they_expire()
    {
        await using var server = await TestServer.Start();
        var account = new TestAccount(server);
        await account.Register();
        for (var i = 0; i < CreateOrder.MaxOpenOrders; i++)
        {
            ((int)(await account.Order(("dns", $"h{i}.example"))).Status).Should().Be(201);
        }

        var refused = await account.Order(("dns", "one-more.example"));

        refused.ShouldBeProblem("rateLimited", 429);
        refused.Header("Retry-After").Should().Be("3600");
        var other = new TestAccount(server);
        await other.Register();
        ((int)(await other.Order(("dns", "other.example"))).Status).Should().Be(201, "the limit is each account's own");
        server.Clock.Advance(TimeSpan.FromDays(2));
        ((int)(await account.Order(("dns", "one-more.example"))).Status).Should().Be(201);
    }
}
