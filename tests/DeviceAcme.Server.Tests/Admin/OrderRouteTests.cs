using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Tests.Network;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>Orders, accounts and certificates as administrators see them, and who may change what.</summary>
public sealed class OrderRouteTests
{
    private const string Names = """
        name: names
        identifiers: { dns: { challenges: [http-01], caa: true } }
        approval: required
        certificate: { keys: [ec-p256], extended-key-usage: [server-auth], validity: 30d }
        """;

    private static readonly Dictionary<string, string> Profiles = new() { ["names"] = Names };

    [Fact]
    public async Task Every_filter_finds_what_belongs_together_in_both_directions()
    {
        await using var server = await AdminServer.Start(Profiles);
        var device = await EnrollDevice(server, Simulated.Serial);
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        var other = await EnrollDevice(server, "C02OTHER0001");
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        var named = await server.Account("names");
        var waiting = Id((await named.Enroll("filter.example")).Header("Location")!);
        var pending = Id((await named.Order(("dns", "open.example"))).Header("Location")!);

        (await Orders(server, "")).Should().BeEquivalentTo([pending, waiting, other.Order, device.Order], "newest first, read two by two");
        (await Orders(server, "status=valid")).Should().Equal(other.Order, device.Order);
        (await Orders(server, "status=processing")).Should().Equal(waiting);
        (await Orders(server, "status=pending")).Should().Equal(pending);
        (await Orders(server, "status=invalid")).Should().BeEmpty();
        (await Orders(server, "waiting=true")).Should().Equal(waiting);
        (await Orders(server, "profile=names")).Should().BeEquivalentTo([pending, waiting]);
        (await Orders(server, $"device={Simulated.Serial}")).Should().Equal(device.Order);
        (await Orders(server, $"device={device.Device}")).Should().Equal(device.Order);
        (await Orders(server, $"account={Id(named.Kid!)}")).Should().BeEquivalentTo([pending, waiting]);
        (await Orders(server, "device=nowhere")).Should().BeEmpty();

        var account = (await server.Get($"/admin/v1/accounts?device={Simulated.Serial}", AdminJson.Default.AccountList)).Accounts.Should().ContainSingle().Subject;
        var shown = await server.Get($"/admin/v1/accounts/{account.Id}", AdminJson.Default.AccountRecord);
        (shown.DeviceIds, shown.OrderIds, shown.CertificateIds).Should().BeEquivalentTo((new[] { device.Device }, new[] { device.Order }, new[] { device.Certificate }));
        (await server.Get("/admin/v1/accounts?profile=names&status=valid", AdminJson.Default.AccountList)).Accounts.Should().ContainSingle().Which.Id.Should().Be(Id(named.Kid!));

        var certificate = await server.Get($"/admin/v1/certificates/{device.Certificate}", AdminJson.Default.CertificateRecord);
        (certificate.OrderId, certificate.AccountId, certificate.DeviceId, certificate.Status).Should().Be((device.Order, account.Id, device.Device, "valid"));
        certificate.Identifiers.Should().ContainSingle().Which.Value.Should().Be(Simulated.Serial);
        certificate.Pem.Split("BEGIN CERTIFICATE").Should().HaveCountGreaterThan(2, "the chain goes with it");
        var colons = string.Join(':', Enumerable.Range(0, certificate.Serial.Length / 2).Select(at => certificate.Serial.Substring(at * 2, 2).ToUpperInvariant()));
        foreach (var filter in new[] { $"device={Simulated.Serial}", $"device={device.Device}", $"account={account.Id}", $"order={device.Order}", $"serial={certificate.Serial}", $"serial={colons}", $"account={account.Id}&expiring=400d" })
        {
            (await Certificates(server, filter)).Should().Equal([device.Certificate], filter);
        }

        (await server.Get($"/admin/v1/certificates/{colons}", AdminJson.Default.CertificateRecord)).Id.Should().Be(device.Certificate);
        (await Certificates(server, "expiring=400d")).Should().Equal([device.Certificate, other.Certificate], "the next to end comes first");
        (await Certificates(server, "expiring=1d")).Should().BeEmpty();
        server.Clock.Advance(TimeSpan.FromDays(2));
        (await Orders(server, "status=invalid")).Should().Equal([pending], "it expired");
    }

