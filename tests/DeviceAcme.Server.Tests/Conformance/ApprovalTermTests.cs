using System.Net;
using System.Security.Cryptography;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>How long a question to an officer and a yes count: other orders, time, restarts, limits, and clients that give up.</summary>
[Spec("RFC 8555 §7.1.6")]
[Spec("RFC 8555 §7.4")]
public sealed class ApprovalTermTests : ApprovalScene
{
    [Fact]
    public async Task A_yes_counts_for_the_next_orders_of_the_device_as_long_as_the_profile_says()
    {
        var (order, _, finalized) = await Enroll("required");
        finalized.State.Should().Be("processing");
        await ApproveIt(Id(order));
        (await order.Account.Settle(order.Url)).State.Should().Be("valid");

        (await Enroll("required")).Finalized.State.Should().Be("valid", "the client that gave up comes again");
        Server.Clock.Advance(TimeSpan.FromDays(7));
        (await Enroll("required")).Finalized.State.Should().Be("processing", "the yes is too old");
        (await Enroll("once")).Finalized.State.Should().Be("processing", "another profile asks for itself");
    }

    [Fact]
    public async Task A_yes_can_be_for_one_order_alone()
    {
        var (order, _, _) = await Enroll("once");
        await ApproveIt(Id(order));
        (await order.Account.Settle(order.Url)).State.Should().Be("valid");

        (await Enroll("once")).Finalized.State.Should().Be("processing");
    }

    [Fact]
    public async Task A_device_waits_with_its_newest_order()
    {
        var (first, _, _) = await Enroll("approve");
        var (second, _, finalized) = await Enroll("approve");

        finalized.State.Should().Be("processing");
        var superseded = await first.Account.Get(first.Url);
        superseded.State.Should().Be("invalid");
        ((string)superseded.Json["error"]!["reason"]!).Should().Be("approval-superseded");
        var waiting = await Server.Get("/admin/v1/orders?waiting=true", AdminJson.Default.OrderList);
        waiting.Orders.Should().ContainSingle().Which.Id.Should().Be(Id(second));
    }

