using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Core;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Storage;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Tickets;

/// <summary>What the accounts of a ticket may order, until when, and what needs no challenge.</summary>
public sealed class AllowedIdentifierTests(SharedServer shared)
{
    private TestServer Server => shared.Server;

    [Theory]
    [InlineData("dns:host.example", "dns", "host.example", true)]
    [InlineData("dns:host.example", "dns", "HOST.example", true)]
    [InlineData("dns:host.example", "dns", "other.example", false)]
    [InlineData("dns:.example.com", "dns", "a.b.example.com", true)]
    [InlineData("dns:.example.com", "dns", "example.com", false)]
    [InlineData("dns:.example.com", "dns", "badexample.com", false)]
    [InlineData("dns:printer-*.example", "dns", "printer-7.example", true)]
    [InlineData("dns:/printer-[0-9]+\\.example/", "dns", "printer-77.example", true)]
    [InlineData("dns:/printer-[0-9]+\\.example/", "dns", "printer-x.example", false)]
    [InlineData("ip:10.1.0.0/16", "ip", "10.1.2.3", true)]
    [InlineData("ip:10.1.0.0/16", "ip", "10.2.2.3", false)]
    [InlineData("ip:2001:db8::/32", "ip", "2001:db8::7", true)]
    [InlineData("ip:10.1.0.0/16", "dns", "host.example", false)]
    public async Task An_account_orders_what_its_ticket_allows(string allowed, string type, string value, bool good)
    {
        var account = await Account(new NewTicketRequest { Profile = TestProfiles.Names, Allowed = [allowed] });

        var order = await account.Order((type, value));
        var authorization = await account.Post($"{account.Root}/new-authz", $$$"""{"identifier":{"type":"{{{type}}}","value":"{{{value}}}"}}""");

        if (good)
        {
            order.Status.Should().Be(HttpStatusCode.Created, order.Body);
            authorization.Status.Should().Be(HttpStatusCode.Created, authorization.Body);
            return;
        }

        foreach (var refused in new[] { order, authorization })
        {
            var problem = refused.ShouldBeProblem("rejectedIdentifier", 400);
            refused.Reason.Should().Be("identifier-not-of-ticket");
            ((string)problem["detail"]!).Should().Contain(value).And.Contain(allowed.StartsWith(type, StringComparison.Ordinal) ? allowed[(type.Length + 1)..] : "and no dns");
            ((string)problem["subproblems"]![0]!["identifier"]!["value"]!).Should().Be(value);
        }
    }

    [Fact, Spec("RFC 8555 §6.7.1")]
    public async Task Several_refused_identifiers_are_named_one_by_one()
    {
        var account = await Account(new NewTicketRequest { Profile = TestProfiles.Names, Allowed = ["dns:.good.example"] });

        var problem = (await account.Order(("dns", "a.bad.example"), ("dns", "a.good.example"), ("dns", "b.bad.example"))).ShouldBeProblem("compound", 400);

        problem["subproblems"]!.AsArray().Select(sub => ((string)sub!["type"]!, (string)sub["reason"]!, (string)sub["identifier"]!["value"]!)).Should().Equal(
            ("urn:ietf:params:acme:error:rejectedIdentifier", "identifier-not-of-ticket", "a.bad.example"), ("urn:ietf:params:acme:error:rejectedIdentifier", "identifier-not-of-ticket", "b.bad.example"));
    }

    [Fact]
    public async Task What_a_ticket_allows_counts_beside_what_the_profile_allows()
    {
        var account = await Account(new NewTicketRequest { Profile = TestProfiles.Narrow, Allowed = ["dns:*"] });

        (await account.Order(("dns", "host.example"))).Reason.Should().Be("identifier-not-allowed");
        (await account.Order(("dns", "a.example.org"))).Status.Should().Be(HttpStatusCode.Created);
    }

