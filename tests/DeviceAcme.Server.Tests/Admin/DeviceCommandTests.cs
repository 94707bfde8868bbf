using System.Text.Json;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Hosting;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary><c>deviceacme device …</c> beside a running server.</summary>
public sealed class DeviceCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-devices-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task A_device_is_added_found_changed_and_shut_out()
    {
        await using var server = await RunningServerOnLoopback.Start();

        (await Run(server, 0, "add", "--identifier", "serial=A1", "--identifier", "host=a.example", "--owner", "Ada", "--group", "staff", "--attribute", "room=7")).Should()
            .Contain("serial A1").And.Contain("expected since").And.Contain("room = 7");
        await Run(server, 0, "add", "--identifier", "serial=A2");
        (await Run(server, 0, "list", "--group", "staff")).Should().Contain("serial=A1").And.NotContain("serial=A2");
        (await Run(server, 0, "edit", "a.example", "--owner", "", "--no-groups", "--attribute", "room=", "--remove-identifier", "host=a.example")).Should().NotContain("Ada").And.NotContain("room");
        (await Run(server, 0, "block", "A1", "--reason", "stolen", "--revoke")).Should().Contain("blocked since").And.Contain("stolen");
        (await Run(server, 0, "unblock", "A1")).Should().Contain("expected since");
        (await Run(server, 0, "quarantine", "A1")).Should().Contain("quarantined since");
        (await Talk(server, 0, "revoke-all", "A1")).Should().Contain("hint: the device has no valid certificate");
        (await Run(server, 0, "replace", "A1", "--by", "A2")).Should().Contain("replaced by");
        (await Run(server, 0, "retire", "A2")).Should().Contain("retired since");
        (await Run(server, 0, "show", "A1")).Should().Contain("certificates: none");
        (await Run(server, 0, "history", "A1", "--limit", "2")).Should().Contain("device.replaced").And.Contain("device.revoked").And.NotContain("device.added");
        using var shown = JsonDocument.Parse(await Run(server, 0, "show", "A1", "--json"));
        shown.RootElement.GetProperty("state").GetString().Should().Be("retired");
        shown.RootElement.GetProperty("enrollments").EnumerateObject().Select(part => part.Name).Should().Contain(["accounts", "orders", "evidence", "certificates"]);
        JsonSerializer.Deserialize(await Run(server, 0, "list", "--json", "--state", "retired"), AdminJson.Default.DeviceList)!.Devices.Should().HaveCount(2);
    }

    [Fact]
    public async Task What_is_wrong_is_said_with_a_hint()
    {
        await using var server = await RunningServerOnLoopback.Start();

        (await Talk(server, 1, "show", "nobody")).Should().Contain("the ledger has no device 'nobody'").And.Contain("hint: deviceacme device list --text");
        (await Talk(server, 2, "add", "--identifier", "A1")).Should().Contain("expected a name, = and a value");
        (await Talk(server, 1, "add", "--identifier", "serien=A1")).Should().Contain("is no kind of identifier");
        await Run(server, 0, "add", "--identifier", "serial=A1");
        (await Talk(server, 1, "add", "--identifier", "serial=A1")).Should().Contain("belongs to device");
        (await Talk(server, 1, "unblock", "A1")).Should().Contain("the device is expected");
        (await Talk(server, 1, "replace", "A1", "--by", "A1")).Should().Contain("cannot take its own place");
        (await Talk(server, 1, "block", "A1", "--revoke", "--revocation-reason", "6")).Should().Contain("expected 0, 1, 3, 4 or 5");
    }

    [Fact]
    public async Task An_inventory_comes_in_and_goes_out()
    {
        await using var server = await RunningServerOnLoopback.Start();
        var (good, bad, export) = (Path.Combine(_folder, "good.csv"), Path.Combine(_folder, "bad.csv"), Path.Combine(_folder, "export.json"));
        await File.WriteAllTextAsync(good, "serial,owner\nA1,Ada\nA2,Bea\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(bad, "serial,state\nA1,lost\n,x\n", TestContext.Current.CancellationToken);

        (await Run(server, 0, "import", good, "--dry-run")).Should().Be($"2 added, 0 changed, 0 as they were (dry run: nothing was done){Environment.NewLine}");
        (await Run(server, 0, "import", good)).Should().Be($"2 added, 0 changed, 0 as they were{Environment.NewLine}");
        var refused = await Talk(server, 1, "import", bad);
        refused.Should().Contain("bad.csv: the inventory has 3 mistakes").And.Contain("error: line 2: state:").And.Contain("error: line 3: ");
        (await Talk(server, 1, "import", Path.Combine(_folder, "missing.csv"))).Should().Contain("cannot be read");

        await Run(server, 0, "export", "--out", export);
        (await File.ReadAllTextAsync(export, TestContext.Current.CancellationToken)).Should().StartWith("[", "the file is named .json");
        (await Run(server, 0, "import", export)).Should().Be($"0 added, 0 changed, 2 as they were{Environment.NewLine}");
        (await Run(server, 0, "export", "--owner", "Ada")).Should().Be("serial,label,owner,groups,state\nA1,,Ada,,expected\n");
    }

    private static async Task<string> Run(RunningServerOnLoopback server, int code, params string[] arguments)
    {
        var run = await Terminal.Run(server, ["device", .. arguments]);
        run.Code.Should().Be(code, run.Talk);
        return run.Output;
    }

    private static async Task<string> Talk(RunningServerOnLoopback server, int code, params string[] arguments)
    {
        var run = await Terminal.Run(server, ["device", .. arguments]);
        run.Code.Should().Be(code, run.Talk);
        return run.Talk;
    }
}