    [Fact]
    public async Task An_order_that_nobody_answers_ends()
    {
        var (order, _, _) = await Enroll("once");
        Server.Clock.Advance(TimeSpan.FromHours(2));
        Worker.Wake();

        var ended = await order.Account.Settle(order.Url);

        ended.State.Should().Be("invalid");
        ((string)ended.Json["error"]!["reason"]!).Should().Be("approval-expired");
        using var late = await Server.Send(HttpMethod.Post, $"/admin/v1/orders/{Id(order)}/approve", "{}", Server.Token);
        late.StatusCode.Should().Be(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task An_approval_days_later_counts_though_order_and_authorization_would_have_ended()
    {
        var (order, _, _) = await Enroll("approve");
        Server.Clock.Advance(TimeSpan.FromDays(5));

        await ApproveIt(Id(order));

        (await order.Account.Settle(order.Url)).State.Should().Be("valid");
        using var certificate = Certificate();
        certificate.NotAfter.ToUniversalTime().Should().BeAfter(Simulated.Now.AddDays(94).UtcDateTime, "its life begins when it is issued");
    }

    [Fact]
    public async Task The_profile_of_the_order_counts_though_another_is_in_force()
    {
        var (order, _, _) = await Enroll("approve");
        await File.WriteAllTextAsync(Server.Server.ProfileFile("approve"), Approve.Replace("CN={{identifier}}, OU={{ledger.state}}", "CN=changed").Replace("unknown: approve", "unknown: refuse"));
        await Server.Restart();
        order.Account.Server = Server.Server;

        await ApproveIt(Id(order));

        (await order.Account.Settle(order.Url)).State.Should().Be("valid");
        using var certificate = Certificate();
        certificate.Subject.Should().StartWith($"CN={Simulated.Serial}");
    }

    [Fact]
    public async Task A_restart_forgets_neither_who_waits_nor_who_was_approved()
    {
        var (order, _, _) = await Enroll("approve");
        await Server.Restart();
        order.Account.Server = Server.Server;
        (await order.Account.Get(order.Url)).State.Should().Be("processing");

        await using (var context = Server.Server.Db.Read())
        {
            context.PendingIssuances.Single().Csr.Should().NotBeNull();
        }

        await ApproveIt(Id(order));
        (await order.Account.Settle(order.Url)).State.Should().Be("valid");
        await using var after = Server.Server.Db.Read();
        after.PendingIssuances.Single().Csr.Should().BeNull("it stands in the evidence as long as that is kept, and nowhere else");
    }

    [Fact, Spec("RFC 8555 §7.5.2")]
    public async Task An_authorization_that_is_given_up_ends_the_waiting()
    {
        var (order, _, _) = await Enroll("approve");

        (await order.Account.Post(order.AuthorizationUrl, """{"status":"deactivated"}""")).Status.Should().Be(HttpStatusCode.OK);

        (await order.Account.Get(order.Url)).State.Should().Be("invalid");
        await using var context = Server.Server.Db.Read();
        context.PendingIssuances.Single().State.Should().Be(IssuanceState.Closed);
    }

    [Fact, Spec("RFC 8555 §7.3.6")]
    public async Task An_account_that_goes_takes_its_waiting_orders_with_it()
    {
        var (order, _, _) = await Enroll("approve");

        await order.Account.Post(order.Account.Kid!, """{"status":"deactivated"}""");

        (await Show(Id(order))).Status.Should().Be("invalid");
        (await Server.Get("/admin/v1/orders?waiting=true", AdminJson.Default.OrderList)).Orders.Should().BeEmpty();
    }

    [Fact]
    public async Task An_approved_order_without_room_waits_until_there_is_some()
    {
        var (account, waiting) = await TwoWithRoomForOne();

        await Server.Server.Db.Commit(context => context.Record(context.Certificates.Single().Revoke(null, null, "olga", Server.Clock.GetUtcNow())));
        Server.Clock.Advance(TimeSpan.FromMinutes(6));
        Worker.Wake();

        (await account.Settle(waiting)).State.Should().Be("valid");
    }

    [Fact]
    public async Task An_approved_order_that_finds_no_room_in_time_ends_with_the_limits_reason()
    {
        var (account, waiting) = await TwoWithRoomForOne();

        Server.Clock.Advance(TimeSpan.FromDays(8));
        Worker.Wake();

        var ended = await account.Settle(waiting);
        ended.State.Should().Be("invalid");
        ((string)ended.Json["error"]!["reason"]!).Should().Be("account-limit-certificates");
    }

    /// <summary>Two orders of one account that are approved at once, where there is room for one certificate: the URL of the one that waits.</summary>
    private async Task<(TestAccount Account, string Waiting)> TwoWithRoomForOne()
    {
        var account = await Server.Account("one");
        var urls = new List<string>();
        foreach (var name in new[] { "one.example", "two.example" })
        {
            var order = await account.Authorize(await account.Order(("dns", name)));
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var finalized = await account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Csr(key, name)}}"}""");
            finalized.State.Should().Be("processing", finalized.Body);
            urls.Add(finalized.Header("Location")!);
        }

        await Server.Server.Db.Commit(context =>
        {
            foreach (var pending in context.PendingIssuances.ToList())
            {
                context.Record(pending.Approve(null, "olga", Server.Clock.GetUtcNow()));
            }
        });
        Worker.Wake();
        for (var tries = 0; ; tries++)
        {
            var states = new[] { (await account.Get(urls[0])).State, (await account.Get(urls[1])).State };
            await using var context = Server.Server.Db.Read();
            if (states.Contains("valid") && context.PendingIssuances.Any(pending => pending.Failure != null))
            {
                states.Should().BeEquivalentTo("valid", "processing");
                return (account, urls[Array.IndexOf(states, "processing")]);
            }

            tries.Should().BeLessThan(500, string.Join(' ', states));
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task Facts_are_kept_while_an_order_waits_however_short_the_retention()
    {
        var (order, _, _) = await Enroll("forgetful");
        Server.Clock.Advance(TimeSpan.FromDays(3));
        await Server.Server.Services.GetRequiredService<Vault.EvidenceCleaning>().Clean(Server.Clock.GetUtcNow(), TestContext.Current.CancellationToken);

        await ApproveIt(Id(order));

        (await order.Account.Settle(order.Url)).State.Should().Be("valid");
        using var certificate = Certificate();
        certificate.Subject.Should().Contain(Simulated.Serial);
    }
}