    [Fact]
    public async Task A_certificate_is_revoked_once_with_its_reason_and_its_actor()
    {
        await using var server = await AdminServer.Start();
        var device = await EnrollDevice(server, Simulated.Serial);
        var path = $"/admin/v1/certificates/{device.Certificate}/revoke";

        (await Reason(server, path, """{"reason":"cACompromise"}""")).Should().Be("revocation-reason-not-allowed");
        var revoked = await server.Post(path, new CertificateRevocation { Reason = "keyCompromise", Comment = "stolen" }, AdminJson.Default.CertificateRevocation, AdminJson.Default.CertificateRecord);

        (revoked.Status, revoked.RevocationReason).Should().Be(("revoked", "keyCompromise"));
        (await Reason(server, path, "{}")).Should().Be("certificate-already-revoked");
        (await Certificates(server, "status=revoked")).Should().Equal(device.Certificate);
        var happened = (await server.Events()).Single(one => one.Kind == "certificate.revoked");
        (happened.Actor, happened.Certificate!.Value.Value, happened.Device!.Value.Value, happened.Detail).Should().Be(("local", device.Certificate, device.Device, "reason 1; stolen"));
    }

    [Fact, Spec("RFC 8555 §7.1.6")]
    public async Task An_account_that_an_administrator_ends_is_revoked_with_its_open_orders()
    {
        await using var server = await AdminServer.Start(Profiles);
        var account = await server.Account("names");
        var order = await account.Enroll("ended.example");
        var path = $"/admin/v1/accounts/{Id(account.Kid!)}/deactivate";

        (await Reason(server, path, """{"reason":""}""")).Should().Be("text-malformed");
        (await server.Post(path, new AccountDeactivation { Reason = "its host is gone" }, AdminJson.Default.AccountDeactivation, AdminJson.Default.AccountRecord)).Status.Should().Be("revoked");

        var answer = await account.Order(("dns", "again.example"));
        (answer.Status, (string)answer.Json["reason"]!).Should().Be((HttpStatusCode.Unauthorized, "account-not-valid"));
        var ended = await server.Get($"/admin/v1/orders/{Id(order.Header("Location")!)}", AdminJson.Default.OrderRecord);
        (ended.Status, ended.Error!.Reason).Should().Be(("invalid", "account-revoked"));
        (await Reason(server, path, """{"reason":"x"}""")).Should().Be("account-not-valid");
        (await server.Events()).Should().Contain(happened => happened.Kind == "account.revoked" && happened.Actor == "local" && happened.Detail == "its host is gone");
    }

    [Fact]
    public async Task Officers_see_and_decide_what_is_of_their_profiles()
    {
        await using var server = await AdminServer.Start(new Dictionary<string, string>(Profiles) { ["more"] = Names.Replace("name: names", "name: more") });
        var olga = (await server.NewToken("olga", "officer", "names")).Token;
        var mine = Id((await (await server.Account("names")).Enroll("mine.example")).Header("Location")!);
        var foreignAccount = await server.Account("more");
        var foreign = Id((await foreignAccount.Enroll("foreign.example")).Header("Location")!);

        JsonDocument.Parse(await (await server.Send(HttpMethod.Get, "/admin/v1/orders", null, olga)).Content.ReadAsStringAsync()).RootElement.GetProperty("orders").GetArrayLength().Should().Be(1);
        foreach (var (method, path, body) in new[]
        {
            (HttpMethod.Get, $"/admin/v1/orders/{foreign}", null), (HttpMethod.Post, $"/admin/v1/orders/{foreign}/approve", "{}"), (HttpMethod.Post, $"/admin/v1/orders/{foreign}/refuse", """{"reason":"x"}"""),
            (HttpMethod.Get, $"/admin/v1/accounts/{Id(foreignAccount.Kid!)}", null), (HttpMethod.Post, $"/admin/v1/accounts/{Id(foreignAccount.Kid!)}/deactivate", """{"reason":"x"}"""),
        })
        {
            (await Reason(server, path, body, olga, method)).Should().Be("profile-not-yours", path);
        }

        (await Reason(server, $"/admin/v1/orders/{mine}/refuse", """{"reason":"x","device":"block"}""", olga)).Should().Be("limited-to-profiles", "a device is of every profile");
        (await server.Send(HttpMethod.Post, $"/admin/v1/orders/{mine}/approve", """{"comment":"mine"}""", olga)).StatusCode.Should().Be(HttpStatusCode.OK);
        (await server.Get($"/admin/v1/orders/{mine}", AdminJson.Default.OrderRecord)).Approval!.DecidedBy.Should().Be("token:olga");
        (await server.Events()).Where(happened => happened.Kind == "admin.refused" && happened.Actor == "token:olga").Should().HaveCount(6, "what was refused was written down");
    }

