using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Server.Workers;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Orders that wait for an officer: what the client sees, what the officer can do, and that exactly one certificate comes of it.</summary>
[Spec("RFC 8555 §7.1.6")]
[Spec("RFC 8555 §7.4")]
public sealed class ApprovalTests : IAsyncLifetime
{
    private const string Approve = """
        name: approve
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
        attestation: { mode: required, formats: [apple], anchors: [apple] }
        devices: { unknown: approve }
        certificate:
          subject: CN={{identifier}}, OU={{ledger.state}}
          keys: [ec-p256]
          extended-key-usage: [client-auth]
          validity: 90d
        """;

    private static readonly string Required = Approve.Replace("name: approve", "name: required").Replace("unknown: approve }", "unknown: register }\napproval: required");

    private AdminServer? _server;

    private AdminServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await AdminServer.Start(new Dictionary<string, string>
    {
        ["approve"] = Approve,
        ["required"] = Required,
        ["once"] = Required.Replace("name: required", "name: once").Replace("approval: required", "approval: { mode: required, counts-for: none, expires: 2h }"),
        ["strict"] = Approve.Replace("name: approve", "name: strict").Replace("unknown: approve", "unknown: refuse"),
        ["owned"] = Approve.Replace("name: approve", "name: owned").Replace("OU={{ledger.state}}", "OU={{ledger.owner}}"),
        ["forgetful"] = Approve.Replace("name: approve", "name: forgetful").Replace("CN={{identifier}}", "CN={{device.serial}}") + "\nevidence: { keep: none }\n",
        ["one"] = """
            name: one
            identifiers: { dns: { challenges: [http-01], caa: false } }
            accounts: { limits: { certificates: 1 } }
            approval: required
            certificate: { keys: [ec-p256], extended-key-usage: [server-auth], validity: 30d }
            """,
        ["names"] = """
            name: names
            identifiers: { dns: { challenges: [http-01] } }
            approval: required
            certificate: { keys: [ec-p256], extended-key-usage: [server-auth], validity: 30d }
            """,
    });

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task An_unknown_device_waits_for_an_officer_and_gets_its_certificate_when_one_agrees()
    {
        var (order, key, finalized) = await Enroll("approve");

        finalized.State.Should().Be("processing");
        finalized.Header("Retry-After").Should().Be("5");
        finalized.Header("Location").Should().Be(order.Url);
        var read = await order.Account.Get(order.Url);
        read.State.Should().Be("processing");
        read.Header("Retry-After").Should().Be("5");
        ((DateTimeOffset)read.Json["expires"]!).Should().Be(Simulated.Now.AddDays(7), "the waiting has an end of its own");
        Devices().Should().ContainSingle().Which.State.Should().Be(DeviceState.Pending);
        (await order.Finalize(key)).Json["reason"]!.GetValue<string>().Should().Be("order-not-ready");

        var approved = await ApproveIt(Id(order));

        approved.Approval!.Decision.Should().Be("approved");
        approved.Approval.DecidedBy.Should().Be("local");
        var valid = await order.Account.Settle(order.Url);
        valid.State.Should().Be("valid");
        (await order.Account.Get((string)valid.Json["certificate"]!)).Status.Should().Be(HttpStatusCode.OK);
        Devices().Should().ContainSingle().Which.State.Should().Be(DeviceState.Active);
        using var certificate = Certificate();
        certificate.Subject.Should().Be($"CN={Simulated.Serial}, OU=active", "it was judged again when it was issued");
        certificate.SerialNumber.Should().BeEquivalentTo((await Show(Id(order))).Approval!.Serial, "the number was stored before it was signed");
        (await Kinds(Id(order))).Should().ContainInOrder("order.ready", "order.processing", "order.approved", "order.valid");
    }

    [Fact]
    public async Task An_approved_device_enrolls_at_once_from_then_on()
    {
        var (order, _, _) = await Enroll("approve");
        await ApproveIt(Id(order));
        await order.Account.Settle(order.Url);

        (await Enroll("approve")).Finalized.State.Should().Be("valid");
        (await Enroll("strict")).Finalized.State.Should().Be("valid", "the ledger has it now");
    }

    [Fact]
    public async Task A_pending_device_is_not_ours_elsewhere()
    {
        await Enroll("approve");

        var account = await Server.Account("strict");
        var order = await Simulated.Order(account, Simulated.Serial);
        var answer = await order.Send(Simulated.Apple.Make(order.Material, Simulated.NewKey()));
        ((string)answer.Json["error"]!["reason"]!).Should().Be("device-unapproved");
    }

