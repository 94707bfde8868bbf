using DeviceAcme.Core;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Limits per device and per account: <c>rateLimited</c>, a reason of its own, and when to come again.</summary>
public sealed class LimitTests
{
    [Fact, Spec("RFC 8555 §6.6")]
    public async Task A_device_has_no_more_valid_certificates_than_its_profile_allows()
    {
        await using var server = await Start(devices: "certificates: 2");
        await Enroll(await Account(server));
        server.Clock.Advance(TimeSpan.FromDays(1));
        await Enroll(await Account(server));

        var refused = await (await Account(server)).Order(("permanent-identifier", Simulated.Serial));

        Refused(refused, "device-limit-certificates").Should().Be((int)(TimeSpan.FromDays(89) - TimeSpan.FromMinutes(5)).TotalSeconds, "then the first one ends");
        await Revoke(server);
        await Enroll(await Account(server));
    }

    [Fact]
    public async Task The_limit_holds_for_orders_that_were_made_before_it_was_reached()
    {
        await using var server = await Start(devices: "certificates: 1");
        var account = await Account(server);
        var (first, second) = (await Simulated.Order(account, Simulated.Serial), await Simulated.Order(account, Simulated.Serial));
        foreach (var order in (DeviceOrder[])[first, second])
        {
            (await order.Send(Simulated.Apple.Make(order.Material, Key))).State.Should().Be("valid");
        }

        (await first.Finalize(Key)).State.Should().Be("valid");
        var refused = await second.Finalize(Key);

        Refused(refused, "device-limit-certificates").Should().BePositive();
        (await account.Get(second.Url)).State.Should().Be("ready", "there may be room before the order expires");
        await Revoke(server);
        (await second.Finalize(Key)).State.Should().Be("valid");
    }

    [Fact]
    public async Task A_device_proves_no_more_orders_within_an_hour_than_its_profile_allows()
    {
        await using var server = await Start(devices: "orders-per-hour: 2");
        var account = await Account(server);
        var early = await Simulated.Order(account, Simulated.Serial);
        await Enroll(account);
        server.Clock.Advance(TimeSpan.FromMinutes(10));
        await Enroll(account);

        Refused(await account.Order(("permanent-identifier", Simulated.Serial)), "device-limit-orders").Should().Be(50 * 60);
        Refused(await early.Send(Simulated.Apple.Make(early.Material, Key)), "device-limit-orders").Should().Be(50 * 60);
        (await early.States()).Should().Be("pending pending pending", "nothing was decided");

        server.Clock.Advance(TimeSpan.FromMinutes(50));
        await Enroll(account);
    }

    [Fact]
    public async Task Orders_that_merely_name_a_device_use_up_nothing_of_it()
    {
        await using var server = await Start(devices: "orders-per-hour: 1, certificates: 1, accounts: 1");
        var stranger = await Account(server);
        for (var i = 0; i < 3; i++)
        {
            await Simulated.Order(stranger, Simulated.Serial);
        }

        await Enroll(await Account(server));
    }

    [Fact]
    public async Task A_device_serves_no_more_accounts_at_a_time_than_its_profile_allows()
    {
        await using var server = await Start(devices: "accounts: 2");
        var first = await Account(server);
        await Enroll(first);
        await Enroll(await Account(server));

        var third = await Simulated.Order(await Account(server), Simulated.Serial);
        Refused(await third.Send(Simulated.Apple.Make(third.Material, Key)), "device-limit-accounts").Should().BePositive();
        await Enroll(first);

        (await first.Post(first.Kid!, """{"status":"deactivated"}""")).Status.Should().Be(System.Net.HttpStatusCode.OK);
        (await third.Send(Simulated.Apple.Make(third.Material, Key))).State.Should().Be("valid", "an account that was given up counts no more");
    }

    [Fact]
    public async Task An_account_makes_no_more_orders_within_an_hour_and_has_no_more_certificates_than_its_profile_allows()
    {
        await using var server = await Start(accounts: "orders-per-hour: 3, certificates: 2");
        var account = await Account(server);
        await Enroll(account);
        await Enroll(account);
        Refused(await account.Order(("permanent-identifier", Simulated.Serial)), "account-limit-certificates").Should().BePositive();
        await Revoke(server);
        await Enroll(account);

        Refused(await account.Order(("permanent-identifier", Simulated.Serial)), "account-limit-orders").Should().Be(3600);
        await Enroll(await Account(server));
    }

    private static System.Security.Cryptography.ECDsa Key { get; } = Simulated.NewKey();

    private static Task<TestServer> Start(string devices = "", string accounts = "")
    {
        var shipped = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "profiles", "apple-device.yaml"));
        var limited = shipped.Replace("name: apple-device", "name: limited", StringComparison.Ordinal)
            .Replace("  unknown: refuse", $"  unknown: register\n  limits: {{ {devices} }}", StringComparison.Ordinal)
            .Replace("\naccounts:\n", $"\naccounts:\n  limits: {{ {accounts} }}\n", StringComparison.Ordinal);
        return TestServer.Start(new Dictionary<string, string> { ["limited"] = limited }, anchors: Simulated.Anchors);
    }

    private static async Task<TestAccount> Account(TestServer server)
    {
        var account = new TestAccount(server, "limited");
        await account.Register();
        return account;
    }

    private static async Task Enroll(TestAccount account)
    {
        using var key = Simulated.NewKey();
        var order = await Simulated.Order(account, Simulated.Serial);
        (await order.Send(Simulated.Apple.Make(order.Material, key))).State.Should().Be("valid");
        (await order.Finalize(key)).State.Should().Be("valid");
    }

    private static Task Revoke(TestServer server) => server.Db.Commit(context =>
    {
        foreach (var certificate in context.Certificates.Where(row => row.RevokedAt == null))
        {
            certificate.Revoke(null, null, "test", server.Clock.GetUtcNow());
        }
    });

    /// <summary>When to come again, in seconds.</summary>
    private static int Refused(TestReply reply, string reason)
    {
        var problem = reply.ShouldBeProblem("rateLimited", 429);
        ((string)problem["reason"]!).Should().Be(reason);
        return int.Parse(reply.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture);
    }
}
