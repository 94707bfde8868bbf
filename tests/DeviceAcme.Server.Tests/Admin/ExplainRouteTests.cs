using System.Net;
using System.Net.Http.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>What an administrator is told about an order.</summary>
public sealed class ExplainRouteTests
{
    [Fact]
    public async Task A_refused_order_is_explained_check_by_check()
    {
        await using var server = await AdminServer.Start();
        var order = await Simulated.Order(await server.Account("apple-device"), Simulated.Serial);
        using var key = Simulated.NewKey();
        await order.Send(Simulated.Apple.With(AppleFault.ForeignRoot).Make(order.Material, key));

        var explanation = await Explain(server, Id(order.Url));

        explanation.Summary.Should().Be("the device-attest-01 challenge was refused: chain-untrusted-root");
        explanation.Order!.Status.Should().Be("invalid");
        explanation.Order.ProfileInForce.Should().BeTrue();
        explanation.Help[0].Should().Contain("import it");
        var step = explanation.Steps.Should().ContainSingle().Subject;
        step.Outcome.Should().Be("refused");
        step.Class.Should().Be("chain-untrusted-root");
        step.Checks.Select(check => check.Name).Should().ContainInOrder("attestation-object", "format", "statement", "chain", "freshness", "identifier");
        step.Checks.Single(check => check.Name == "chain").Should().BeEquivalentTo(new { Outcome = "failed", Reason = "chain-untrusted-root", Class = "chain-untrusted-root" });
        step.Checks.Should().OnlyContain(check => check.Outcome != "failed" || check.Advice != null);
        step.Facts!.Single(fact => fact.Name == "device.serial").Should().BeEquivalentTo(new { Value = Simulated.Serial, Proven = false });
        explanation.History.Select(entry => entry.Kind).Should().Equal("order.created", "authorization.invalid", "order.invalid");
    }

