using System.Text;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Refusals;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Tests.Tickets;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Refusals;

/// <summary>Who is refused at the door is in the audit log, with the reason and whom it is about.</summary>
public sealed class AuditedRefusalTests : IAsyncLifetime
{
    private const int MostOfAKind = 4;

    private TestServer? _server;

    private TestServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await TestServer.Start(
        TestProfiles.All, anchors: Simulated.Anchors, ledger: true, services: services => services.AddSingleton(_ => new RefusalQuota(10, MostOfAKind)));

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task The_order_of_a_blocked_device_is_an_event_with_device_and_account()
    {
        var device = await Import("blocked");
        var account = await Account("apple-device");

        (await account.Order(("permanent-identifier", Simulated.Serial))).Reason.Should().Be("device-blocked");
        (await account.Post($"{account.Root}/new-authz", $$$"""{"identifier":{"type":"permanent-identifier","value":"{{{Simulated.Serial}}}"}}""")).Reason.Should().Be("device-blocked");

        var refused = Refused();
        refused.Select(happened => happened.Kind).Should().Equal("order.refused", "authorization.refused");
        refused.Should().OnlyContain(happened => happened.Reason == "device-blocked" && happened.Device == device && happened.Profile == "apple-device");
        refused.Should().OnlyContain(happened => account.Kid!.EndsWith($"/{happened.Account}", StringComparison.Ordinal));
        refused[0].Detail.Should().Contain(Simulated.Serial);
    }

    [Fact]
    public async Task Each_refused_identifier_is_an_event_of_its_own_and_what_cannot_be_read_is_none()
    {
        var account = await Account(TestProfiles.Narrow);

        (await account.Order(("dns", "one.example.com"), ("dns", "fine.example.org"), ("email", "ada@example.org"))).Reason.Should().Be("several-problems");
        (await account.Post($"{account.Root}/new-order", """{"identifiers":"?"}""")).Reason.Should().Be("json-wrong-type");

        Refused().Select(happened => (happened.Kind, happened.Reason)).Should().Equal(("order.refused", "identifier-not-allowed"), ("order.refused", "identifier-type-unsupported"));
        Refused()[0].Detail.Should().StartWith("dns:one.example.com: ");
    }

