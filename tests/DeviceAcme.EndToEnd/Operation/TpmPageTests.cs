using System.Text.RegularExpressions;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Server;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>docs/tpm.md: its commands do what it says, and say what it shows.</summary>
[Needs("swtpm")]
public sealed partial class TpmPageTests(RunningServer server) : TestsOnServer(server), IClassFixture<RunningServer>
{
    // what these commands refuse is refused on purpose
    private static readonly string[] Refused = ["tpm/linux-tpm", "other-key"];

    [Fact]
    public async Task The_commands_of_the_page_do_what_it_shows()
    {
        var folder = Path.GetDirectoryName(Server.Data)!;
        await WriteDev(folder);
        var said = "";
        var commands = Commands(await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "docs", "tpm.md"), Cancellation));
        commands.Select(command => command.Line).Take(5).Should().HaveCount(5).And.Subject.First().Should().Be("./dev run");

        foreach (var (line, shown) in commands.Where(command => command.Line != "./dev run"))
        {
            var command = Filled(line, said);
            var result = await Programs.Run("bash", ["-c", command.Replace("https://localhost:14000", Server.Url, StringComparison.Ordinal)], folder: folder);
            result.ShouldExit(Refused.Any(command.Contains) ? 1 : 0);
            said = result.Output + "\n" + result.Error;
            var lines = said.Split('\n').Select(Masked).ToHashSet();
            shown.Select(Masked).Where(expected => !lines.Contains(expected)).Should().BeEmpty($"the page shows it after '{line}', which said:\n{said}");
        }
    }

    /// <summary>The page's commands run the programs of this build.</summary>
    private async Task WriteDev(string folder)
    {
        var dev = Path.Combine(folder, "dev");
        await File.WriteAllLinesAsync(
            dev,
            [
                "#!/usr/bin/env bash",
                $"export DEVICE_SIM_VENDORS='{Server.Vendors}' DEVICEACME_SERVER_PROGRAM='{typeof(ServerOptions).Assembly.Location}'",
                "[ $1 = sim ] && program=device-sim || program=$1",
                $"exec dotnet '{AppContext.BaseDirectory}'/$program.dll \"${{@:2}}\"",
            ],
            Cancellation);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(dev, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static IReadOnlyList<(string Line, IReadOnlyList<string> Shown)> Commands(string page)
    {
        var commands = new List<(string, List<string>)>();
        foreach (var line in Block().Matches(page).SelectMany(block => block.Groups["text"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (line.StartsWith("$ ", StringComparison.Ordinal))
            {
                commands.Add((line[2..], []));
            }
            else
            {
                commands[^1].Item2.Add(line);
            }
        }

        return [.. commands.Select(command => (command.Item1, (IReadOnlyList<string>)command.Item2))];
    }

    // what a reader takes over from the output before
    private static string Filled(string line, string said) => line
        .Replace("EVIDENCE", EvidenceId().Match(said).Groups["id"].Value, StringComparison.Ordinal)
        .Replace("ORDER", OrderUrl().Match(said).Value, StringComparison.Ordinal);

    // times, ports, ids and fingerprints differ from run to run
    private static string Masked(string line) =>
        Spaces().Replace(Random().Replace(Digits().Replace(Milliseconds().Replace(Port().Replace(line, "localhost"), "ms"), "H"), "ID"), " ").TrimEnd();

    [GeneratedRegex("^```\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("evidence/(?<id>[A-Za-z0-9_-]{22})")]
    private static partial Regex EvidenceId();

    [GeneratedRegex("https://[^ ]*/order/[A-Za-z0-9_-]{22}")]
    private static partial Regex OrderUrl();

    [GeneratedRegex(@"localhost:\d+")]
    private static partial Regex Port();

    [GeneratedRegex(@"\d+\.\d ms")]
    private static partial Regex Milliseconds();

    [GeneratedRegex(@"\b[0-9a-f]{8,}\b|\(\d+ roots\)")]
    private static partial Regex Digits();

    [GeneratedRegex(@"(?<=/)[A-Za-z0-9_-]{22}(?=/|$)")]
    private static partial Regex Random();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
