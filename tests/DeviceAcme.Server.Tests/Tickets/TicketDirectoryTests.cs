using System.Net;
using System.Text.Json.Nodes;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Tickets;

/// <summary>A ticket as the URL of a directory: for clients that send neither an external account nor a profile.</summary>
public sealed class TicketDirectoryTests(SharedServer shared)
{
    private TestServer Server => shared.Server;

    [Fact, Spec("RFC 8555 §7.1.1")]
    public async Task The_directory_of_a_ticket_lists_its_own_resources_and_wants_no_external_account()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = TestProfiles.EabRequired });
        var account = Server.At(ticket);
        var reply = await account.Fetch(ticket.Secrets!.DirectoryUrl!);

        reply.Status.Should().Be(HttpStatusCode.OK);
        foreach (var name in new[] { "newNonce", "newAccount", "newOrder", "newAuthz", "revokeCert", "keyChange" })
        {
            ((string)reply.Json[name]!).Should().StartWith(account.Root + "/");
        }

        reply.Json["meta"]!["externalAccountRequired"].Should().BeNull("the ticket is shown already");
        (await account.Fetch($"{TestServer.BaseUrl}/acme/{TestProfiles.EabRequired}/directory")).Json["meta"]!["externalAccountRequired"]!.GetValue<bool>().Should().BeTrue();
    }

    [Fact]
    public async Task An_account_of_a_ticket_lives_in_its_directory_alone_and_enrolls_there()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = TestProfiles.EabRequired });
        var account = Server.At(ticket);
        (await account.Register()).Status.Should().Be(HttpStatusCode.Created);

        account.Kid.Should().StartWith(account.Root + "/account/");
        var order = await account.Enroll("ticket.example");
        order.State.Should().Be("valid");
        order.Links("index").Should().Equal(account.Root + "/directory");
        (await account.Get((string)order.Json["certificate"]!)).Status.Should().Be(HttpStatusCode.OK);

        var elsewhere = new TestAccount(Server, TestProfiles.EabRequired, account.Key) { Kid = account.Kid };
        var reply = await elsewhere.Order(("dns", "ticket.example"));
        reply.ShouldBeProblem("unauthorized", 403);
        reply.Reason.Should().Be("account-of-other-directory");
        (await new TestAccount(Server, TestProfiles.EabRequired, account.Key).Register("""{"onlyReturnExisting":true}""")).ShouldBeProblem("accountDoesNotExist", 400);
    }

    [Fact]
    public async Task One_key_has_one_account_in_each_directory()
    {
        var key = TestKey.P256();
        var first = await Server.NewTicket(new NewTicketRequest { Profile = "tls-server" });
        var second = await Server.NewTicket(new NewTicketRequest { Profile = "tls-server" });
        var kids = new List<string>();
        foreach (var path in new[] { "tls-server", first.Path(), second.Path() })
        {
            var account = new TestAccount(Server, path, key);
            (await account.Register()).Status.Should().Be(HttpStatusCode.Created);
            kids.Add(account.Kid!);
            (await account.Register()).Status.Should().Be(HttpStatusCode.OK, "it is found again");
        }

        kids.Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public async Task A_used_ticket_makes_no_other_account_and_serves_the_one_that_it_made()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = "tls-server" });
        var first = Server.At(ticket);
        await first.Register();

        var reply = await Server.At(ticket).Register();

        reply.ShouldBeProblem("unauthorized", 403);
        reply.Reason.Should().Be("ticket-used");
        (await first.Order(("dns", "first.example"))).Status.Should().Be(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Of_many_accounts_at_once_with_one_ticket_as_many_are_made_as_it_has_uses()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = "tls-server", Uses = 3 });
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Server.At(ticket).Register())));

        replies.Count(reply => reply.Status == HttpStatusCode.Created).Should().Be(3);
        replies.Where(reply => reply.Status != HttpStatusCode.Created).Should().OnlyContain(reply => reply.Reason == "ticket-used");
    }

    [Fact]
    public async Task A_code_that_no_ticket_of_the_profile_has_is_no_directory()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = "tls-server" });
        var code = ticket.Path()["tls-server/".Length..];
        foreach (var path in new[] { $"{TestProfiles.Open}/{code}", $"tls-server/{code[..^1]}{(code[^1] == 'A' ? 'B' : 'A')}", $"tls-server/{code}A", $"tls-server/{ticket.Id}" })
        {
            (await new TestAccount(Server, path).Fetch($"{TestServer.BaseUrl}/acme/{path}/directory")).Status.Should().Be(HttpStatusCode.NotFound, path);
            (await new TestAccount(Server, "tls-server").Post($"{TestServer.BaseUrl}/acme/{path}/new-account", "{}", useJwk: true)).Status.Should().Be(HttpStatusCode.NotFound, path);
        }
    }

    [Fact]
    public async Task An_external_account_in_the_directory_of_a_ticket_is_refused_and_uses_neither()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = "tls-server" });
        var account = Server.At(ticket);
        var binding = ExternalAccountBindingTests.Sign(account, ticket.Id, TestAccount.FromBase64(ticket.Secrets!.MacKey));

        (await ExternalAccountBindingTests.Register(account, binding)).Reason.Should().Be("external-account-at-ticket");
        (await account.Register()).Status.Should().Be(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_ticket_that_was_used_by_its_URL_is_used_as_an_external_account_too()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = TestProfiles.EabRequired });
        await Server.At(ticket).Register();
        var other = new TestAccount(Server, TestProfiles.EabRequired);

        var reply = await ExternalAccountBindingTests.Register(other, ExternalAccountBindingTests.Sign(other, ticket.Id, TestAccount.FromBase64(ticket.Secrets!.MacKey)));

        reply.Reason.Should().Be("ticket-used");
    }

    [Fact]
    public async Task The_store_has_no_code_and_the_history_names_the_ticket()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = "tls-server", Note = "for the lobby" });
        var account = Server.At(ticket);
        await account.Register();
        var shown = await Server.Services.GetRequiredService<Server.Admin.Tickets>().Show(ticket.Id, AdminCaller.Local, TestContext.Current.CancellationToken);

        shown.State.Should().Be("used");
        shown.AccountId.Should().Be(account.Kid![(account.Kid!.LastIndexOf('/') + 1)..]);
        await using var context = Server.Db.Read();
        var stored = context.Tickets.Single(row => row.Id == new Core.TicketId(ticket.Id));
        stored.CodeHash.Should().HaveLength(64).And.NotContain(ticket.Path()[^10..]);
        context.Accounts.Single(row => row.Ticket == stored.Id).Directory.Should().Be(ticket.Id);
        context.Events.Where(row => row.Detail != null && row.Detail.StartsWith(ticket.Id)).Select(row => row.Kind).ToList().Should().Equal("ticket.added", "ticket.used");
    }

    [Theory]
    [InlineData(TestProfiles.TicketRequired, "externalAccountRequired", 403, "external-account-required")]
    [InlineData(TestProfiles.TicketNone, null, 201, null)]
    public async Task A_profile_says_whether_it_wants_tickets(string profile, string? type, int status, string? reason)
    {
        var reply = await new TestAccount(Server, profile).Register();
        ((int)reply.Status).Should().Be(status);
        if (type is not null)
        {
            reply.ShouldBeProblem(type, status);
            reply.Reason.Should().Be(reason);
        }

        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = profile });
        (ticket.Secrets!.DirectoryUrl is null).Should().Be(profile == TestProfiles.TicketNone);
    }

    [Fact, Spec("RFC 8555 §7.3.5")]
    public async Task The_conflict_of_a_key_change_is_one_of_the_same_directory()
    {
        var ticket = await Server.NewTicket(new NewTicketRequest { Profile = "tls-server", Uses = 2 });
        var (one, two) = (Server.At(ticket), Server.At(ticket));
        await one.Register();
        await two.Register();
        var outside = new TestAccount(Server, "tls-server");
        await outside.Register();

        (await Change(one, two.Key)).Status.Should().Be(HttpStatusCode.Conflict);
        (await Change(one, outside.Key)).Status.Should().Be(HttpStatusCode.OK, "that account is in another directory");
    }

    private static Task<TestReply> Change(TestAccount account, TestKey to)
    {
        var inner = to.Jws(new JsonObject { ["alg"] = to.Alg, ["jwk"] = to.Jwk, ["url"] = $"{account.Root}/key-change" }, new JsonObject { ["account"] = account.Kid, ["oldKey"] = account.Key.Jwk }.ToJsonString());
        return account.Post($"{account.Root}/key-change", inner.ToJsonString());
    }
}
