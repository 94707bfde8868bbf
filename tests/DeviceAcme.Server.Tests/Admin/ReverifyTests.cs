using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using DeviceAcme.Cli;
using DeviceAcme.Cli.Reverify;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Simulator.Makers;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary><c>deviceacme reverify</c> against a server, and <c>verify</c> of what its vault gives out.</summary>
public sealed class ReverifyTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-reverify");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Nothing_flips_under_the_set_in_force()
    {
        await using var server = await AdminServer.Start();
        await Evidence(server, "apple-device", null, AppleFault.ForeignRoot, null);

        var ran = await Run(server);

        ran.Code.Should().Be(0, ran.Text);
        ran.Json["judged"]!.GetValue<int>().Should().Be(3);
        ran.Json["changes"]!.AsArray().Should().BeEmpty();
    }

    [Fact]
    public async Task Accepted_evidence_flips_when_its_root_is_gone()
    {
        await using var server = await AdminServer.Start();
        await Evidence(server, "apple-device", null, AppleFault.MissingX5c);

        var ran = await Run(server, "--anchors", Anchors("elsewhere/root.pem", "apple/root.pem"));

        ran.Code.Should().Be(3, ran.Text);
        ran.Json["acceptedToRefused"]!.GetValue<int>().Should().Be(1);
        ran.Json["refusedToAccepted"]!.GetValue<int>().Should().Be(0);
        var change = ran.Json["changes"]![0]!;
        ((string)change["reasonAfter"]!).Should().Be("chain-untrusted-root");
        ((string)change["identifier"]!).Should().Be(Simulated.Serial);
        ((string)change["found"]!).Should().StartWith("chain: ");
    }

    [Fact]
    public async Task Refused_evidence_flips_when_its_root_comes()
    {
        await using var server = await AdminServer.Start(TestProfiles.All);
        await Evidence(server, TestProfiles.AppleElsewhere, [null]);

        var ran = await Run(server, "--profile", Profile(TestProfiles.AppleElsewhere, "anchors: [elsewhere]", "anchors: [apple]"));

        ran.Code.Should().Be(3, ran.Text);
        ran.Json["refusedToAccepted"]!.GetValue<int>().Should().Be(1);
        ((string)ran.Json["changes"]![0]!["reasonBefore"]!).Should().Be("chain-untrusted-root");
    }

    [Fact]
    public async Task A_profile_that_narrows_its_identifiers_flips_them()
    {
        await using var server = await AdminServer.Start(TestProfiles.All);
        await Evidence(server, TestProfiles.Patterns, [null]);
        await Evidence(server, "apple-device", [null]);

        var ran = await Run(server, "--profile", Profile(TestProfiles.Patterns, "/C02SIM[0-9]{6}/", "/C03SIM[0-9]{6}/"));

        ran.Json["judged"]!.GetValue<int>().Should().Be(1, "only the profile's own evidence is judged");
        ((string)ran.Json["changes"]![0]!["reasonAfter"]!).Should().Be("identifier-not-allowed");
    }

    [Fact]
    public async Task Evidence_without_its_bytes_is_counted()
    {
        var profile = TestProfiles.All[TestProfiles.ApplePrivate] + "\nevidence: { keep: verdict-only }\n";
        await using var server = await AdminServer.Start(new Dictionary<string, string> { [TestProfiles.ApplePrivate] = profile });
        await Evidence(server, TestProfiles.ApplePrivate, [null]);

        var ran = await Run(server);

        ran.Json["verdictOnly"]!.GetValue<int>().Should().Be(1, ran.Text);
        ran.Json["judged"]!.GetValue<int>().Should().Be(0);
    }

    [Fact]
    public async Task A_stopped_run_goes_on_where_it_was()
    {
        await using var server = await AdminServer.Start();
        await Evidence(server, "apple-device", [.. Enumerable.Repeat<AppleFault?>(null, 3)]);
        var state = Path.Combine(_folder.FullName, "state");
        string[] arguments = ["--anchors", Anchors("elsewhere/root.pem", "apple/root.pem"), "--resume", state];
        var first = await Run(server, arguments);
        var kept = JsonNode.Parse(await File.ReadAllTextAsync(state))!;
        kept["done"]!.GetValue<bool>().Should().BeTrue();

        // as a run that was cut off after its first page left it
        kept["done"] = false;
        kept["cursor"] = (await server.Get("/admin/v1/evidence?limit=2&order=oldest", AdminJson.Default.EvidenceList)).Next;
        kept["judged"] = 2;
        ((JsonArray)kept["changes"]!).RemoveAt(2);
        await File.WriteAllTextAsync(state, kept.ToJsonString());
        var second = await Run(server, arguments);

        second.Output.Should().Be(first.Output);
        second.Json["judged"]!.GetValue<int>().Should().Be(3);
        (await Run(server, "--resume", state)).Code.Should().Be(2, "another question is another run");
    }

    [Fact]
    public async Task Exported_evidence_is_verified_without_the_server()
    {
        await using var server = await AdminServer.Start();
        await Evidence(server, "apple-device", [null]);
        var entry = (await server.Get("/admin/v1/evidence", AdminJson.Default.EvidenceList)).Evidence.Single();
        var file = Path.Combine(_folder.FullName, "evidence.json");
        await File.WriteAllTextAsync(file, await (await server.Send(HttpMethod.Get, $"/admin/v1/evidence/{entry.Id}")).Content.ReadAsStringAsync());

        var accepted = await Verify(file, "--anchors", Anchors("apple/root.pem", "apple/root.pem"));
        var refused = await Verify(file, "--anchors", Anchors("elsewhere/root.pem", "apple/root.pem"));
        var another = await Verify(file, "--anchors", Anchors("apple/root.pem", "apple/root.pem"), "--identifier", "C02OTHER");

        accepted.Code.Should().Be(0, accepted.Text);
        ((string)accepted.Json["facts"]!["device.serial"]!).Should().Be(Simulated.Serial);
        ((string)refused.Json["reason"]!).Should().Be("chain-untrusted-root");
        ((string)another.Json["reason"]!).Should().Be("identifier-mismatch");
    }

    [Theory]
    [InlineData("--since", "yesterday")]
    [InlineData("--at", "soon")]
    [InlineData("--anchors", "/no/such/folder")]
    [InlineData("--profile", "/no/such/file.yaml")]
    public async Task Wrong_use_is_told(params string[] arguments)
    {
        await using var server = await AdminServer.Start();

        (await Run(server, arguments)).Code.Should().Be(2);
    }

    private static async Task Evidence(AdminServer server, string profile, params AppleFault?[] faults)
    {
        var account = await server.Account(profile);
        foreach (var fault in faults)
        {
            var order = await Simulated.Order(account, Simulated.Serial);
            using var key = Simulated.NewKey();
            await order.Send((fault is { } broken ? Simulated.Apple.With(broken) : Simulated.Apple).Make(order.Material, key));
            server.Clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    private static async Task<Ran> Run(AdminServer server, params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        server.Server.Admin.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(server.Server.DataDirectory, RunningServer.TokenFileName))).Trim());
        var command = new ReverifyCommand(output, new Talk(error), server.Clock, new AdminServerChoice(() => new AdminConnection(server.Server.Admin))).Command();
        try
        {
            var code = await command.Parse([.. arguments, "--json"]).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
            return new Ran(code, output.ToString(), error.ToString());
        }
        catch (WrongUse wrong)
        {
            return new Ran(2, output.ToString(), wrong.Message);
        }
    }

    private static async Task<Ran> Verify(params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var code = await CommandLine.Run(["verify", .. arguments, "--json"], output, new Talk(error), TimeProvider.System);
        return new Ran(code, output.ToString(), error.ToString());
    }

    /// <summary>A trust directory with one root of the simulator under another name.</summary>
    private string Anchors(string source, string name)
    {
        var folder = Path.Combine(_folder.FullName, $"anchors-{_folder.GetDirectories().Length}");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(folder, name))!);
        File.WriteAllText(Path.Combine(folder, name), Simulated.Anchors.First(anchor => anchor.Key.StartsWith(Path.GetDirectoryName(source)!, StringComparison.Ordinal) && anchor.Key.EndsWith(".pem", StringComparison.Ordinal)).Value);
        return folder;
    }

    private string Profile(string name, string from, string to)
    {
        var text = TestProfiles.All[name];
        text.Should().Contain(from);
        var file = Path.Combine(_folder.FullName, name + ".yaml");
        File.WriteAllText(file, text.Replace(from, to, StringComparison.Ordinal));
        return file;
    }

    private sealed record Ran(int Code, string Output, string Error)
    {
        public JsonNode Json => JsonNode.Parse(Output)!;

        public string Text => (Output + Error).Replace("{", "(", StringComparison.Ordinal).Replace("}", ")", StringComparison.Ordinal);
    }
}
