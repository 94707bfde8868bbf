using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Server.Storage;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Tickets;

/// <summary>A ticket as a one-time ClientIdentifier: what is ordered is its code, and the evidence may name the device or nobody.</summary>
[Spec("device-attest §5")]
public sealed class ClientIdentifierTests : IAsyncLifetime
{
    private const string Profile = """
        name: by-ticket
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: ticket }
        attestation:
          mode: required
          formats: [apple]
          anchors: [apple]
        devices: { unknown: refuse }
        certificate:
          subject: CN={{ticket.user|nobody}}, OU={{device.serial|unknown}}, O={{ledger.owner|nobody}}
          subject-alternative-names: []
          keys: [ec-p256]
          extended-key-usage: [client-auth]
          validity: 90d
        """;

    private static readonly AppleMaker Byod = Simulated.Apple with { Device = AppleDevice.IPhone() with { Serial = null, Udid = null } };

    private TestServer? _server;

    private TestServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await TestServer.Start(
        new Dictionary<string, string>
        {
            ["by-ticket"] = Profile,
            ["by-ticket-observed"] = Profile.Replace("by-ticket", "by-ticket-observed").Replace("mode: required", "mode: observe"),
            ["by-ticket-ruled"] = Profile.Replace("by-ticket", "by-ticket-ruled").Replace("  anchors: [apple]", "  anchors: [apple]\n  facts: { ticket.wave: [first, second] }"),
            ["by-ticket-tpm"] = Profile.Replace("by-ticket", "by-ticket-tpm").Replace("formats: [apple]", "formats: [tpm]").Replace("anchors: [apple]", "anchors: [tpm]"),
            ["other"] = Profile.Replace("by-ticket", "other"),
        },
        anchors: Simulated.Anchors, ledger: true);

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_device_without_a_name_enrolls_with_its_ticket_and_the_certificate_shows_no_code()
    {
        var ticket = await NewTicket(new() { Attributes = new Dictionary<string, string> { ["user"] = "olga" } });

        var (order, certificate) = await Enroll(ticket, Byod);

        certificate!.Subject.Should().Be("CN=olga, OU=unknown, O=nobody");
        certificate.Extensions.Should().NotContain(extension => extension.Oid!.Value == "2.5.29.17");
        await using var context = Server.Db.Read();
        var used = context.Tickets.Single(row => row.Id == new TicketId(ticket.Id));
        used.Used.Should().Be(1);
        context.Accounts.Single().Ticket.Should().Be(used.Id, "the account is bound to the ticket that it used");
        context.Authorizations.Single().Ticket.Should().Be(used.Id);
        context.Devices.Should().BeEmpty("nothing says which device it was");
        context.Certificates.Single().Device.Should().BeNull();
        var code = ticket.Secrets!.ClientIdentifier!;
        context.Events.ToList().Should().OnlyContain(happened => happened.Detail == null || !happened.Detail.Contains(code)).And.Contain(happened => happened.Detail != null && happened.Detail.Contains(TicketCode.Redacted));
        context.Evidence.ToList().Should().OnlyContain(row => !row.Verdict!.Contains(code));
        context.Evidence.Where(row => row.Challenge != null).Select(row => row.IdentifierValue).Single().Should().Be($"ticket:{ticket.Id}");
    }

    [Fact]
    public async Task A_code_is_sent_verbatim_and_is_good_once()
    {
        var ticket = await NewTicket();
        var account = await Account();
        var first = await Simulated.Order(account, ticket.Secrets!.ClientIdentifier!);
        (await first.Send(Byod.Make(first.Material, Simulated.NewKey()))).State.Should().Be("valid");

        var again = await account.Order(("permanent-identifier", ticket.Secrets!.ClientIdentifier!));
        again.ShouldBeProblem("rejectedIdentifier", 400);
        again.Reason.Should().Be("ticket-used");
        (await (await Account()).Order(("permanent-identifier", ticket.Secrets!.ClientIdentifier!))).Reason.Should().Be("ticket-of-other-account");
        (await account.Order(("permanent-identifier", ticket.Secrets!.ClientIdentifier!.ToLowerInvariant()))).Reason.Should().Be("ticket-unknown");
        (await account.Order(("permanent-identifier", Simulated.Serial))).Reason.Should().Be("ticket-unknown");
    }

