using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Server.Tests.Conformance;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Tickets;

/// <summary>Tickets and registered accounts over the admin listener.</summary>
public sealed class TicketRouteTests : IAsyncLifetime
{
    private const string Route = "/admin/v1/tickets";

    private AdminServer? _server;

    private AdminServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await AdminServer.Start(
        new Dictionary<string, string> { [TestProfiles.EabRequired] = TestProfiles.All[TestProfiles.EabRequired] }, options => options with { TermsOfService = null });

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Secrets_are_told_once_and_lists_have_none_of_them()
    {
        var made = await Add(new() { Profile = "tls-server", Note = "lobby", Allowed = ["dns:.lobby.example"], Attributes = new Dictionary<string, string> { ["room"] = "12" }, Uses = 3, ExpiresIn = "7d", RegistrationEndsIn = "365d" });

        made.Secrets!.KeyId.Should().Be(made.Id);
        made.Secrets.DirectoryUrl.Should().MatchRegex("^https://acme.test/acme/tls-server/tkt_[A-Za-z0-9_-]{22}/directory$");
        made.Secrets.ClientIdentifier.Should().BeNull("nobody orders tickets at this profile");
        using var shown = await Server.Send(HttpMethod.Get, $"{Route}/{made.Id}");
        using var list = await Server.Send(HttpMethod.Get, Route);
        foreach (var text in new[] { await shown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), await list.Content.ReadAsStringAsync(TestContext.Current.CancellationToken) })
        {
            text.Should().Contain(made.Id).And.NotContain("secrets").And.NotContain("tkt_").And.NotContain(made.Secrets.MacKey);
        }

