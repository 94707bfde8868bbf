using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Workers;
using FluentAssertions;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Webhooks;

/// <summary>The organisation's own services are asked at the challenge and at finalize, and their word counts.</summary>
public sealed class WebhookTests
{
    private const string Refusal = """{"decision":"refuse","reason":"reported stolen on Monday"}""";
    private const string Department = """{"decision":"allow","attributes":{"department":"R & D","floor":3}}""";

    [Fact]
    public async Task What_a_webhook_says_at_the_challenge_gets_into_the_certificate()
    {
        await using var server = await WebhookServer.Start("challenge");
        server.Receiver.Answer = (asked, context) => Receiver.Say(asked, context, Department);

        (await server.Enroll()).State.Should().Be("valid");

        (await Subject(server)).Should().Be($"CN={Simulated.Serial}, OU=R & D");
        var asked = server.Receiver.All.Should().ContainSingle().Subject;
        asked.Signed.Should().BeTrue();
        asked.At.Should().Be(Simulated.Now);
        ((string)asked.Json["delivery"]!).Should().Be(asked.Delivery);
        ((string)asked.Json["event"]!).Should().Be("challenge");
        ((string)asked.Json["purpose"]!).Should().Be("decide");
        ((string)asked.Json["verdict"]!["verdict"]!).Should().Be("accepted");
        Fact(asked, "device.serial").Should().Be(Simulated.Serial);
        ((string)asked.Json["order"]!["identifiers"]![0]!["value"]!).Should().Be(Simulated.Serial);
        var delivery = (await server.Deliveries()).Should().ContainSingle().Subject;
        delivery.Should().BeEquivalentTo(new { Id = asked.Delivery, Webhook = "cmdb", Event = "challenge", Outcome = "allowed", Reason = (string?)null, Status = 200, Attempts = 1 });
        System.Text.Encoding.UTF8.GetString(delivery.Request!).Should().Be(asked.Body);
    }

    [Fact]
    public async Task What_a_webhook_says_at_finalize_takes_the_place_of_what_it_said_before()
    {
        await using var server = await WebhookServer.Start("both");
        server.Receiver.Answer = (asked, context) => Receiver.Say(
            asked, context, (string)asked.Json["event"]! == "challenge" ? Department : """{"decision":"allow","attributes":{"department":"Sales"}}""");

        (await server.Enroll()).State.Should().Be("valid");

        (await Subject(server)).Should().Be($"CN={Simulated.Serial}, OU=Sales");
        server.Receiver.All.Should().HaveCount(2);
        var finalize = server.Receiver.All[1];
        Fact(finalize, "device.serial").Should().Be(Simulated.Serial);
        Fact(finalize, "ledger.state").Should().Be("active");
        ((string)finalize.Json["device"]!["identifiers"]![0]!["value"]!).Should().NotBeEmpty();
        ((string?)finalize.Json["csr"]).Should().NotBeNull();
        Fact(finalize, "webhook.cmdb.floor").Should().Be("3", "it is told what it said at the challenge");
    }

    [Fact]
    public async Task A_refusal_at_the_challenge_reaches_the_client_with_its_reason()
    {
        await using var server = await WebhookServer.Start("challenge");
        server.Receiver.Answer = (asked, context) => Receiver.Say(asked, context, Refusal);

        var (order, answer, _) = await server.Challenge();

        answer.State.Should().Be("invalid");
        ((string)answer.Json["error"]!["reason"]!).Should().Be("webhook-refused");
        ((string)answer.Json["error"]!["type"]!).Should().EndWith(":unauthorized");
        ((string)answer.Json["error"]!["detail"]!).Should().Contain("reported stolen on Monday").And.NotContain("127.0.0.1");
        (await order.States()).Should().Be("invalid invalid invalid");
        await using var context = server.Server.Db.Read();
        context.Evidence.Single().Reason.Should().Be("webhook-refused");
        context.Devices.Should().BeEmpty("who is refused is not registered");
    }

    [Fact]
    public async Task A_refusal_at_finalize_reaches_the_client_and_the_order_stays_ready()
    {
        await using var server = await WebhookServer.Start("finalize");
        server.Receiver.Answer = (asked, context) => Receiver.Say(asked, context, Refusal);
        var (order, _, evidence) = await server.Challenge();

        var refused = await order.Finalize(evidence.Key);

        refused.ShouldBeProblem("unauthorized", 403);
        refused.Reason.Should().Be("webhook-refused");
        refused.Body.Should().Contain("reported stolen on Monday");
        (await order.States()).Should().Be("valid valid ready");
        server.Receiver.Answer = (asked, context) => Receiver.Say(asked, context, Department);
        (await order.Finalize(evidence.Key)).State.Should().Be("valid");
    }