    [Fact]
    public async Task A_refused_order_is_invalid_and_says_why()
    {
        var (order, _, _) = await Enroll("approve");

        await RefuseIt(Id(order), "not one of ours: ask the help desk", "leave");

        var invalid = await order.Account.Get(order.Url);
        invalid.State.Should().Be("invalid");
        ((string)invalid.Json["error"]!["reason"]!).Should().Be("approval-refused");
        ((string)invalid.Json["error"]!["type"]!).Should().EndWith(":unauthorized");
        ((string)invalid.Json["error"]!["detail"]!).Should().Contain("not one of ours: ask the help desk");
        Devices().Should().ContainSingle().Which.State.Should().Be(DeviceState.Pending, "the officer left it");
        (await Enroll("approve")).Finalized.State.Should().Be("processing", "it can ask again");
    }

    [Fact]
    public async Task A_refusal_can_block_the_device()
    {
        var (order, _, _) = await Enroll("approve");

        await RefuseIt(Id(order), "stolen", "block");

        Devices().Should().ContainSingle().Which.State.Should().Be(DeviceState.Blocked);
        var account = await Server.Account("approve");
        ((string)(await account.Order(("permanent-identifier", Simulated.Serial))).Json["reason"]!).Should().Be("device-blocked");
    }

    [Fact]
    public async Task Of_two_officers_at_once_one_decides()
    {
        var (order, _, _) = await Enroll("approve");
        var path = $"/admin/v1/orders/{Id(order)}";

        var answers = await Task.WhenAll(
            Server.Send(HttpMethod.Post, $"{path}/approve", "{}", Server.Token),
            Server.Send(HttpMethod.Post, $"{path}/refuse", """{"reason":"no"}""", Server.Token));

        answers.Select(answer => answer.StatusCode).Should().BeEquivalentTo([HttpStatusCode.OK, HttpStatusCode.Conflict]);
        var loser = JsonDocument.Parse(await answers.Single(answer => answer.StatusCode == HttpStatusCode.Conflict).Content.ReadAsStringAsync()).RootElement;
        loser.GetProperty("reason").GetString().Should().Be("approval-decided");
        loser.GetProperty("detail").GetString().Should().Contain("local");
        (await Server.Events()).Should().Contain(happened => happened.Kind == "admin.refused" && happened.Reason == "approval-decided");
    }

    [Fact]
    public async Task Approving_does_not_help_a_device_that_was_blocked_meanwhile()
    {
        var (order, _, _) = await Enroll("approve");
        await Import("blocked");

        using var answer = await Server.Send(HttpMethod.Post, $"/admin/v1/orders/{Id(order)}/approve", "{}", Server.Token);

        answer.StatusCode.Should().Be(HttpStatusCode.Conflict);
        JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("reason").GetString().Should().Be("device-blocked");
        (await order.Account.Get(order.Url)).State.Should().Be("processing", "the officer can mend it, or refuse");
        await Import("active");
        await ApproveIt(Id(order));
        (await order.Account.Settle(order.Url)).State.Should().Be("valid");
    }

    [Fact]
    public async Task An_inventory_that_names_the_device_answers_the_question()
    {
        var (order, _, _) = await Enroll("approve");

        await Import("expected");
        Worker.Wake();

        (await order.Account.Settle(order.Url)).State.Should().Be("valid");
        (await Kinds(Id(order))).Should().Contain("order.approval-not-needed");
    }