    [Fact]
    public async Task A_decision_can_be_meant_for_the_version_that_was_seen()
    {
        await using var server = await AdminServer.Start(Profiles);
        var path = $"/admin/v1/orders/{Id((await (await server.Account("names")).Enroll("version.example")).Header("Location")!)}";
        using var seen = await server.Send(HttpMethod.Get, path);

        using var wrong = await server.Send(HttpMethod.Post, $"{path}/approve", "{}", server.Token, request => request.Headers.TryAddWithoutValidation("If-Match", "\"99\""));
        using var right = await server.Send(HttpMethod.Post, $"{path}/approve", "{}", server.Token, request => request.Headers.TryAddWithoutValidation("If-Match", seen.Headers.ETag!.ToString()));

        (wrong.StatusCode, right.StatusCode).Should().Be((HttpStatusCode.PreconditionFailed, HttpStatusCode.OK));
    }

    [Fact]
    public async Task What_does_not_wait_cannot_be_approved()
    {
        await using var server = await AdminServer.Start();
        var device = await EnrollDevice(server, Simulated.Serial);

        (await Reason(server, $"/admin/v1/orders/{device.Order}/approve", "{}")).Should().Be("approval-not-needed");
        (await Reason(server, "/admin/v1/orders/nowhere/approve", "{}")).Should().Be("order-unknown");
        (await Reason(server, $"/admin/v1/orders/{device.Order}/refuse", """{"reason":"line\none"}""")).Should().Be("text-malformed");
        (await Reason(server, $"/admin/v1/orders/{device.Order}/refuse", """{"reason":"x","device":"eat"}""")).Should().Be("parameter-malformed");
    }

    [Fact, Spec("RFC 8659 §3")]
    public async Task A_zone_is_asked_again_where_its_answer_is_older_than_eight_hours()
    {
        await using var dns = TestDnsServer.Start();
        await using var server = await AdminServer.Start(Profiles, options => options with { DnsResolver = dns.EndPoint });
        var (kept, lost) = (await server.Account("names"), await server.Account("names"));
        var (keptOrder, lostOrder) = ((await kept.Enroll("kept.example")).Header("Location")!, (await lost.Enroll("lost.example")).Header("Location")!);
        server.Clock.Advance(TimeSpan.FromHours(8));
        dns.WithCaa("lost.example", "issue", ";");

        foreach (var order in new[] { keptOrder, lostOrder })
        {
            await server.Post($"/admin/v1/orders/{Id(order)}/approve", new OrderApproval(), AdminJson.Default.OrderApproval, AdminJson.Default.OrderRecord);
        }

        (await kept.Settle(keptOrder)).State.Should().Be("valid");
        var refused = await lost.Settle(lostOrder);
        (refused.State, (string)refused.Json["error"]!["type"]!).Should().Be(("invalid", "urn:ietf:params:acme:error:caa"));
    }

    private static async Task<(string Order, string Certificate, string Device)> EnrollDevice(AdminServer server, string serial)
    {
        var order = await Simulated.Order(await server.Account("apple-device"), serial);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var maker = new Simulator.Makers.AppleMaker(Simulated.Vendors.Apple, Simulated.Now) { Device = Simulator.Makers.AppleDevice.Mac(serial) };
        (await order.Send(maker.Make(order.Material, key))).State.Should().Be("valid");
        (await order.Finalize(key)).State.Should().Be("valid");
        var shown = await server.Get($"/admin/v1/orders/{Id(order.Url)}", AdminJson.Default.OrderRecord);
        return (shown.Id, shown.CertificateId!, shown.DeviceIds.Single());
    }

    private static async Task<IReadOnlyList<string>> Orders(AdminServer server, string filter)
    {
        var found = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await server.Get($"/admin/v1/orders?limit=2&{filter}{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}", AdminJson.Default.OrderList);
            found.AddRange(page.Orders.Select(order => order.Id));
            cursor = page.Next;
        }

        return found;
    }

    private static async Task<IReadOnlyList<string>> Certificates(AdminServer server, string filter)
    {
        var found = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await server.Get($"/admin/v1/certificates?limit=1&{filter}{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}", AdminJson.Default.CertificateList);
            found.AddRange(page.Certificates.Select(certificate => certificate.Id));
            cursor = page.Next;
        }

        return found;
    }

    private static async Task<string?> Reason(AdminServer server, string path, string? body, string? token = null, HttpMethod? method = null)
    {
        using var answer = await server.Send(method ?? HttpMethod.Post, path, body, token ?? server.Token);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("reason").GetString();
    }

    private static string Id(string url) => url[(url.LastIndexOf('/') + 1)..];
}