    [Fact]
    public async Task An_old_answer_is_refused_with_a_reason_of_its_own()
    {
        await using var server = await WebhookServer.Start("challenge");
        string? old = null;
        server.Receiver.Answer = (asked, context) => Receiver.Say(context, old ??= asked.Delivery, Department, Receiver.Secret);
        (await server.Challenge()).Answer.State.Should().Be("valid");

        var (_, answer, _) = await server.Challenge();

        ((string)answer.Json["error"]!["reason"]!).Should().Be("webhook-answer-replayed");
        (await server.Deliveries())[1].Should().BeEquivalentTo(new { Outcome = "failed", Reason = "webhook-answer-replayed" });
    }

    [Theory]
    [InlineData("""{"decision":"maybe"}""", "webhook-answer-invalid")]
    [InlineData("""{"decision":"allow","attribute":{}}""", "webhook-answer-invalid")]
    [InlineData("""{"decision":"allow","attributes":{"Depart ment":"x"}}""", "webhook-answer-invalid")]
    [InlineData("""{"decision":"allow","attributes":{"a":"b\u0000"}}""", "webhook-answer-invalid")]
    [InlineData("""{"decision":"allow","attributes":{"a":[1]}}""", "webhook-answer-invalid")]
    [InlineData("""{"decision":"allow"}{"decision":"refuse"}""", "webhook-answer-invalid")]
    [InlineData("allow", "webhook-answer-invalid")]
    [InlineData("", "webhook-answer-invalid")]
    public async Task An_answer_that_is_none_is_refused_also_where_silence_is_excused(string body, string reason)
    {
        await using var server = await WebhookServer.Start("challenge", "on-failure: allow");
        server.Receiver.Answer = (asked, context) => Receiver.Say(asked, context, body);

        ((string?)(await server.Challenge()).Answer.Json["error"]?["reason"]).Should().Be(reason);
    }

    [Fact]
    public async Task An_answer_must_be_signed_with_the_secret_and_may_be_with_the_one_before()
    {
        await using var server = await WebhookServer.Start("challenge", "on-failure: allow", secrets: folder => File.WriteAllText(Path.Combine(folder, "cmdb"), $"a new secret that is long enough\n{Receiver.Secret}\n"));
        (await server.Challenge()).Answer.State.Should().Be("valid", "the old secret counts while it is being changed");
        server.Receiver.All.Single().Signed.Should().BeTrue("and requests are signed with both");

        server.Receiver.Answer = (asked, context) => Receiver.Say(context, asked.Delivery, Department, "another secret that is long enough");
        ((string)(await server.Challenge()).Answer.Json["error"]!["reason"]!).Should().Be("webhook-answer-signature");
        server.Receiver.Answer = (_, context) => context.Response.WriteAsync(Department);
        ((string)(await server.Challenge()).Answer.Json["error"]!["reason"]!).Should().Be("webhook-answer-signature");
    }