    [Fact]
    public async Task Of_two_that_prove_themselves_at_once_with_one_ticket_one_gets_in()
    {
        var ticket = await NewTicket();
        var orders = new List<DeviceOrder>();
        for (var i = 0; i < 6; i++)
        {
            orders.Add(await Simulated.Order(await Account(), ticket.Secrets!.ClientIdentifier!));
        }

        var answers = await Task.WhenAll(orders.Select(order => Task.Run(() => order.Send(Byod.Make(order.Material, Simulated.NewKey())))));

        answers.Count(answer => answer.State == "valid").Should().Be(1);
        answers.Where(answer => answer.State != "valid").Should().OnlyContain(answer => (string)answer.Json["error"]!["reason"]! == "ticket-of-other-account");
        await using var context = Server.Db.Read();
        context.Tickets.Single().Used.Should().Be(1);
    }

    [Fact]
    public async Task Refused_evidence_uses_no_ticket()
    {
        var ticket = await NewTicket();
        var account = await Account();
        var order = await Simulated.Order(account, ticket.Secrets!.ClientIdentifier!);
        (await order.Send(Byod.With(AppleFault.WrongChallenge).Make(order.Material, Simulated.NewKey()))).State.Should().Be("invalid");

        (await Enroll(ticket, Byod)).Certificate.Should().NotBeNull("another account may still use it");
    }

    [Fact]
    public async Task An_expired_a_revoked_and_a_foreign_ticket_have_reasons_of_their_own()
    {
        var account = await Account();
        var expired = await NewTicket(new() { ExpiresIn = "1h" });
        var revoked = await NewTicket();
        var foreign = await Server.NewTicket(new NewTicketRequest { Profile = "other" });
        await Revoke(revoked);
        var open = await Simulated.Order(account, expired.Secrets!.ClientIdentifier!);
        Server.Clock.Advance(TimeSpan.FromHours(2));

        (await account.Order(("permanent-identifier", expired.Secrets!.ClientIdentifier!))).Reason.Should().Be("ticket-expired");
        (await account.Order(("permanent-identifier", revoked.Secrets!.ClientIdentifier!))).Reason.Should().Be("ticket-revoked");
        (await account.Order(("permanent-identifier", foreign.Secrets!.ClientIdentifier!))).Reason.Should().Be("ticket-of-other-profile");
        var late = await open.Send(Byod.Make(open.Material, Simulated.NewKey()));
        ((string)late.Json["error"]!["reason"]!).Should().Be("ticket-expired", "what counts is when the evidence comes");
        ((string)late.Json["error"]!["type"]!).Should().EndWith(":unauthorized");
    }

    [Fact]
    public async Task A_ticket_that_is_revoked_before_finalize_gives_no_certificate()
    {
        var ticket = await NewTicket();
        var account = await Account();
        var order = await Simulated.Order(account, ticket.Secrets!.ClientIdentifier!);
        var evidence = Byod.Make(order.Material, Simulated.NewKey());
        (await order.Send(evidence)).State.Should().Be("valid");
        await Revoke(ticket);

        var refused = await order.Finalize(evidence.Key);

        refused.ShouldBeProblem("unauthorized", 403);
        refused.Reason.Should().Be("ticket-revoked");
    }

