using System.Security.Cryptography;
using System.Text.Json.Nodes;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Evidence that is good by itself and does not fit to earlier evidence.</summary>
public sealed class AnomalyTests
{
    private const string Strict = "strict";

    [Fact]
    public async Task One_key_of_two_identifiers_is_refused_by_default_and_the_client_is_not_told_the_other()
    {
        await using var server = await AdminServer.Start();
        using var key = Simulated.NewKey();
        await Enroll(server, "apple-device", "C02FIRST", key);

        var (order, reply) = await Answer(server, "apple-device", "C02SECOND", key);

        reply.State.Should().Be("invalid");
        ((string?)reply.Json["error"]!["reason"]).Should().Be("shared-key");
        reply.Json["error"]!["subproblems"]!.AsArray().Should().ContainSingle().Which!["reason"]!.GetValue<string>().Should().Be("shared-key");
        reply.Json.ToJsonString().Should().NotContain("C02FIRST");
        (await order.States()).Should().Be("invalid invalid invalid");
        var entry = (await server.All("reason=shared-key")).Should().ContainSingle().Subject;
        entry.Accepted.Should().BeFalse();
        entry.DeviceId.Should().BeNull("refused evidence proves no device");
        var earlier = (await server.All("device=C02FIRST")).Single();
        entry.Anomalies.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Name = "shared-key", Response = "refuse", EarlierEvidence = earlier.Id });
        (await Events(server)).Should().Equal("anomaly.shared-key");
    }

    [Fact]
    public async Task The_same_key_for_the_same_identifier_is_a_renewal()
    {
        await using var server = await AdminServer.Start();
        using var key = Simulated.NewKey();
        await Enroll(server, "linux-tpm", Simulated.Tpm.Tpm.Identifier, key, Simulated.Tpm.Make);
        await Enroll(server, "linux-tpm", Simulated.Tpm.Tpm.Identifier, key, Simulated.Tpm.Make);

        (await Events(server)).Should().BeEmpty();
        (await server.All("accepted=true&kind=challenge")).Should().HaveCount(2);
    }

    [Fact]
    public async Task Many_devices_with_keys_of_their_own_are_nothing_unusual()
    {
        await using var server = await AdminServer.Start(Profiles());
        foreach (var serial in new[] { "C02ONE", "C02TWO", "C02ONE" })
        {
            using var key = Simulated.NewKey();
            await Enroll(server, Strict, serial, key);
        }

        (await Events(server)).Should().BeEmpty();
    }

    [Fact]
    public async Task A_serial_number_with_another_udid_is_reported_and_let_through_by_default()
    {
        await using var server = await AdminServer.Start();
        await Enroll(server, "apple-device", "C02BOARD", "00008000-000000000000000A");
        await Enroll(server, "apple-device", "C02BOARD", "00008000-000000000000000B");

        (await Events(server)).Should().Equal("anomaly.shared-serial");
        (await server.All("device=C02BOARD")).Select(entry => entry.Anomalies?.Single().Response).Should().BeEquivalentTo(["alert", null]);
    }

    [Fact]
    public async Task A_profile_refuses_what_it_is_told_to_until_an_administrator_acknowledges_it()
    {
        await using var server = await AdminServer.Start(Profiles());
        await Enroll(server, Strict, "C02BOARD", "00008000-000000000000000A");
        (await Send(server, Strict, "C02BOARD", "00008000-000000000000000B")).State.Should().Be("invalid");
        (await Send(server, Strict, "C02BOARD", "00008000-000000000000000B")).State.Should().Be("invalid", "what was refused once does not become usual");
        await Enroll(server, Strict, "C02BOARD", "00008000-000000000000000A");
        var refused = (await server.All("reason=shared-serial")).First();

        using (var answer = await server.Send(HttpMethod.Post, $"/admin/v1/evidence/{refused.Id}/acknowledge"))
        {
            answer.IsSuccessStatusCode.Should().BeTrue(await answer.Content.ReadAsStringAsync());
        }

        await Enroll(server, Strict, "C02BOARD", "00008000-000000000000000B");
        (await Send(server, Strict, "C02BOARD", "00008000-000000000000000A")).State.Should().Be("invalid", "the board that was taken out must not come back");
        (await Send(server, Strict, "C02BOARD", "00008000-000000000000000C")).State.Should().Be("invalid", "one other board was acknowledged, not all");
    }

    [Fact]
    public async Task The_index_outlives_the_evidence()
    {
        await using var server = await AdminServer.Start(Profiles("evidence: { keep: none }"));
        using var key = Simulated.NewKey();
        await Enroll(server, Strict, "C02FIRST", key);
        (await Answer(server, Strict, "C02SECOND", key)).Reply.State.Should().Be("invalid");

        (await server.All("order=newest")).Should().BeEmpty();
        (await Events(server)).Should().Equal("anomaly.shared-key");
    }

    [Fact]
    public async Task What_another_vendor_says_makes_nothing_suspicious()
    {
        // both accept the same evidence here, but a profile with other anchors has an index of its own
        var profiles = new Dictionary<string, string>(Profiles()) { ["trial"] = Text("trial", "", "[apple, elsewhere]") };
        await using var server = await AdminServer.Start(profiles);
        using var key = Simulated.NewKey();
        await Enroll(server, "trial", "C02FIRST", key);
        await Enroll(server, Strict, "C02SECOND", key);

        (await Events(server)).Should().BeEmpty();
    }

    [Fact]
    public async Task An_attestation_that_was_used_already_is_named_a_replay()
    {
        await using var server = await AdminServer.Start();
        var account = await server.Account("apple-device");
        var first = await Simulated.Order(account, Simulated.Serial);
        using var key = Simulated.NewKey();
        var made = Simulated.Apple.Make(first.Material, key);
        (await first.Send(made)).State.Should().Be("valid");

        var second = await Simulated.Order(account, Simulated.Serial);
        var reply = await second.Send(made);

        ((string?)reply.Json["error"]!["reason"]).Should().Be("freshness-mismatch", "the checks of the verifier come first");
        reply.Json["error"]!["subproblems"]!.AsArray().Select(problem => (string)problem!["reason"]!).Should().Contain("replayed-certificate");
        (await Events(server)).Should().Equal("anomaly.replayed-certificate");
    }

    [Fact]
    public async Task Of_two_that_contradict_each_other_at_once_one_is_refused()
    {
        await using var server = await AdminServer.Start();
        using var key = Simulated.NewKey();
        var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(number => Answer(server, "apple-device", $"C02RACE{number}", key)));

        replies.Count(answer => answer.Reply.State == "valid").Should().Be(1);
        (await Events(server)).Should().HaveCount(5);
    }

    [Fact]
    public async Task A_profile_that_merely_observes_lets_an_anomaly_through_unproven()
    {
        var profiles = new Dictionary<string, string> { [Strict] = Text(Strict, "").Replace("mode: required", "mode: observe", StringComparison.Ordinal) };
        await using var server = await AdminServer.Start(profiles);
        using var key = Simulated.NewKey();
        await Enroll(server, Strict, "C02FIRST", key);
        (await Answer(server, Strict, "C02SECOND", key)).Reply.State.Should().Be("valid");

        await using var context = server.Server.Db.Read();
        context.Authorizations.Where(row => row.IdentifierValue == "C02SECOND").Select(row => row.AttestedKey).Single().Should().BeNull();
        context.Events.Where(row => row.Kind == "attestation.observed").Select(row => row.Reason).Should().Equal("shared-key");
    }

    [Theory]
    [InlineData("C02", "/admin/v1/evidence/nowhere/acknowledge", 404)]
    [InlineData("C02", "/admin/v1/evidence/{id}/acknowledge", 409)]
    public async Task What_has_no_anomaly_cannot_be_acknowledged(string serial, string path, int status)
    {
        await using var server = await AdminServer.Start();
        using var key = Simulated.NewKey();
        await Enroll(server, "apple-device", serial, key);
        var entry = (await server.All("kind=challenge")).Single();

        using var answer = await server.Send(HttpMethod.Post, path.Replace("{id}", entry.Id, StringComparison.Ordinal));

        ((int)answer.StatusCode).Should().Be(status);
    }

    private static IReadOnlyDictionary<string, string> Profiles(string more = "") => new Dictionary<string, string> { [Strict] = Text(Strict, more) };

    private static string Text(string name, string more, string anchors = "[apple]") => TestProfiles.All[TestProfiles.AppleProblem]
        .Replace($"name: {TestProfiles.AppleProblem}", $"name: {name}", StringComparison.Ordinal)
        .Replace("on-failure: problem", "on-failure: challenge", StringComparison.Ordinal)
        .Replace("anchors: [apple]", $"anchors: {anchors}", StringComparison.Ordinal)
        + $"\nanomalies: {{ shared-key: refuse, shared-serial: refuse, shared-ek: refuse, replayed-certificate: refuse }}\n{more}\n";

    private static async Task Enroll(AdminServer server, string profile, string serial, string udid) =>
        (await Send(server, profile, serial, udid)).State.Should().Be("valid");

    private static async Task<TestReply> Send(AdminServer server, string profile, string serial, string udid)
    {
        server.Clock.Advance(TimeSpan.FromSeconds(1));
        using var key = Simulated.NewKey();
        var order = await Simulated.Order(await server.Account(profile), serial);
        return await order.Send((Simulated.Apple with { Device = AppleDevice.Mac(serial) with { Udid = udid } }).Make(order.Material, key));
    }

    private static async Task Enroll(AdminServer server, string profile, string serial, ECDsa key, Func<ChallengeMaterial, AsymmetricAlgorithm, MadeEvidence>? make = null) =>
        (await Answer(server, profile, serial, key, make)).Reply.State.Should().Be("valid");

    private static async Task<(DeviceOrder Order, TestReply Reply)> Answer(
        AdminServer server, string profile, string value, ECDsa key, Func<ChallengeMaterial, AsymmetricAlgorithm, MadeEvidence>? make = null)
    {
        var order = await Simulated.Order(await server.Account(profile), value);
        return (order, await order.Send(make?.Invoke(order.Material, key) ?? (Simulated.Apple with { Device = AppleDevice.Mac(value) }).Make(order.Material, key)));
    }

    private static async Task<List<string>> Events(AdminServer server)
    {
        await using var context = server.Server.Db.Read();
        return [.. context.Events.Where(row => row.Kind.StartsWith("anomaly.")).OrderBy(row => row.Sequence).Select(row => row.Kind)];
    }
}
