using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>How much of a refusal the client is told, and that the administrator is told all of it.</summary>
public sealed class RefusalPrivacyTests
{
    [Fact, Spec("RFC 8555 §6.7.1")]
    public async Task In_full_each_failed_check_is_a_subproblem_with_what_was_compared()
    {
        var (error, _) = await Refuse("full");

        ((string?)error["reason"]).Should().Be("chain-untrusted-root");
        ((string?)error["detail"]).Should().StartWith("chain: ").And.Contain("import it");
        error["subproblems"]!.AsArray().Select(problem => (string)problem!["reason"]!).Should().Equal("chain-untrusted-root", "identifier-mismatch");
        ((string?)error["subproblems"]![1]!["detail"]).Should().Contain("C02OTHER");
        ((string?)error["subproblems"]![1]!["type"]).Should().EndWith(":rejectedIdentifier");
        ((string?)error["subproblems"]![1]!["identifier"]!["value"]).Should().Be(Simulated.Serial);
    }

    [Fact]
    public async Task With_reason_alone_nothing_of_the_evidence_is_told()
    {
        var (error, server) = await Refuse("reason");

        ((string?)error["reason"]).Should().Be("chain-untrusted-root");
        error["subproblems"]!.AsArray().Select(problem => (string)problem!["reason"]!).Should().Equal("chain-untrusted-root", "identifier-mismatch");
        error.ToJsonString().Should().NotContain("C02OTHER").And.Contain("import it", "general advice is told");
        server.Should().Be("chain-untrusted-root");
    }

    [Fact]
    public async Task With_none_the_client_learns_that_it_was_refused_and_the_administrator_why()
    {
        var (error, server) = await Refuse("none");

        ((string?)error["type"]).Should().EndWith(":badAttestationStatement");
        ((string?)error["reason"]).Should().Be("attestation-refused");
        error["subproblems"].Should().BeNull();
        error.ToJsonString().Should().NotContain("C02OTHER").And.NotContain("chain");
        server.Should().Be("chain-untrusted-root");
    }

    /// <summary>Evidence with a foreign root for another serial number: what the challenge and the order say (the same), and the reason in the history.</summary>
    private static async Task<(System.Text.Json.Nodes.JsonNode Error, string? History)> Refuse(string privacy)
    {
        var profile = ExplainRouteTests.Profile("private", "").Replace("mode: required", $"mode: required\n  privacy: {privacy}", StringComparison.Ordinal);
        await using var server = await AdminServer.Start(new Dictionary<string, string> { ["private"] = profile });
        var order = await Simulated.Order(await server.Account("private"), Simulated.Serial);
        using var key = Simulated.NewKey();
        var maker = Simulated.Apple with { Device = AppleDevice.Mac("C02OTHER") };
        var challenge = await order.Send(maker.With(AppleFault.ForeignRoot).Make(order.Material, key));
        var whole = await order.Account.Get(order.Url);
        whole.Json["error"]!.ToJsonString().Should().Be(challenge.Json["error"]!.ToJsonString());

        await using var context = server.Server.Db.Read();
        return (challenge.Json["error"]!, context.Events.Single(row => row.Kind == "authorization.invalid").Reason);
    }
}