    [Fact]
    public async Task Every_finalize_is_explained_with_the_keys_that_were_compared()
    {
        await using var server = await AdminServer.Start();
        var order = await Simulated.Order(await server.Account("apple-device"), Simulated.Serial);
        using var key = Simulated.NewKey();
        using var other = Simulated.NewKey();
        await order.Send(Simulated.Apple.Make(order.Material, key));
        var refused = await order.Finalize(other);
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        var before = await Explain(server, Id(order.Url));
        (await order.Finalize(key)).State.Should().Be("valid");
        var after = await Explain(server, Id(order.Url));

        ((string?)refused.Json["reason"]).Should().Be("csr-key-not-attested");
        var subproblem = refused.Json["subproblems"]!.AsArray().Should().ContainSingle().Subject!;
        ((string?)subproblem["identifier"]!["value"]).Should().Be(Simulated.Serial);
        before.Summary.Should().Be("the finalize was refused: csr-key-not-attested; the client can finalize again");
        before.Help.Should().ContainSingle().Which.Should().Contain("attested key alone");
        var failed = before.Steps[^1].Checks.Single(check => check.Outcome == "failed");
        failed.Name.Should().Be("attested-key");
        failed.Class.Should().Be("key-mismatch");
        failed.Found.Should().Contain(Sha256(key)).And.Contain(Sha256(other));
        before.Steps[^1].Checks[^1].Should().BeEquivalentTo(new { Name = "certificate", Outcome = "not-reached" });

        after.Summary.Should().Be("the certificate was issued");
        after.Help.Should().BeEmpty();
        after.Steps.Select(step => (step.Step, step.Outcome)).Should().Equal(("challenge", "accepted"), ("finalize", "refused"), ("finalize", "accepted"));
        after.History.Select(entry => entry.Kind).Should().Equal("order.created", "authorization.valid", "order.ready", "order.finalize-refused", "order.valid");
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_request_is_told_at_once()
    {
        await using var server = await AdminServer.Start();
        var account = await server.Account("apple-device");
        var order = await Simulated.Order(account, Simulated.Serial);
        using var key = Simulated.NewKey();
        await order.Send(Simulated.Apple.Make(order.Material, key));
        using var other = System.Security.Cryptography.RSA.Create(2048);

        var refused = await account.Post((string)order.Created.Json["finalize"]!, $$"""{"csr":"{{Simulated.Csr(other)}}"}""");

        ((string?)refused.Json["reason"]).Should().Be("csr-key-type-not-allowed");
        refused.Json["subproblems"]!.AsArray().Select(problem => (string)problem!["reason"]!).Should().Equal("csr-key-type-not-allowed", "csr-key-not-attested");
        refused.Json["subproblems"]!.AsArray().Should().OnlyContain(problem => problem!["status"] == null);
    }

    [Fact]
    public async Task A_client_that_finalizes_wrongly_again_and_again_fills_no_store()
    {
        await using var server = await AdminServer.Start();
        var order = await Simulated.Order(await server.Account("apple-device"), Simulated.Serial);
        using var key = Simulated.NewKey();
        using var other = Simulated.NewKey();
        await order.Send(Simulated.Apple.Make(order.Material, key));
        for (var i = 0; i < 20; i++)
        {
            server.Clock.Advance(TimeSpan.FromSeconds(1));
            await order.Finalize(other);
        }

        var entries = await server.All("kind=finalize");
        entries.Should().HaveCount(16);
        entries[0].At.Should().Be(server.Clock.GetUtcNow(), "the last one is kept");
        (await Explain(server, Id(order.Url))).History.Count(entry => entry.Kind == "order.finalize-refused").Should().Be(16);
    }

    [Fact]
    public async Task A_network_challenge_is_explained_by_what_was_found()
    {
        await using var server = await AdminServer.Start();
        server.Server.Network.Refuse(Problems.IncorrectResponse("key-authorization-mismatch", "http-01: expected the key authorization, found another text").Problem);
        var account = await server.Account("tls-server");
        var order = await account.Order(("dns", "refused.example"));
        await account.Authorize(order);

        var explanation = await Explain(server, Id(order.Header("Location")!));

        explanation.Summary.Should().Be("the http-01 challenge was refused: key-authorization-mismatch");
        explanation.Steps.Should().ContainSingle().Which.Checks.Should().ContainSingle().Which.Advice.Should().Contain("Something else answers");
        explanation.Help.Should().Contain(help => help.Contains("must make a new one"));
    }

    [Fact]
    public async Task What_waits_says_what_for()
    {
        await using var server = await AdminServer.Start();
        var order = await Simulated.Order(await server.Account("apple-device"), Simulated.Serial);

        var pending = await Explain(server, Id(order.Url));
        using var key = Simulated.NewKey();
        await order.Send(Simulated.Apple.Make(order.Material, key));
        var ready = await Explain(server, Id(order.Url));
        server.Clock.Advance(TimeSpan.FromDays(30));
        var expired = await Explain(server, Id(order.Url));

        pending.Summary.Should().Be("the client has yet to answer its challenges");
        pending.Steps.Should().ContainSingle().Which.Outcome.Should().Be("waiting");
        ready.Summary.Should().Be("everything is proven; the client has yet to finalize");
        ready.Steps.Select(step => step.Outcome).Should().Equal("accepted", "waiting");
        expired.Summary.Should().Contain("expired");
    }

    [Fact]
    public async Task Every_id_that_belongs_to_an_order_leads_to_it()
    {
        await using var server = await AdminServer.Start();
        var account = await server.Account("apple-device");
        var order = await Simulated.Order(account, Simulated.Serial);
        using var key = Simulated.NewKey();
        await order.Send(Simulated.Apple.Make(order.Material, key));
        var certificate = Id((string)(await order.Finalize(key)).Json["certificate"]!);
        string serial;
        await using (var context = server.Server.Db.Read())
        {
            serial = context.Certificates.Single().Serial;
        }

        string[] ids =
        [
            Id(order.AuthorizationUrl), Id(order.ChallengeUrl), certificate, serial, string.Join(":", serial.ToUpperInvariant().Chunk(2).Select(pair => new string(pair))),
            .. (await server.All("order=oldest")).Select(entry => entry.Id),
        ];

        ids.Should().HaveCount(7);
        foreach (var id in ids)
        {
            (await Explain(server, id)).Order!.Id.Should().Be(Id(order.Url), id);
        }
    }

    [Fact]
    public async Task Where_nothing_is_kept_the_client_s_words_are_shown()
    {
        await using var server = await AdminServer.Start(new Dictionary<string, string> { ["forgetful"] = Profile("forgetful", "evidence: { keep: none }") });
        var order = await Simulated.Order(await server.Account("forgetful"), Simulated.Serial);
        using var key = Simulated.NewKey();
        await order.Send(Simulated.Apple.With(AppleFault.ForeignRoot).Make(order.Material, key));

        var step = (await Explain(server, Id(order.Url))).Steps.Should().ContainSingle().Subject;

        step.EvidenceId.Should().BeNull();
        step.Reason.Should().Be("chain-untrusted-root");
        step.Note.Should().Contain("what the client was told");
        step.Checks.Should().NotBeEmpty().And.OnlyContain(check => check.Outcome == "failed");
    }

    [Fact]
    public async Task An_anomaly_is_explained_with_the_evidence_that_it_contradicts()
    {
        await using var server = await AdminServer.Start();
        using var key = Simulated.NewKey();
        var orders = new List<DeviceOrder>();
        foreach (var serial in new[] { "C02FIRST", "C02SECOND" })
        {
            var order = await Simulated.Order(await server.Account("apple-device"), serial);
            await order.Send((Simulated.Apple with { Device = AppleDevice.Mac(serial) }).Make(order.Material, key));
            orders.Add(order);
        }

        var explanation = await Explain(server, Id(orders[1].Url));
        var earlier = (await server.All("device=C02FIRST")).Single().Id;

        explanation.Summary.Should().EndWith("refused: shared-key");
        explanation.Steps[0].Checks[^1].Should().BeEquivalentTo(new { Name = "shared-key", Outcome = "failed", Class = "key-mismatch" });
        explanation.Steps[0].Checks[^1].Found.Should().EndWith($"see evidence {earlier}");
        explanation.History.Select(entry => entry.Kind).Should().Contain("anomaly.shared-key");
        explanation.Help[0].Should().Contain("acknowledge");
    }

    [Fact]
    public async Task What_a_profile_observed_is_told_apart()
    {
        await using var server = await AdminServer.Start(new Dictionary<string, string> { ["watcher"] = Profile("watcher", "").Replace("mode: required", "mode: observe", StringComparison.Ordinal) });
        var order = await Simulated.Order(await server.Account("watcher"), Simulated.Serial);
        using var key = Simulated.NewKey();
        await order.Send(Simulated.Apple.With(AppleFault.ForeignRoot).Make(order.Material, key));
        await order.Finalize(key);

        var explanation = await Explain(server, Id(order.Url));

        explanation.Steps.Select(step => step.Outcome).Should().Equal("observed", "accepted");
        explanation.Steps[0].Reason.Should().Be("chain-untrusted-root");
        explanation.Steps[1].Checks.Single(check => check.Name == "attested-key").Found.Should().StartWith("warning");
    }

    [Fact]
    public async Task An_unknown_order_is_a_problem()
    {
        await using var server = await AdminServer.Start();

        using var answer = await server.Send(HttpMethod.Get, "/admin/v1/orders/nowhere/explain");

        answer.StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await answer.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be("order-unknown");
    }

    internal static string Profile(string name, string more) => TestProfiles.All[TestProfiles.AppleProblem]
        .Replace($"name: {TestProfiles.AppleProblem}", $"name: {name}", StringComparison.Ordinal)
        .Replace("on-failure: problem", "on-failure: challenge", StringComparison.Ordinal) + $"\n{more}\n";

    private static Task<OrderExplanation> Explain(AdminServer server, string id) => server.Get($"/admin/v1/orders/{id}/explain", AdminJson.Default.OrderExplanation);

    private static string Id(string url) => url.Split('/')[^1];

    private static string Sha256(System.Security.Cryptography.ECDsa key) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
}
