using System.Net;
using DeviceAcme.Server.Retention;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Orders that came to nothing are dropped when their time has long been over; those with a certificate are not.</summary>
public sealed class UnfinishedOrderTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_go_after_90_days_with_all_that_hangs_from_them_and_not_before()
    {
        await using var server = await TestServer.Start();
        var account = new TestAccount(server);
        await account.Register();
        var pending = await account.Order(("dns", "pending.example"));
        var refused = await Refused(account, "refused.example");
        var valid = await Finished(account, "finished.example");

        (await Clean(server, TimeSpan.FromDays(90) - TimeSpan.FromSeconds(1))).Should().Be(0);
        (await account.Get(pending.Header("Location")!)).Status.Should().Be(HttpStatusCode.OK);
        (await Clean(server, TimeSpan.FromSeconds(1))).Should().Be(2);

        (await account.Get(pending.Header("Location")!)).Status.Should().Be(HttpStatusCode.Forbidden, "what is not there looks like what is another's");
        (await account.Get(refused)).Status.Should().Be(HttpStatusCode.Forbidden, "what is not there looks like what is another's");
        (await account.Get(valid)).State.Should().Be("valid");
        await using var context = server.Db.Read();
        context.Orders.Should().ContainSingle();
        context.Authorizations.Should().ContainSingle();
        context.OrderAuthorizations.Should().ContainSingle();
        context.Challenges.Select(row => row.AuthorizationId).Distinct().Should().ContainSingle();
        context.Certificates.Should().ContainSingle();
    }

    [Fact]
    public async Task How_long_is_a_setting()
    {
        await using var server = await TestServer.Start(configure: options => options with { KeepUnfinishedOrders = TimeSpan.FromDays(400) });
        var account = new TestAccount(server);
        await account.Register();
        await account.Order(("dns", "pending.example"));

        (await Clean(server, TimeSpan.FromDays(399))).Should().Be(0);
        (await Clean(server, TimeSpan.FromDays(1))).Should().Be(1);
    }

    [Fact]
    public async Task An_authorization_that_another_order_was_finished_with_stays()
    {
        await using var server = await TestServer.Start(configure: options => options with { ReuseAuthorizations = true });
        var account = new TestAccount(server);
        await account.Register();
        var valid = await Finished(account, "shared.example");
        await account.Order(("dns", "shared.example"));

        (await Clean(server, TimeSpan.FromDays(90))).Should().Be(1);

        var order = await account.Get(valid);
        (await account.Get((string)order.Json["authorizations"]![0]!)).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Many_are_dropped_in_steps_between_which_requests_pass()
    {
        await using var server = await TestServer.Start();
        for (var number = 0; number < 4; number++)
        {
            var account = new TestAccount(server);
            await account.Register();
            for (var order = 0; order < UnfinishedOrders.Step / 2; order++)
            {
                (await account.Order(("dns", $"host{order}.example"))).Status.Should().Be(HttpStatusCode.Created);
            }
        }

        server.Clock.Advance(TimeSpan.FromDays(91));
        var cleaning = server.Services.GetRequiredService<UnfinishedOrders>().Clean(server.Clock.GetUtcNow(), Cancellation);
        await new TestAccount(server).Register();
        (await cleaning).Should().Be(2 * UnfinishedOrders.Step);
    }

    private static async Task<string> Refused(TestAccount account, string name)
    {
        var order = await account.Order(("dns", name));
        var url = (string)order.Json["authorizations"]![0]!;
        (await account.Post(url, """{"status":"deactivated"}""")).Status.Should().Be(HttpStatusCode.OK);
        return order.Header("Location")!;
    }

    private static async Task<string> Finished(TestAccount account, string name)
    {
        var order = await account.Order(("dns", name));
        using var certificate = await account.Certificate(await account.Authorize(order), name);
        return order.Header("Location")!;
    }

    private static Task<int> Clean(TestServer server, TimeSpan later)
    {
        server.Clock.Advance(later);
        return server.Services.GetRequiredService<UnfinishedOrders>().Clean(server.Clock.GetUtcNow(), Cancellation);
    }
}