        var read = await Server.Get($"{Route}/{made.Id}", AdminJson.Default.TicketEntry);
        read.Should().BeEquivalentTo(made with { Secrets = null });
        read.Should().BeEquivalentTo(new { State = "open", Uses = 3, Used = 0, Note = "lobby", ExpiresAt = made.CreatedAt.AddDays(7), RegistrationEndsAt = made.CreatedAt.AddDays(365) });
    }

    [Fact]
    public async Task A_list_is_read_page_by_page_and_by_state()
    {
        var made = new List<TicketEntry>();
        for (var i = 0; i < 5; i++)
        {
            made.Add(await Add(new() { Profile = i % 2 == 0 ? "tls-server" : "printer", ExpiresIn = i == 4 ? "1h" : null }));
            Server.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        await Server.Server.At(made[0]).Register();
        await Revoke(made[1], new());
        Server.Clock.Advance(TimeSpan.FromHours(1));

        var seen = new List<string>();
        for (string? cursor = null; ;)
        {
            var page = await Server.Get($"{Route}?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}", AdminJson.Default.TicketPage);
            seen.AddRange(page.Tickets.Select(ticket => ticket.Id));
            if ((cursor = page.Next) is null)
            {
                break;
            }
        }

        seen.Should().Equal(made.AsEnumerable().Reverse().Select(ticket => ticket.Id));
        foreach (var (state, expected) in new[] { ("used", made[0]), ("revoked", made[1]), ("expired", made[4]) })
        {
            (await Server.Get($"{Route}?state={state}", AdminJson.Default.TicketPage)).Tickets.Should().ContainSingle().Which.Id.Should().Be(expected.Id);
        }

        (await Server.Get($"{Route}?state=open", AdminJson.Default.TicketPage)).Tickets.Should().HaveCount(2);
        (await Server.Get($"{Route}?profile=printer", AdminJson.Default.TicketPage)).Tickets.Should().HaveCount(2);
    }

    [Fact]
    public async Task A_revoked_ticket_stops_what_came_of_it_only_if_asked()
    {
        var ticket = await Add(new() { Profile = "tls-server", Uses = 2 });
        var (one, two) = (Server.Server.At(ticket), Server.Server.At(ticket));
        await one.Register();
        await two.Register();
        var certificate = (await one.Enroll("one.example")).State;
        certificate.Should().Be("valid");
        var pending = await two.Order(("dns", "two.example"));

        (await Revoke(ticket, new() { Reason = "lost" })).Should().BeEquivalentTo(new { Accounts = Array.Empty<string>(), Certificates = Array.Empty<string>() });
        (await Server.Server.At(ticket).Register()).Reason.Should().Be("ticket-revoked");
        (await one.Order(("dns", "more.example"))).Status.Should().Be(HttpStatusCode.Created, "its accounts go on");

        var report = await Revoke(ticket, new() { Reason = "lost", Accounts = true, Certificates = true, RevocationReason = 1 });
        report.Accounts.Should().HaveCount(2);
        report.Certificates.Should().ContainSingle();
        (await one.Order(("dns", "late.example"))).Reason.Should().Be("account-not-valid");
        await using var context = Server.Server.Db.Read();
        context.Accounts.ToList().Should().OnlyContain(account => account.Status == AccountStatus.Revoked);
        context.Certificates.Single().RevocationReason.Should().Be(1);
        context.Orders.Single(order => order.Id == new OrderId(pending.Header("Location")!.Split('/').Last())).Status.Should().Be(Core.Orders.OrderStatus.Invalid);
        using var again = await Server.Send(HttpMethod.Post, $"{Route}/{ticket.Id}/revoke", "{}", Server.Token);
        (await again.Content.ReadFromJsonAsync<Problem>(TestContext.Current.CancellationToken))!.Reason.Should().Be("ticket-revoked");
    }

    [Fact]
    public async Task Renewed_secrets_replace_the_earlier_ones()
    {
        var ticket = await Add(new() { Profile = TestProfiles.EabRequired });
        using var answer = await Server.Send(HttpMethod.Post, $"{Route}/{ticket.Id}/renew");
        var renewed = (await answer.Content.ReadFromJsonAsync(AdminJson.Default.TicketEntry, TestContext.Current.CancellationToken))!;

        renewed.Secrets!.DirectoryUrl.Should().NotBe(ticket.Secrets!.DirectoryUrl);
        (await Server.Server.At(ticket).Fetch(ticket.Secrets.DirectoryUrl!)).Status.Should().Be(HttpStatusCode.NotFound);
        var bound = new TestAccount(Server.Server, TestProfiles.EabRequired);
        (await ExternalAccountBindingTests.Register(bound, ExternalAccountBindingTests.Sign(bound, ticket.Id, TestAccount.FromBase64(ticket.Secrets.MacKey)))).Reason.Should().Be("external-account-mac-invalid");
        (await Server.Server.At(renewed).Register()).Status.Should().Be(HttpStatusCode.Created);
        using var late = await Server.Send(HttpMethod.Post, $"{Route}/{ticket.Id}/renew");
        (await late.Content.ReadFromJsonAsync<Problem>(TestContext.Current.CancellationToken))!.Reason.Should().Be("ticket-not-open");
    }

    [Theory]
    [InlineData("""{"profile":"nowhere"}""", "profile-unknown")]
    [InlineData("""{"profile":"tls-server","uses":-1}""", "ticket-malformed")]
    [InlineData("""{"profile":"tls-server","allowed":["host.example"]}""", "ticket-malformed")]
    [InlineData("""{"profile":"tls-server","allowed":["dns:"]}""", "ticket-malformed")]
    [InlineData("""{"profile":"tls-server","allowed":["ip:10.1.2.3/8"]}""", "ticket-malformed")]
    [InlineData("""{"profile":"tls-server","allowed":["dns:/(/"]}""", "ticket-malformed")]
    [InlineData("""{"profile":"tls-server","allowed":[null]}""", "ticket-malformed")]
    [InlineData("""{"profile":"tls-server","attributes":{"id":"x"}}""", "ticket-malformed")]
    [InlineData("""{"profile":"tls-server","attributes":{"A B":"x"}}""", "ticket-malformed")]
    [InlineData("""{"profile":"tls-server","attributes":{"a":null}}""", "ticket-malformed")]
    [InlineData("""{"profile":"tls-server","device":"nobody"}""", "device-not-found")]
    [InlineData("""{"profile":"tls-server","expiresIn":"soon"}""", "duration-malformed")]
    [InlineData("""{"profile":"tls-server","note":""}""", "ticket-malformed")]
    [InlineData("""{"profil":"tls-server"}""", "json-malformed")]
    public async Task A_bad_wish_is_a_problem(string json, string reason)
    {
        using var answer = await Server.Send(HttpMethod.Post, Route, json, Server.Token);

        ((int)answer.StatusCode).Should().Be(400);
        (await answer.Content.ReadFromJsonAsync<Problem>(TestContext.Current.CancellationToken))!.Reason.Should().Be(reason);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_registered_account_is_there_before_its_client_comes(bool pem)
    {
        var key = TestKey.P256();
        var text = pem ? ((ECDsa)key.Algorithm).ExportSubjectPublicKeyInfoPem() : key.Jwk.ToJsonString();
        var registered = await Register(new() { Profile = TestProfiles.EabRequired, Key = text, Allowed = ["dns:known.example"], RegistrationEndsIn = "30d", Contact = ["mailto:pki@example.com"] });

        registered.Thumbprint.Should().Be(key.Thumbprint);
        var account = new TestAccount(Server.Server, TestProfiles.EabRequired, key);
        var found = await account.Register();
        found.Status.Should().Be(HttpStatusCode.OK, "the account exists, and needs no external account");
        account.Kid.Should().Be(registered.Url);
        (await account.Order(("dns", "other.example"))).Reason.Should().Be("identifier-not-of-ticket");
        (await account.Enroll("known.example")).State.Should().Be("valid");
        Server.Clock.Advance(TimeSpan.FromDays(30));
        (await account.Order(("dns", "known.example"))).Reason.Should().Be("registration-expired");
        (await Revoke(registered.Ticket, new() { Accounts = true })).Accounts.Should().Equal(registered.Id);
        (await account.Order(("dns", "known.example"))).Reason.Should().Be("account-not-valid");
    }

    [Fact]
    public async Task A_registered_account_agrees_to_the_terms_when_its_client_first_comes()
    {
        await using var server = await AdminServer.Start(configure: options => options with { TermsOfService = new Uri("https://example.com/terms") });
        var key = TestKey.P256();
        await server.Post("/admin/v1/accounts", new NewRegistration { Profile = "tls-server", Key = key.Jwk.ToJsonString() }, AdminJson.Default.NewRegistration, AdminJson.Default.RegisteredAccount);
        var account = new TestAccount(server.Server, "tls-server", key);

        await account.Register("{}");
        (await account.Order(("dns", "a.example"))).ShouldBeProblem("userActionRequired", 403);
        await account.Register();
        (await account.Order(("dns", "a.example"))).Status.Should().Be(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("", "key-malformed")]
    [InlineData("AAAA", "key-malformed")]
    [InlineData("""{"kty":"oct","k":"AAAA"}""", "key-private")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "key-malformed")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "key-unreadable")]
    public async Task A_key_that_cannot_be_registered_is_a_problem(string key, string reason)
    {
        using var answer = await Server.Send(HttpMethod.Post, "/admin/v1/accounts", JsonSerializer.Serialize(new NewRegistration { Profile = "tls-server", Key = key }, AdminJson.Default.NewRegistration), Server.Token);

        (await answer.Content.ReadFromJsonAsync<Problem>(TestContext.Current.CancellationToken))!.Reason.Should().Be(reason);
    }

    [Fact]
    public async Task A_key_has_one_account_in_a_directory()
    {
        var wanted = new NewRegistration { Profile = "tls-server", Key = TestKey.P256().Jwk.ToJsonString() };
        await Register(wanted);

        using var answer = await Server.Send(HttpMethod.Post, "/admin/v1/accounts", JsonSerializer.Serialize(wanted, AdminJson.Default.NewRegistration), Server.Token);

        answer.StatusCode.Should().Be(HttpStatusCode.Conflict);
        (await answer.Content.ReadFromJsonAsync<Problem>(TestContext.Current.CancellationToken))!.Reason.Should().Be("key-in-use");
    }

    private Task<TicketEntry> Add(NewTicketRequest wanted) => Server.Post(Route, wanted, AdminJson.Default.NewTicketRequest, AdminJson.Default.TicketEntry);

    private Task<TicketRevocationReport> Revoke(TicketEntry ticket, TicketRevocation wanted) =>
        Server.Post($"{Route}/{ticket.Id}/revoke", wanted, AdminJson.Default.TicketRevocation, AdminJson.Default.TicketRevocationReport);

    private Task<RegisteredAccount> Register(NewRegistration wanted) => Server.Post("/admin/v1/accounts", wanted, AdminJson.Default.NewRegistration, AdminJson.Default.RegisteredAccount);
}
