using System.Text.Json;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;
using FluentAssertions;
using Xunit;
using Settings = DeviceAcme.Server.Hosting.Settings;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>Fleets and device files against the server's own program.</summary>
public sealed class FleetTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>, IAsyncLifetime
{
    // the simulator answers the server's questions itself
    public async ValueTask InitializeAsync() => await Server.StopAnsweringDns();

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_fleet_enrolls_renews_revokes_and_makes_mistakes_and_all_of_it_is_as_expected()
    {
        var folder = Server.NewFolder("fleet");

        var (code, data, talk) = await Simulate(
            "fleet", "--devices", "60", "--mix", "apple=10,iphone=4,apple-tv=2,tpm=10,windows-tpm=2,android=6,strongbox=4,android-factory=2,yubikey=6,iot=4,server=10", "--concurrency", "4",
            "--faults", "20%", "--renew", "20%", "--revoke", "20%", "--server", Server.Url, "--out", folder, "--json");

        code.Should().Be(0, talk + data);
        var report = JsonElement.Parse(data);
        var (enrolled, faults) = (report.GetProperty("enrolled").GetInt32(), report.GetProperty("faults").GetProperty("asExpected").GetInt32());
        (enrolled + faults).Should().Be(60);
        faults.Should().BePositive();
        report.GetProperty("renewed").GetInt32().Should().BePositive();
        report.GetProperty("revoked").GetInt32().Should().BePositive();
        (await File.ReadAllTextAsync(Path.Combine(folder, "report.html"), Cancellation)).Should().Contain("<svg").And.Contain("as expected");
        JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "report.json"), Cancellation)).GetProperty("result").GetString().Should().Be("as expected");
    }

    [Fact]
    public async Task What_was_not_expected_is_named_and_ends_with_1()
    {
        // TPMs do not take Macs
        var (code, data, talk) = await Simulate(
            "fleet", "--devices", "4", "--mix", "mac=1", "--concurrency", "2", "--faults", "0%", "--server", Server.Url, "--directory", $"mac={Server.Url}/acme/linux-tpm/directory", "--out", Server.NewFolder("wrong"), "--json");

        code.Should().Be(1, talk);
        var report = JsonElement.Parse(data);
        report.GetProperty("failed").GetInt32().Should().Be(4);
        report.GetProperty("failures")[0].GetProperty("what").GetString().Should().Be("badAttestationStatement (format-not-allowed) at challenge");
        talk.Should().Contain("device-sim: error: mac FLEET0000001:");
    }

    [Fact]
    public async Task The_inventory_of_a_fleet_is_what_the_ledger_takes()
    {
        var folder = Server.NewFolder("ledger");
        var inventory = Path.Combine(folder, "devices.json");
        (await Simulate("fleet", "--devices", "9", "--mix", "mac=1,tpm=1,iot=1", "--inventory", inventory)).Code.Should().Be(0);
        await using var strict = new RunningServer { Options = ["--profiles", Settings.ShippedProfiles, "--devices", inventory] };
        await strict.InitializeAsync();

        var (code, data, talk) = await Simulate(strict, "fleet", "--devices", "9", "--mix", "mac=1,tpm=1,iot=1", "--faults", "0%", "--renew", "0%", "--revoke", "0%", "--server", strict.Url, "--out", folder, "--json");
        code.Should().Be(0, talk + data);
        var steps = JsonElement.Parse(data).GetProperty("steps");
        steps.GetProperty("directory").GetProperty("count").GetInt32().Should().Be(3, "each of three directories is read once, not by each device");
        steps.GetProperty("newNonce").GetProperty("count").GetInt32().Should().Be(9, "nonces are each device's own");

        (code, data, talk) = await Simulate(strict, "fleet", "--devices", "12", "--mix", "mac=1", "--faults", "0%", "--server", strict.Url, "--out", folder, "--json");
        code.Should().Be(1, "the ledger does not have so many Macs");
        JsonElement.Parse(data).GetProperty("failures")[0].GetProperty("what").GetString().Should().Be("unauthorized (device-unknown) at challenge", talk);
    }

    [Fact]
    public async Task A_device_file_describes_a_device_and_its_client()
    {
        var file = Path.Combine(Server.NewFolder("file"), "mac.yaml");
        await File.WriteAllTextAsync(file, $$"""
            kind: mac
            serial: C02FILE00001
            seed: end to end
            directory: {{Server.Url}}/acme/apple-device/directory
            client: { looks-for-account-first: true, contact: [mailto:ada@example.com], looks-at-order-before-finalize: true }
            """, Cancellation);

        var (code, data, talk) = await Simulate("enroll", "--device", file, "--out", Server.NewFolder("file-out"), "--json");

        code.Should().Be(0, talk);
        JsonElement.Parse(data).GetProperty("certificate").GetProperty("subjectAlternativeNames")[0].GetString().Should().Be("permanent-identifier:C02FILE00001");
        JsonElement.Parse(data).GetProperty("steps").EnumerateArray().Count(step => step.GetProperty("name").GetString() == "newAccount").Should().Be(2, "one asks, the other makes it");
    }

    [Theory, InlineData("reused-nonce", 1), InlineData("two-finalizes-at-once", 0), InlineData("csr-of-another-key", 1)]
    public async Task A_fault_of_the_protocol_is_judged(string fault, int expected)
    {
        var (code, data, talk) = await Simulate(
            "enroll", "--kind", "mac", "--serial", "C02FAULT0001", "--directory", $"{Server.Url}/acme/apple-device/directory", "--out", Server.NewFolder("fault"), "--fault", fault, "--json");

        code.Should().Be(expected, talk);
        JsonElement.Parse(data).GetProperty("fault").GetProperty("met").GetBoolean().Should().BeTrue(talk);
    }

    private Task<(int Code, string Data, string Talk)> Simulate(params string[] arguments) => Simulate(Server, arguments);

    private static async Task<(int Code, string Data, string Talk)> Simulate(RunningServer server, params string[] arguments)
    {
        using var data = new StringWriter();
        using var talk = new StringWriter();
        string[] more = arguments.Contains("--inventory") ? [] : ["--ca", server.Root, "--dns-listen", $"127.0.0.1:{server.DnsPort}", "--http-port", $"{server.Http01Port}"];
        var code = await CommandLine.Run([.. arguments, .. more, "--vendors", server.Vendors], new Terminal(data, talk), TimeProvider.System);
        return (code, data.ToString(), talk + server.Log);
    }
}
