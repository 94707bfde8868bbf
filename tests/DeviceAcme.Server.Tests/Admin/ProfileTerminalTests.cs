using System.Text.Json;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Hosting;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary><c>deviceacme profile</c> beside a running server.</summary>
public sealed class ProfileTerminalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task A_change_is_previewed_activated_seen_and_rolled_back()
    {
        await using var server = await RunningServerOnLoopback.Start();
        var file = Changed("apple-device", "validity: 90d", "validity: 30d");

        var preview = await Terminal.Run(server, "profile", "activate", file, "--dry-run");
        preview.Code.Should().Be(0, preview.Talk);
        preview.Output.Should().MatchRegex("(?m)^apple-device  changed  [0-9a-f]{12} → [0-9a-f]{12}$")
            .And.Contain("  - certificate.validity: 90d\n  + certificate.validity: 30d\n")
            .And.Contain("orders under way: 0").And.Contain("devices: 0 of the last 0 would be refused").And.MatchRegex(@"1 profile, \d+ tests?, 0 errors, 0 warnings");
        (await Terminal.Run(server, "profile", "list")).Output.Should().NotContain("administrator", "nothing was changed");

        var done = await Terminal.Run(server, "profile", "activate", file, "--reason", "renew monthly", "--yes");
        done.Code.Should().Be(0, done.Talk);
        done.Output.Should().Contain("version 2 of the profiles is in force: activated: apple-device");
        (await Terminal.Run(server, "profile", "list")).Output.Should().MatchRegex("(?m)^apple-device +[0-9a-f]{12} +2 .* local +administrator");
        (await Terminal.Run(server, "profile", "history", "apple-device")).Output.Should().MatchRegex("(?m)^2 .* local +apple-device +activated +[0-9a-f]{12}  renew monthly$").And.MatchRegex("(?m)^1 .* start +apple-device +followed-file");
        (await Terminal.Run(server, "profile", "show", "apple-device")).Output.Should().MatchRegex("(?m)^validity +30d").And.MatchRegex("(?m)^identifier permanent-identifier +device-attest-01;");
        (await Terminal.Run(server, "profile", "show", "apple-device@1", "--text")).Output.Should().Be(File.ReadAllText(Path.Combine(RepositoryFiles.Root, "profiles", "apple-device.yaml")));

        var back = await Terminal.Run(server, "profile", "rollback", "apple-device", "--reason", "too short", "--yes");
        back.Code.Should().Be(0, back.Talk);
        back.Output.Should().Contain("  + certificate.validity: 90d").And.Contain("version 3 of the profiles is in force: rolled back: apple-device");
        (await Terminal.Run(server, "profile", "diff", "apple-device@2")).Should().Match<(int Code, string Output, string Talk)>(run => run.Code == 3 && run.Output == "- certificate.validity: 30d\n+ certificate.validity: 90d\n");
        (await Terminal.Run(server, "profile", "diff", file)).Should().Match<(int Code, string Output, string Talk)>(run => run.Code == 3 && run.Output == "- certificate.validity: 90d\n+ certificate.validity: 30d\n");
        (await Terminal.Run(server, "profile", "diff", "apple-device@1", "apple-device@3")).Code.Should().Be(0);
        (await Terminal.Run(server, "profile", "rollback", "--set", "2", "--reason", "after all", "--yes")).Output.Should().Contain("version 4");
    }

    [Fact]
    public async Task Mistakes_are_told_with_their_lines_and_nothing_is_activated()
    {
        await using var server = await RunningServerOnLoopback.Start();
        var wrong = Changed("yubikey", "validity:", "validness:");

        var run = await Terminal.Run(server, "profile", "activate", wrong, Changed("apple-device", "validity: 90d", "validity: 30d"), "--reason", "x", "--yes");

        run.Code.Should().Be(1);
        run.Output.Should().MatchRegex(@"(?m)^yubikey\.yaml:\d+: certificate\.validness: is not a known property");
        run.Talk.Should().Contain("nothing was activated");
        (await Terminal.Run(server, "profile", "history")).Output.Should().NotContain("activated");
    }

    [Fact]
    public async Task A_question_is_asked_and_the_answer_counts()
    {
        await using var server = await RunningServerOnLoopback.Start();
        await Terminal.Run(server, "profile", "list");

        var no = await Terminal.Run("n\n", "profile", "withdraw", "yubikey", "--reason", "none left", "--data", server.DataDirectory);
        no.Code.Should().Be(1);
        no.Talk.Should().Contain("withdraw yubikey? [y/N] ").And.Contain("nothing was changed");
        (await Terminal.Run("", "profile", "withdraw", "yubikey", "--reason", "none left", "--data", server.DataDirectory)).Talk.Should().Contain("--yes asks no question");
        (await Terminal.Run("y\n", "profile", "withdraw", "yubikey", "--reason", "none left", "--data", server.DataDirectory)).Output.Should().Contain("withdrawn: yubikey");
        (await Terminal.Run(server, "profile", "list")).Output.Should().MatchRegex("(?m)^yubikey +withdrawn ");

        (await Terminal.Run(server, "profile", "withdraw", "tls-server", "--reason", "x", "--yes")).Talk.Should().Contain("is the default profile");
        (await Terminal.Run(server, "profile", "withdraw", "yubikey")).Should().Match<(int Code, string Output, string Talk)>(run => run.Code == 2 && run.Talk.Contains("--reason is needed"));
        (await Terminal.Run(server, "profile", "rollback", "--reason", "x")).Code.Should().Be(2);
    }

    [Fact]
    public async Task Machines_get_JSON()
    {
        await using var server = await RunningServerOnLoopback.Start();
        var file = Changed("apple-device", "validity: 90d", "validity: 30d");

        Json((await Terminal.Run(server, "profile", "activate", file, "--dry-run", "--json")).Output).GetProperty("profiles")[0].GetProperty("change").GetString().Should().Be("changed");
        Json((await Terminal.Run(server, "profile", "activate", file, "--reason", "x", "--yes", "--json")).Output).GetProperty("version").GetProperty("number").GetInt32().Should().Be(2);
        Json((await Terminal.Run(server, "profile", "activate", file, "--reason", "x", "--yes")).Output.Contains("nothing changes") ? "1" : "0").GetInt32().Should().Be(1);
        Json((await Terminal.Run(server, "profile", "list", "--json")).Output).GetProperty("version").GetInt32().Should().Be(2);
        Json((await Terminal.Run(server, "profile", "history", "--json")).Output).GetProperty("versions").GetArrayLength().Should().Be(2);
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);

    private string Changed(string name, string from, string to)
    {
        var text = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "profiles", $"{name}.yaml"));
        text.Should().Contain(from);
        var file = Path.Combine(_folder, $"{name}.yaml");
        File.WriteAllText(file, text.Replace(from, to, StringComparison.Ordinal));
        return file;
    }
}