    [Fact]
    public async Task A_profile_that_observes_evidence_still_wants_a_good_ticket()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = "by-ticket-observed" });
        var orders = new List<DeviceOrder>();
        foreach (var _ in new[] { 1, 2 })
        {
            orders.Add(await Simulated.Order(await Account("by-ticket-observed"), ticket.Secrets!.ClientIdentifier!));
        }

        (await orders[0].Send(Byod.With(AppleFault.ForeignRoot).Make(orders[0].Material, Simulated.NewKey()))).State.Should().Be("valid", "evidence is merely observed");
        (await orders[1].Send(Byod.Make(orders[1].Material, Simulated.NewKey()))).State.Should().Be("invalid");
    }

    [Fact]
    public async Task The_ledger_is_asked_for_what_the_evidence_names()
    {
        await Import($$$"""[{"identifiers":{"serial":"{{{Simulated.Serial}}}"},"owner":"Ada"}]""");
        var (order, certificate) = await Enroll(await NewTicket(), Simulated.Apple);

        certificate!.Subject.Should().Be($"CN=nobody, OU={Simulated.Serial}, O=Ada");
        await using var context = Server.Db.Read();
        context.Certificates.Single().Device.Should().Be(context.Devices.Single().Id);
        context.DeviceIdentifiers.Select(name => name.Kind).ToList().Should().BeEquivalentTo("serial", "udid");

        var unknown = await Challenge(await NewTicket(), Simulated.Apple with { Device = AppleDevice.Mac("C02NOTKNOWN1") with { Udid = "00006030-000A51D200000099" } });
        ((string)unknown.Json["error"]!["reason"]!).Should().Be("device-unknown", "a ticket for nobody in particular takes no device into the ledger");
    }

    [Fact]
    public async Task A_ticket_for_a_device_is_for_that_device()
    {
        await Import($$$"""[{"identifiers":{"serial":"{{{Simulated.Serial}}}"},"owner":"Ada"},{"identifiers":{"serial":"C02OTHER0001"}}]""");
        var other = Simulated.Apple with { Device = AppleDevice.Mac("C02OTHER0001") with { Udid = "00006030-000A51D200000077" } };
        var stranger = Simulated.Apple with { Device = AppleDevice.Mac("C02STRANGER1") with { Udid = "00006030-000A51D200000078" } };
        var ticket = await NewTicket(new() { Device = Simulated.Serial });

        ((string)(await Challenge(ticket, other)).Json["error"]!["reason"]!).Should().Be("ticket-device-different");
        ((string)(await Challenge(ticket, stranger)).Json["error"]!["reason"]!).Should().Be("ticket-device-different");
        ((string)(await Challenge(ticket, Byod)).Json["error"]!["reason"]!).Should().Be("ticket-device-unproven");
        (await Enroll(ticket, Simulated.Apple)).Certificate!.Subject.Should().Contain("O=Ada");
    }

    [Fact]
    public async Task A_ticket_for_a_TPM_is_for_the_endorsement_key_that_the_entry_names()
    {
        var key = Simulated.Tpm.Tpm.Identifier[..Simulated.Tpm.Tpm.Identifier.IndexOf('/', StringComparison.Ordinal)];
        await Import($$$"""[{"identifiers":{"ek":"{{{key}}}"},"owner":"Ada"},{"identifiers":{"ek":"{{{new string('a', 64)}}}"}}]""");

        var mine = await Server.NewTicket(new NewTicketRequest { Profile = "by-ticket-tpm", Device = key });
        var others = await Server.NewTicket(new NewTicketRequest { Profile = "by-ticket-tpm", Device = new string('a', 64) });

        ((string)(await Answer(others)).Json["error"]!["reason"]!).Should().Be("ticket-device-different");
        (await Answer(mine)).State.Should().Be("valid");

        async Task<TestReply> Answer(TicketEntry ticket)
        {
            var order = await Simulated.Order(await Account("by-ticket-tpm"), ticket.Secrets!.ClientIdentifier!);
            return await order.Send(Simulated.Tpm.Make(order.Material, Simulated.NewKey()));
        }
    }

    [Fact]
    public async Task An_entry_without_hardware_names_is_whoever_comes_with_its_ticket()
    {
        await Import("""[{"identifiers":{"host":"ada-phone"},"owner":"Ada"},{"identifiers":{"host":"bob-phone"},"owner":"Bob"}]""");

        (await Enroll(await NewTicket(new() { Device = "ada-phone" }), Byod)).Certificate!.Subject.Should().Contain("O=Ada").And.Contain("OU=unknown");
        (await Enroll(await NewTicket(new() { Device = "bob-phone" }), Simulated.Apple)).Certificate!.Subject.Should().Contain("O=Bob").And.Contain($"OU={Simulated.Serial}");
        await using var context = Server.Db.Read();
        var bob = context.Devices.Single(device => device.Owner == "Bob");
        context.DeviceIdentifiers.Where(name => name.Device == bob.Id).Select(name => name.Kind).ToList().Should().BeEquivalentTo("host", "serial", "udid");
        context.Certificates.Count(certificate => certificate.Device != null).Should().Be(2);
    }

    [Fact]
    public async Task A_blocked_device_is_refused_with_its_ticket_too()
    {
        await Import("""[{"identifiers":{"host":"ada-phone"},"state":"blocked"}]""");
        var ticket = await NewTicket(new() { Device = "ada-phone" });

        (await (await Account()).Order(("permanent-identifier", ticket.Secrets!.ClientIdentifier!))).Reason.Should().Be("device-blocked");
    }

    [Theory]
    [InlineData("first", "valid")]
    [InlineData("third", "invalid")]
    [InlineData(null, "invalid")]
    public async Task Rules_can_ask_what_the_ticket_says(string? wave, string state)
    {
        var attributes = wave is null ? null : new Dictionary<string, string> { ["wave"] = wave };
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = "by-ticket-ruled", Attributes = attributes });

        (await Challenge(ticket, Byod, "by-ticket-ruled")).State.Should().Be(state);
    }

    private Task<TicketEntry> NewTicket(NewTicketRequest? wanted = null) => Server.NewTicket((wanted ?? new NewTicketRequest()) with { Profile = "by-ticket" });

    private async Task<TestAccount> Account(string profile = "by-ticket")
    {
        var account = new TestAccount(Server, profile);
        (await account.Register()).Status.Should().Be(HttpStatusCode.Created);
        return account;
    }

    private async Task<TestReply> Challenge(TicketEntry ticket, AppleMaker maker, string profile = "by-ticket")
    {
        var order = await Simulated.Order(await Account(profile), ticket.Secrets!.ClientIdentifier!);
        return await order.Send(maker.Make(order.Material, Simulated.NewKey()));
    }

    private async Task<(DeviceOrder Order, X509Certificate2? Certificate)> Enroll(TicketEntry ticket, AppleMaker maker)
    {
        var order = await Simulated.Order(await Account(), ticket.Secrets!.ClientIdentifier!);
        var evidence = maker.Make(order.Material, Simulated.NewKey());
        var answer = await order.Send(evidence);
        answer.State.Should().Be("valid", answer.Body);
        var done = await order.Finalize(evidence.Key);
        done.State.Should().Be("valid", done.Body);
        return (order, X509Certificate2.CreateFromPem((await order.Account.Get((string)done.Json["certificate"]!)).Body));
    }

    private Task Revoke(TicketEntry ticket) => Server.Db.Commit(context =>
        context.Record(context.Tickets.Single(row => row.Id == new TicketId(ticket.Id)).Revoke("lost", AdminCaller.Local.Name, Server.Clock.GetUtcNow())));

    private async Task Import(string json)
    {
        var result = await Server.Services.GetRequiredService<DeviceImport>().Run(
            Inventory.Read(Encoding.UTF8.GetBytes(json)), "test", "test", false, null, TestContext.Current.CancellationToken);
        result.Mistakes.Should().BeEmpty();
    }
}