    [Fact]
    public async Task An_account_of_an_external_account_key_is_under_its_ticket_too()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = TestProfiles.EabRequired, Allowed = ["dns:only.example"] });
        var account = new TestAccount(Server, TestProfiles.EabRequired);
        account.Kid = (await ExternalAccountBindingTests.Register(account, ExternalAccountBindingTests.Sign(account, ticket.Id, TestAccount.FromBase64(ticket.Secrets!.MacKey)))).Header("Location");

        (await account.Order(("dns", "other.example"))).Reason.Should().Be("identifier-not-of-ticket");
        (await account.Enroll("only.example")).State.Should().Be("valid");
    }

    [Fact]
    public async Task After_the_end_of_the_registration_nothing_is_ordered()
    {
        await using var server = await TestServer.Start();
        var ticket = await server.NewTicket(new NewTicketRequest { Profile = "tls-server", RegistrationEndsIn = "30d" });
        var account = server.At(ticket);
        await account.Register();
        (await account.Enroll("before.example")).State.Should().Be("valid");
        server.Clock.Advance(TimeSpan.FromDays(30));

        var refused = await account.Order(("dns", "after.example"));
        refused.ShouldBeProblem("unauthorized", 403);
        refused.Reason.Should().Be("registration-expired");
        ((string)refused.Json["detail"]!).Should().Contain("2026-12-22");
        (await account.Post($"{account.Root}/new-authz", """{"identifier":{"type":"dns","value":"after.example"}}""")).Reason.Should().Be("registration-expired");
    }

    [Fact]
    public async Task Names_that_the_ticket_names_need_no_challenge_where_the_profile_says_so()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = TestProfiles.PreValidated, Allowed = ["dns:known.example", "dns:*.sub.example", "ip:10.1.2.3"] });
        var account = Server.At(ticket);
        await account.Register();

        var order = await account.Order(("dns", "known.example"), ("ip", "10.1.2.3"));

        order.State.Should().Be("ready");
        foreach (var url in order.Json["authorizations"]!.AsArray())
        {
            var authorization = (await account.Get((string)url!)).Json;
            ((string)authorization["status"]!).Should().Be("valid");
            authorization["challenges"]!.AsArray().Should().BeEmpty("nothing was tried");
        }

        (await account.Certificate(await account.Order(("dns", "known.example")), "known.example")).Dispose();
        await using var context = Server.Db.Read();
        context.Events.Where(happened => happened.Kind == "authorization.pre-validated" && happened.Detail!.Contains(ticket.Id)).Should().HaveCount(3);
    }

    [Theory]
    [InlineData("host.sub.example")]
    [InlineData("*.sub.example")]
    public async Task A_pattern_validates_nothing(string name)
    {
        var account = await Account(new NewTicketRequest { Profile = TestProfiles.PreValidated, Allowed = ["dns:*.sub.example"] });

        (await account.Order(("dns", name))).State.Should().Be("pending");
    }

    [Fact]
    public async Task Nothing_is_pre_validated_without_the_profiles_word_or_with_a_revoked_ticket()
    {
        var silent = await Account(new NewTicketRequest { Profile = TestProfiles.Names, Allowed = ["dns:known.example"] });
        (await silent.Order(("dns", "known.example"))).State.Should().Be("pending");

        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = TestProfiles.PreValidated, Allowed = ["dns:known.example"] });
        var account = Server.At(ticket);
        await account.Register();
        var before = await account.Order(("dns", "known.example"));
        await Server.Db.Commit(context => context.Record(context.Tickets.Single(row => row.Id == new TicketId(ticket.Id)).Revoke(null, "test", Server.Clock.GetUtcNow())), TestContext.Current.CancellationToken);

        (await account.Order(("dns", "known.example"))).State.Should().Be("pending", "a ticket that was taken back vouches for nothing");
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        (await account.Post((string)before.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Csr(key, "known.example")}}"}""")).Reason.Should().Be("ticket-revoked");
    }

    [Fact]
    public async Task A_certificate_of_a_ticket_for_a_device_hangs_from_that_device_and_ends_with_it()
    {
        await using var server = await TestServer.Start(new Dictionary<string, string> { [TestProfiles.Names] = TestProfiles.All[TestProfiles.Names] });
        await Import(server, """[{"identifiers":{"host":"printer7.example"}}]""");
        var ticket = await server.NewTicket(new NewTicketRequest { Profile = TestProfiles.Names, Device = "printer7.example", Allowed = ["dns:printer7.example"] });
        var account = server.At(ticket);
        await account.Register();
        Entry(server).LastEnrolledAt.Should().BeNull();
        (await account.Enroll("printer7.example")).State.Should().Be("valid");
        Entry(server).Should().BeEquivalentTo(
            new { State = "expected", LastSeenAt = (DateTimeOffset?)null, LastEnrolledAt = (DateTimeOffset?)server.Clock.GetUtcNow() }, "nothing proved the device, and it has its certificate");
        var ready = await account.Authorize(await account.Order(("dns", "printer7.example")));

        await Import(server, """[{"identifiers":{"host":"printer7.example"},"state":"blocked"}]""");

        await using (var context = server.Db.Read())
        {
            context.Certificates.Single().Device.Should().Be(context.Devices.Single().Id);
        }

        (await account.Order(("dns", "printer7.example"))).Reason.Should().Be("device-blocked");
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        (await account.Post((string)ready.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Csr(key, "printer7.example")}}"}""")).Reason.Should().Be("device-blocked");
    }

    private static DeviceEntry Entry(TestServer server)
    {
        using var context = server.Db.Read();
        return DeviceRecords.Entries(context, [.. context.Devices]).Single();
    }

    [Fact]
    public async Task A_ticket_for_a_device_orders_no_other_one()
    {
        await using var server = await TestServer.Start(anchors: Simulated.Anchors);
        await Import(server, $$$"""[{"identifiers":{"serial":"{{{Simulated.Serial}}}"}},{"identifiers":{"serial":"C02OTHER0001"}}]""");
        var account = server.At(await server.NewTicket(new NewTicketRequest { Profile = "apple-device", Device = Simulated.Serial }));
        await account.Register();

        foreach (var other in new[] { "C02OTHER0001", "C02STRANGER1" })
        {
            var refused = await account.Order(("permanent-identifier", other));
            refused.ShouldBeProblem("rejectedIdentifier", 400);
            refused.Reason.Should().Be("ticket-device-different");
        }

        var order = await Simulated.Order(account, Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        (await order.Send(evidence)).State.Should().Be("valid");
        (await order.Finalize(evidence.Key)).State.Should().Be("valid");
    }

    private static async Task Import(TestServer server, string json)
    {
        var result = await server.Services.GetRequiredService<DeviceImport>().Run(
            Inventory.Read(Encoding.UTF8.GetBytes(json)), "test", "test", false, null, TestContext.Current.CancellationToken);
        result.Mistakes.Should().BeEmpty();
    }

    private async Task<TestAccount> Account(NewTicketRequest wanted)
    {
        var account = Server.At(await Server.NewTicket(wanted));
        (await account.Register()).Status.Should().Be(HttpStatusCode.Created);
        return account;
    }
}
