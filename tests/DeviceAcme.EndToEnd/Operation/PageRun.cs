using System.Text.RegularExpressions;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Server;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>Runs the commands of a page one after another beside a server, and compares what they print with what the page shows.</summary>
internal sealed partial class PageRun
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(10);

    private readonly RunningServer _server;
    private readonly string _folder;
    private readonly List<(PageCommand Command, Task<ProgramResult> Result)> _background = [];
    private string _said = "";

    private PageRun(RunningServer server, string folder)
    {
        _server = server;
        _folder = folder;
    }

    /// <summary>What a reader takes over from what was printed before: a word of the page, and where it stands; the last one counts.</summary>
    public IReadOnlyDictionary<string, Regex> TakenOver { get; init; } = new Dictionary<string, Regex>();

    /// <summary>Ports and the like of the page, and those of this server.</summary>
    public IReadOnlyDictionary<string, string> Places { get; init; } = new Dictionary<string, string>();

    /// <summary>In the folder that has the server's <c>data</c>; <c>./dev</c> there runs the programs of this build.</summary>
    public static async Task<PageRun> Prepare(RunningServer server, IReadOnlyDictionary<string, Regex> takenOver, CancellationToken cancellation)
    {
        var folder = Path.GetDirectoryName(server.Data)!;
        var dev = Path.Combine(folder, "dev");
        await File.WriteAllLinesAsync(
            dev,
            [
                "#!/usr/bin/env bash",
                $"export DEVICE_SIM_VENDORS='{server.Vendors}' DEVICEACME_SERVER_PROGRAM='{typeof(ServerOptions).Assembly.Location}'",
                "[ $1 = sim ] && program=device-sim || program=$1",
                $"exec dotnet '{AppContext.BaseDirectory}'/$program.dll \"${{@:2}}\"",
            ],
            cancellation);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(dev, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return new PageRun(server, folder)
        {
            TakenOver = takenOver,
            Places = new Dictionary<string, string>
            {
                ["https://localhost:14000"] = server.Url,
                [":5002"] = $":{server.Http01Port}",
                [" 5002"] = $" {server.Http01Port}",
                ["127.0.0.1:8054"] = $"127.0.0.1:{FreePorts.Take(1)[0]}",
            },
        };
    }

    /// <summary>Runs what is not the server itself, which runs already.</summary>
    public async Task Run(CommandPage page)
    {
        foreach (var command in page.Commands.Where(command => !command.IsServer))
        {
            if (command.Line == "wait")
            {
                await Task.WhenAll(_background.Select(started => started.Result));
                var results = _background.ConvertAll(started => started.Result.Result);
                _background.ForEach(started => Check(started.Command, started.Result.Result));
                _background.Clear();
                Compare(command, string.Join("\n", results.Select(result => result.Output + "\n" + result.Error)));
            }
            else if (command.IsInBackground)
            {
                _background.Add((command, Bash(command.Line[..^2])));
            }
            else
            {
                var result = await Bash(command.Line);
                Check(command, result);
                Compare(command, result.Output + "\n" + result.Error);
            }
        }

        _background.Should().BeEmpty("what was started in the background is waited for");
    }

    private Task<ProgramResult> Bash(string line)
    {
        foreach (var (word, pattern) in TakenOver.Where(word => Regex.IsMatch(line, $@"\b{word.Key}\b")))
        {
            var found = pattern.Matches(_said);
            found.Should().NotBeEmpty($"{word} of '{line}' was printed before");
            line = Regex.Replace(line, $@"\b{word}\b", found[^1].Groups["it"].Value);
        }

        foreach (var (shown, here) in Places)
        {
            line = line.Replace(shown, here, StringComparison.Ordinal);
        }

        return Programs.Run("bash", ["-c", line], folder: _folder, limit: _limit);
    }

    private static void Check(PageCommand command, ProgramResult result) => result.ShouldExit(command.IsRefused ? 1 : 0);

    private void Compare(PageCommand command, string said)
    {
        _said += "\n" + said;
        var lines = said.Split('\n').Select(Masked).ToHashSet();
        command.Shown.Where(shown => shown.Trim() != "…").Where(shown => !IsThere(Masked(shown), lines)).Should().BeEmpty($"the page shows it after '{command.Line}', which said:\n{said}");
    }

    /// <summary>A line of the page may leave something out.</summary>
    private static bool IsThere(string shown, HashSet<string> lines)
    {
        if (!shown.Contains('…', StringComparison.Ordinal))
        {
            return lines.Contains(shown);
        }

        var pattern = new Regex("^" + string.Join(".*", shown.Split('…').Select(Regex.Escape)) + "$");
        return lines.Any(pattern.IsMatch);
    }

    // times, ports, ids, counts and fingerprints differ from run to run
    private static string Masked(string line)
    {
        line = Time().Replace(Port().Replace(line, "localhost"), "TIME");
        line = Random().Replace(Hex().Replace(Milliseconds().Replace(line, "ms"), "H"), "ID");
        return Spaces().Replace(Number().Replace(line, "N"), " ").TrimEnd();
    }

    [GeneratedRegex(@"localhost:\d+")]
    private static partial Regex Port();

    [GeneratedRegex(@"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?")]
    private static partial Regex Time();

    [GeneratedRegex(@"\d+\.\d ms")]
    private static partial Regex Milliseconds();

    [GeneratedRegex(@"\b[0-9a-f]{8,}\b|\(\d+ roots\)")]
    private static partial Regex Hex();

    [GeneratedRegex(@"(?<![A-Za-z0-9_-])(tkt_)?[A-Za-z0-9_-]{22}([A-Za-z0-9_-]{21})?(?![A-Za-z0-9_-])")]
    private static partial Regex Random();

    [GeneratedRegex(@"\b\d{2,}\b")]
    private static partial Regex Number();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