    [Fact]
    public async Task What_the_certificate_needs_of_the_ledger_can_be_said_before_the_approval()
    {
        var (order, _, finalized) = await Enroll("owned");
        finalized.State.Should().Be("processing");
        using var early = await Server.Send(HttpMethod.Post, $"/admin/v1/orders/{Id(order)}/approve", "{}", Server.Token);
        early.StatusCode.Should().Be(HttpStatusCode.Conflict);
        (await early.Content.ReadAsStringAsync()).Should().Contain("template-value-missing").And.Contain("ledger.owner");

        await Import("pending", "Ada");
        await ApproveIt(Id(order));

        await order.Account.Settle(order.Url);
        using var certificate = Certificate();
        certificate.Subject.Should().Contain("OU=Ada");
    }

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
    public async Task Orders_for_names_wait_too()
    {
        var account = await Server.Account("names");
        var first = await account.Enroll("waiting.example");
        first.State.Should().Be("processing");

        await ApproveIt(IdOf(first.Header("Location")!));

        (await account.Settle(first.Header("Location")!)).State.Should().Be("valid");
        (await account.Enroll("waiting.example")).State.Should().Be("valid", "the same account for the same name");
        (await account.Enroll("another.example")).State.Should().Be("processing");
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
    public async Task Explain_says_what_an_order_waits_for_and_who_must_do_what()
    {
        var (order, _, _) = await Enroll("approve");
        var waiting = await Explain(order);
        waiting.Summary.Should().Be("the order waits for an officer until 2026-11-29T12:00:00Z: the device is genuine and not known: an officer must say that it is ours");
        waiting.Help[0].Should().Contain($"deviceacme order approve {Id(order)}").And.Contain("deviceacme order refuse");
        waiting.Steps.Select(step => $"{step.Step} {step.Outcome}").Should().Equal("challenge accepted", "finalize accepted", "approval waiting");
        waiting.Steps[1].Checks.Single(check => check.Name == "approval").Outcome.Should().Be("not-reached");

        Server.Clock.Advance(TimeSpan.FromMinutes(1));
        await RefuseIt(Id(order), "not one of ours", "leave");
        var refused = await Explain(order);
        refused.Summary.Should().Be("the approval was refused: approval-refused");
        refused.Steps[^1].Should().BeEquivalentTo(new { Step = "approval", Outcome = "refused", Reason = "approval-refused", Class = "approval" });
        refused.Steps[^1].Note.Should().Contain("local refused it: not one of ours");

        var (approved, _, _) = await Enroll("approve");
        await ApproveIt(Id(approved));
        await approved.Account.Settle(approved.Url);
        (await Explain(approved)).Steps.Select(step => $"{step.Step} {step.Outcome}").Should().Equal("challenge accepted", "finalize accepted", "approval accepted", "issuance accepted");
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

    private Task<OrderExplanation> Explain(DeviceOrder order) => Server.Get($"/admin/v1/orders/{Id(order)}/explain", AdminJson.Default.OrderExplanation);

    private IssuanceWorker Worker => Server.Server.Services.GetRequiredService<IssuanceWorker>();

    private async Task<(DeviceOrder Order, ECDsa Key, TestReply Finalized)> Enroll(string profile)
    {
        var account = await Server.Account(profile);
        var order = await Simulated.Order(account, Simulated.Serial);
        var key = Simulated.NewKey();
        (await order.Send(Simulated.Apple.Make(order.Material, key))).State.Should().Be("valid");
        return (order, key, await order.Finalize(key));
    }

    private static string Id(DeviceOrder order) => IdOf(order.Url);

    private static string IdOf(string url) => url[(url.LastIndexOf('/') + 1)..];

    private Task<OrderRecord> ApproveIt(string id) => Server.Post($"/admin/v1/orders/{id}/approve", new OrderApproval(), AdminJson.Default.OrderApproval, AdminJson.Default.OrderRecord);

    private Task<OrderRecord> RefuseIt(string id, string reason, string device) =>
        Server.Post($"/admin/v1/orders/{id}/refuse", new OrderRefusal { Reason = reason, Device = device }, AdminJson.Default.OrderRefusal, AdminJson.Default.OrderRecord);

    private Task<OrderRecord> Show(string id) => Server.Get($"/admin/v1/orders/{id}", AdminJson.Default.OrderRecord);

    private List<Device> Devices()
    {
        using var context = Server.Server.Db.Read();
        return [.. context.Devices];
    }

    private System.Security.Cryptography.X509Certificates.X509Certificate2 Certificate()
    {
        using var context = Server.Server.Db.Read();
        return System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(context.Certificates.Single().Certificate);
    }

    private async Task<IReadOnlyList<string>> Kinds(string order)
    {
        await using var context = Server.Server.Db.Read();
        return [.. context.Events.Where(happened => happened.Order == new Core.OrderId(order)).OrderBy(happened => happened.Sequence).Select(happened => happened.Kind)];
    }

    private async Task Import(string state, string owner = "") => (await Server.Server.Services.GetRequiredService<DeviceImport>().Run(
            Inventory.Read(Encoding.UTF8.GetBytes($$"""[{"identifiers":{"serial":"{{Simulated.Serial}}"},"state":"{{state}}","owner":"{{owner}}"}]""")), "test", "test", false, null, TestContext.Current.CancellationToken))
        .Mistakes.Should().BeEmpty();
}