    [Fact]
    public async Task A_used_ticket_a_wrong_key_and_none_at_all_are_events_without_an_account()
    {
        var device = await Import("expected");
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = "apple-device", Device = device.Value });
        await Server.At(ticket).Register();

        (await Server.At(ticket).Register()).Reason.Should().Be("ticket-used");
        (await new TestAccount(Server, TestProfiles.EabRequired).Register()).Reason.Should().Be("external-account-required");
        var guess = ticket.Path()[..^4] + "AAAA";
        var code = guess[^20..];
        (await Server.Http.GetAsync($"/acme/{guess}/directory", TestContext.Current.CancellationToken)).StatusCode.Should().Be(System.Net.HttpStatusCode.NotFound);

        var refused = Refused();
        refused.Select(happened => (happened.Kind, happened.Reason)).Should().Equal(
            ("account.refused", "ticket-used"), ("account.refused", "external-account-required"), ("directory.refused", "directory-unknown"));
        refused.Should().OnlyContain(happened => happened.Account == null && happened.Detail!.Contains("from "));
        refused[0].Device.Should().Be(device);
        Events().Should().OnlyContain(happened => happened.Detail == null || !happened.Detail.Contains(code), "a code is a secret, also a wrong one");
    }

    [Fact]
    public async Task A_ticket_that_ended_and_a_code_that_is_none_are_events_of_the_order()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = TestProfiles.EabRequired, RegistrationEndsIn = "1h", Allowed = ["dns:.example.org"] });
        var account = Server.At(ticket);
        await account.Register();

        (await account.Order(("dns", "host.example.com"))).Reason.Should().Be("identifier-not-of-ticket");
        Server.Clock.Advance(TimeSpan.FromHours(2));
        (await account.Order(("dns", "host.example.org"))).Reason.Should().Be("registration-expired");

        Refused().Select(happened => (happened.Kind, happened.Reason)).Should().Equal(("order.refused", "identifier-not-of-ticket"), ("order.refused", "registration-expired"));
    }

    [Fact]
    public async Task Whoever_reaches_for_what_is_somebody_elses_is_written_down()
    {
        var (owner, other) = (await Account("tls-server"), await Account("tls-server"));
        var valid = await owner.Enroll("host.example");
        var certificate = await owner.Get((string)valid.Json["certificate"]!);
        using var leaf = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(certificate.Body);

        (await other.Get(valid.Header("Location")!)).Reason.Should().Be("not-your-order");
        (await other.Post($"{other.Root}/revoke-cert", $$"""{"certificate":"{{TestAccount.Base64(leaf.RawData)}}"}""")).Reason.Should().Be("revocation-not-allowed");
        (await new TestAccount(Server, TestProfiles.Open, other.Key) { Kid = other.Kid }.Order(("dns", "host.example"))).Reason.Should().Be("account-of-other-directory");
        (await new TestAccount(Server) { Kid = owner.Kid }.Order(("dns", "host.example"))).Reason.Should().Be("jws-signature-invalid");
        await other.Post(other.Kid!, """{"status":"deactivated"}""");
        (await other.Order(("dns", "host.example"))).Reason.Should().Be("account-not-valid");

        var refused = Refused();
        refused.Select(happened => (happened.Kind, happened.Reason)).Should().Equal(
            ("request.refused", "not-your-order"), ("revocation.refused", "revocation-not-allowed"), ("order.refused", "account-of-other-directory"),
            ("order.refused", "jws-signature-invalid"), ("order.refused", "account-not-valid"));
        refused.Select(happened => happened.Account is not null).Should().Equal([true, true, false, false, true], "who signed is known where the signature holds");
    }

    [Fact]
    public async Task A_finalize_that_is_refused_is_written_down_once()
    {
        await Import("expected");
        var order = await Simulated.Order(await Account("apple-device"), Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        (await order.Send(evidence)).State.Should().Be("valid");
        await Import("blocked");

        (await order.Finalize(evidence.Key)).Reason.Should().Be("device-blocked");

        Events().Where(happened => happened.Reason == "device-blocked").Should().ContainSingle().Which.Kind.Should().Be("order.finalize-refused");
    }

    [Fact]
    public async Task Beyond_the_quota_refusals_are_counted_and_the_count_is_written()
    {
        var account = await Account(TestProfiles.Narrow);
        for (var i = 0; i < MostOfAKind + 3; i++)
        {
            (await account.Order(("dns", $"host{i}.example.com"))).Reason.Should().Be("identifier-not-allowed");
        }

        Refused().Should().HaveCount(MostOfAKind + 1);
        Refused()[^1].Detail.Should().Contain("from here on they are counted");
        Server.Clock.Advance(TimeSpan.FromHours(1));
        await Server.Services.GetRequiredService<RefusalRecords>().WriteCounts(Server.Clock.GetUtcNow());

        Refused()[^1].Should().BeEquivalentTo(new { Kind = "order.refused", Reason = "identifier-not-allowed", Profile = TestProfiles.Narrow }, options => options.ExcludingMissingMembers());
        Refused()[^1].Detail.Should().StartWith("3 further refusals of this kind, between 2026-11-22 12:00:00Z and ");
    }

    [Fact]
    public async Task A_server_that_ends_writes_what_it_counted()
    {
        var account = await Account(TestProfiles.Narrow);
        for (var i = 0; i < MostOfAKind + 2; i++)
        {
            await account.Order(("dns", "host.example.com"));
        }

        _server = await Server.Restart();

        Refused()[^1].Detail.Should().StartWith("2 further refusals of this kind");
    }

    [Fact]
    public void Each_route_that_a_client_signs_says_what_a_refusal_there_is() =>
        Server.Routes.Where(route => route.Metadata.GetMetadata<SignedBy>() is not null && route.RoutePattern.RawText != "/directory")
            .Where(route => route.Metadata.GetMetadata<RefusedAs>() is null).Select(route => route.RoutePattern.RawText).Should().BeEmpty();

    private List<AuditEvent> Refused() => Events().FindAll(happened => happened.Kind.EndsWith(".refused", StringComparison.Ordinal));

    private List<AuditEvent> Events()
    {
        using var context = Server.Db.Read();
        return [.. context.Events.OrderBy(happened => happened.Sequence)];
    }

    private async Task<Core.DeviceId> Import(string state)
    {
        var json = $$$"""[{"identifiers":{"serial":"{{{Simulated.Serial}}}"},"state":"{{{state}}}"}]""";
        var result = await Server.Services.GetRequiredService<DeviceImport>().Run(Inventory.Read(Encoding.UTF8.GetBytes(json)), "test", "test", false, null, TestContext.Current.CancellationToken);
        result.Mistakes.Should().BeEmpty();
        using var context = Server.Db.Read();
        return context.Devices.Single().Id;
    }

    private async Task<TestAccount> Account(string profile)
    {
        var account = new TestAccount(Server, profile);
        (await account.Register()).Status.Should().Be(System.Net.HttpStatusCode.Created);
        return account;
    }
}