    [Fact]
    public async Task A_huge_answer_is_not_read_to_its_end()
    {
        await using var server = await WebhookServer.Start("challenge");
        server.Receiver.Answer = async (asked, context) =>
        {
            var chunk = new byte[64 * 1024];
            for (var i = 0; i < 1000 && !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
            }
        };

        ((string)(await server.Challenge()).Answer.Json["error"]!["reason"]!).Should().Be("webhook-answer-invalid");
        (await server.Deliveries()).Single().Answer!.Length.Should().BeLessThan(20_000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_answers_slowly_is_not_waited_for(bool slowBody)
    {
        await using var server = await WebhookServer.Start("challenge", "timeout: 3s, retries: 1");
        server.Receiver.Answer = async (asked, context) =>
        {
            if (slowBody)
            {
                await context.Response.WriteAsync("{", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }

            await Task.Delay(TimeSpan.FromMinutes(2), context.RequestAborted);
        };

        var watch = System.Diagnostics.Stopwatch.StartNew();
        var (_, answer, _) = await server.Challenge();

        watch.Elapsed.Should().BeLessThan(TimeSpan.FromMinutes(1));
        ((string)answer.Json["error"]!["reason"]!).Should().Be("webhook-unavailable");
        server.Receiver.All.Select(asked => asked.Delivery).Distinct().Should().ContainSingle();
        server.Receiver.All.Select(asked => (int)asked.Json["attempt"]!).Should().Equal(1, 2);
        (await server.Deliveries()).Single().Should().BeEquivalentTo(new { Attempts = 2, Status = (int?)null, Reason = "webhook-unavailable" });
    }

    [Theory]
    [InlineData(503, 2)]
    [InlineData(404, 1)]
    [InlineData(302, 1)]
    public async Task Silence_is_excused_where_the_profile_says_so(int status, int attempts)
    {
        await using var server = await WebhookServer.Start("both", "on-failure: allow");
        server.Receiver.Answer = (_, context) =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = "/elsewhere";
            return Task.CompletedTask;
        };

        (await server.Enroll()).State.Should().Be("valid");

        (await Subject(server)).Should().Be($"CN={Simulated.Serial}, OU=none");
        server.Receiver.All.Should().HaveCount(attempts * 2);
        await using var context = server.Server.Db.Read();
        context.Evidence.Select(row => row.Verdict).AsEnumerable().Should().OnlyContain(verdict => verdict.Contains("webhook-unavailable") && verdict.Contains("observed"), "that nobody answered is recorded");
    }

    [Fact]
    public async Task A_passing_failure_is_tried_again()
    {
        await using var server = await WebhookServer.Start("challenge");
        server.Receiver.Answer = (asked, context) =>
        {
            if ((int)asked.Json["attempt"]! == 2)
            {
                return Receiver.Say(asked, context, Department);
            }

            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };

        (await server.Challenge()).Answer.State.Should().Be("valid");
    }

    [Fact]
    public async Task What_an_officer_agreed_to_is_not_lost_while_nobody_answers()
    {
        await using var server = await WebhookServer.Start("finalize", "timeout: 1s, retries: 0", text => text + "\napproval: required");
        server.Receiver.Answer = (asked, context) => Receiver.Say(asked, context, Department);
        var (order, _, evidence) = await server.Challenge();
        (await order.Finalize(evidence.Key)).State.Should().Be("processing");
        var silent = 0;
        server.Receiver.Answer = (asked, context) =>
        {
            if (Interlocked.Increment(ref silent) > 1)
            {
                return Receiver.Say(asked, context, Department);
            }

            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };

        await server.Server.Db.Commit(context => context.Record(context.PendingIssuances.Single().Approve(null, "olga", server.Server.Clock.GetUtcNow())));
        server.Server.Services.GetRequiredService<IssuanceWorker>().Wake();

        for (var tries = 0; (await order.Account.Get(order.Url)).State == "processing"; tries++)
        {
            tries.Should().BeLessThan(600);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        (await order.Account.Get(order.Url)).State.Should().Be("valid");
        silent.Should().Be(2, "the first attempt found nobody");
        server.Receiver.All.Should().HaveCount(3, "before the order waited, and twice afterwards");
        await using var context = server.Server.Db.Read();
        context.PendingIssuances.Single().Attempts.Should().Be(2);
    }

    [Fact]
    public async Task An_endpoint_that_fails_again_and_again_is_left_alone_for_a_while()
    {
        await using var server = await WebhookServer.Start("challenge", "retries: 0");
        var well = server.Receiver.Answer;
        server.Receiver.Answer = (_, context) =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        for (var i = 0; i < 5; i++)
        {
            ((string)(await server.Challenge()).Answer.Json["error"]!["reason"]!).Should().Be("webhook-unavailable");
        }

        ((string)(await server.Challenge()).Answer.Json["error"]!["reason"]!).Should().Be("webhook-circuit-open");
        server.Receiver.All.Should().HaveCount(5);

        server.Server.Clock.Advance(TimeSpan.FromSeconds(31));
        ((string)(await server.Challenge()).Answer.Json["error"]!["reason"]!).Should().Be("webhook-unavailable", "one delivery tries whether it answers again");
        ((string)(await server.Challenge()).Answer.Json["error"]!["reason"]!).Should().Be("webhook-circuit-open");

        server.Receiver.Answer = well;
        server.Server.Clock.Advance(TimeSpan.FromSeconds(61));
        (await server.Challenge()).Answer.State.Should().Be("valid");
        (await server.Challenge()).Answer.State.Should().Be("valid", "the circuit is closed");
    }

    [Fact]
    public async Task A_rule_may_ask_for_what_a_webhook_says()
    {
        await using var server = await WebhookServer.Start(
            "challenge", profile: text => text.Replace("  anchors: [apple]\n", "  anchors: [apple]\n  facts: { webhook.cmdb.department: [Sales, R & D] }\n", StringComparison.Ordinal));
        server.Receiver.Answer = (asked, context) => Receiver.Say(asked, context, Department);
        (await server.Challenge()).Answer.State.Should().Be("valid");

        server.Receiver.Answer = (asked, context) => Receiver.Say(asked, context, """{"decision":"allow"}""");
        ((string)(await server.Challenge()).Answer.Json["error"]!["reason"]!).Should().Be("fact-absent");
    }

    [Fact]
    public async Task Nobody_is_asked_about_what_is_refused_anyhow()
    {
        await using var server = await WebhookServer.Start("both", ledger: true);

        var (_, unknown, _) = await server.Challenge();

        ((string)unknown.Json["error"]!["reason"]!).Should().Be("device-unknown");
        server.Receiver.All.Should().BeEmpty();
        await using var context = server.Server.Db.Read();
        JsonNode.Parse(context.Evidence.Single().Verdict)!["checks"]!.AsArray().Single(check => (string)check!["name"]! == "webhook")!["outcome"]!.GetValue<string>().Should().Be("not-reached");
    }

    private static string? Fact(Asked asked, string name) => asked.Json["verdict"]!["facts"]!.AsArray().SingleOrDefault(fact => (string)fact!["name"]! == name)?["value"]?.ToString();

    private static async Task<string> Subject(WebhookServer server)
    {
        await using var context = server.Server.Db.Read();
        using var certificate = X509CertificateLoader.LoadCertificate(context.Certificates.Single().Certificate);
        return certificate.Subject;
    }
}
