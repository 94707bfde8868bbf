using System.Text.Json;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Protocol.Admin;
using FluentAssertions;
using Xunit;
using RunningServer = DeviceAcme.EndToEnd.Processes.RunningServer;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>An administrator asks the running server why a device was refused, and takes the evidence away.</summary>
public sealed class ExplainTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    private static readonly string Simulator = Path.Combine(AppContext.BaseDirectory, "device-sim.dll");

    [Fact]
    public async Task A_refused_device_is_explained_by_evidence_id_order_id_and_url()
    {
        await Enroll(1, "C02EXPLAIN01", "--fault", "foreign-root");
        var evidence = (await List("--refused", "--profile", "apple-device", "--reason", "chain-untrusted-root")).First();

        var byEvidence = await Explain(evidence.Id);
        var order = byEvidence.Order!.Id;
        var text = (await Admin("explain", $"{Server.Url}/acme/apple-device/order/{order}")).ShouldExit(0).Output;

        byEvidence.Order.Status.Should().Be("invalid");
        (await Explain(order)).Should().BeEquivalentTo(byEvidence);
        text.Should().Contain($"order        {order}  invalid").And.Contain("summary      the device-attest-01 challenge was refused: chain-untrusted-root")
            .And.MatchRegex("FAILED +chain ").And.Contain("must hold: ").And.Contain("would help: ").And.Contain("device.serial").And.Contain("(not proven)").And.Contain("order.invalid");
    }

    [Fact]
    public async Task An_enrollment_that_went_well_shows_both_verdicts()
    {
        await Enroll(0, "C02EXPLAIN02");
        var evidence = await List("--device", "C02EXPLAIN02");

        evidence.Select(entry => entry.Kind).Should().BeEquivalentTo("challenge", "finalize");
        var text = (await Admin("explain", evidence[0].Id)).ShouldExit(0).Output;
        text.Should().Contain("summary      the certificate was issued").And.MatchRegex("passed +attested-key +SHA-256 of its SubjectPublicKeyInfo").And.NotContain("would help");
        (await Admin("evidence", "show", evidence[0].Id)).ShouldExit(0).Output.Should().Contain("kept until").And.Contain("passed");
        (await Admin("evidence", "list", "--accepted", "--device", "C02EXPLAIN02")).ShouldExit(0).Output.Split('\n')[0].Should().StartWith("ID ");
    }

    [Fact]
    public async Task Evidence_is_exported_once_for_its_owner_alone()
    {
        await Enroll(0, "C02EXPLAIN03");
        var folder = Path.Combine(Server.NewFolder("export"), "evidence");

        (await Admin("evidence", "export", "--device", "C02EXPLAIN03", "--out", folder)).ShouldExit(0).Output.Should().Contain("2 written, 0 there already");
        (await Admin("evidence", "export", "--device", "C02EXPLAIN03", "--out", folder)).ShouldExit(0).Output.Should().Contain("0 written, 2 there already");

        Directory.EnumerateFiles(folder).Select(Path.GetExtension).Should().BeEquivalentTo(".json", ".cbor", ".json", ".csr");
        foreach (var file in Directory.EnumerateFiles(folder, "*.json"))
        {
            var record = JsonSerializer.Deserialize(await File.ReadAllTextAsync(file, Cancellation), AdminJson.Default.EvidenceRecord)!;
            record.Statement.Should().NotBeNullOrEmpty();
            if (!OperatingSystem.IsWindows())
            {
                File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }
    }

    [Fact]
    public async Task What_is_asked_wrongly_says_what_would_be_right()
    {
        (await Admin("explain", "nowhere")).ShouldExit(1).Error.Should().Contain("deviceacme: error: nothing here has the id 'nowhere'").And.Contain("deviceacme: hint: ");
        (await Admin("evidence", "show", "nowhere")).ShouldExit(1).Error.Should().Contain("deviceacme: hint: ");
        (await Admin("evidence", "list", "--since", "yesterday")).ShouldExit(1).Error.Should().Contain("since: expected a time");
        (await Admin("evidence", "list", "--accepted", "--refused")).ShouldExit(2);
        (await Admin("evidence", "list", "--limit", "0")).ShouldExit(2);
        (await Admin("explain")).ShouldExit(2);
        (await DeviceAcmeProgram.Run("explain", "x", "--data", Server.NewFolder("empty"))).ShouldExit(1).Error.Should().Contain("no server runs").And.Contain("deviceacme: hint: start it");
    }

    private async Task<OrderExplanation> Explain(string id) =>
        JsonSerializer.Deserialize((await Admin("explain", id, "--json")).ShouldExit(0).Output, AdminJson.Default.OrderExplanation)!;

    private async Task<IReadOnlyList<EvidenceEntry>> List(params string[] filter) =>
        JsonSerializer.Deserialize((await Admin(["evidence", "list", "--json", .. filter])).ShouldExit(0).Output, AdminJson.Default.EvidenceList)!.Evidence;

    private Task<ProgramResult> Admin(params string[] arguments) => DeviceAcmeProgram.Run([.. arguments, "--data", Server.Data]);

    private async Task Enroll(int exitCode, string serial, params string[] more) => (await Programs.Run(
        Simulator,
        [
            "enroll", "--kind", "mac", "--directory", $"{Server.Url}/acme/apple-device/directory", "--ca", Server.Root, "--vendors", Server.Vendors,
            "--out", Server.NewFolder(serial), "--serial", serial, .. more,
        ])).ShouldExit(exitCode);
}
