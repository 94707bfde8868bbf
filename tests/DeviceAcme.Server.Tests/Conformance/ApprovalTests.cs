using System.Net;
using System.Text.Json;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Orders that wait for an officer: what the client sees, what the officer can do, and that exactly one certificate comes of it.</summary>
[Spec("RFC 8555 §7.1.6")]
[Spec("RFC 8555 §7.4")]
public sealed class ApprovalTests : ApprovalScene
{
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

    private Task<OrderExplanation> Explain(DeviceOrder order) => Server.Get($"/admin/v1/orders/{Id(order)}/explain", AdminJson.Default.OrderExplanation);
}
