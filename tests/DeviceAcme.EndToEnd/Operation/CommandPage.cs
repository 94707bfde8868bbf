using System.Text.RegularExpressions;
using DeviceAcme.Testing;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>A page of docs/ whose blocks show commands behind a <c>$</c>, and below each what it prints.</summary>
internal sealed partial class CommandPage
{
    private CommandPage(IReadOnlyList<PageCommand> commands) => Commands = commands;

    public IReadOnlyList<PageCommand> Commands { get; }

    public static async Task<CommandPage> Read(string name, CancellationToken cancellation)
    {
        var page = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "docs", name), cancellation);
        var commands = new List<(string Line, List<string> Shown)>();
        string? end = null;
        foreach (var line in Block().Matches(page).SelectMany(block => block.Groups["text"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (end is not null)
            {
                // the text of a file, up to its end
                commands[^1] = (commands[^1].Line + "\n" + line, commands[^1].Shown);
                end = line == end ? null : end;
            }
            else if (line.StartsWith("$ ", StringComparison.Ordinal))
            {
                commands.Add((line[2..], []));
                end = HereDocument().Match(line) is { Success: true } here ? here.Groups["end"].Value : null;
            }
            else if (commands.Count > 0 && commands[^1].Line.EndsWith('\\'))
            {
                commands[^1] = (commands[^1].Line + "\n" + line, commands[^1].Shown);
            }
            else if (commands.Count > 0)
            {
                commands[^1].Shown.Add(line);
            }
        }

        return new CommandPage([.. commands.Select(command => new PageCommand(command.Line, command.Shown))]);
    }

    [GeneratedRegex("^```\n(?<text>\\$ .*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("<<'(?<end>[A-Z]+)'")]
    private static partial Regex HereDocument();
}

/// <param name="Line">What is typed.</param>
/// <param name="Shown">What the page shows below it.</param>
internal sealed record PageCommand(string Line, IReadOnlyList<string> Shown)
{
    /// <summary>What this refuses is refused on purpose: the page shows the error.</summary>
    public bool IsRefused => Shown.Any(line => line.Contains(": error: ", StringComparison.Ordinal) || line.Contains("the server's reason code is", StringComparison.Ordinal) || line.Contains(": as expected, ", StringComparison.Ordinal));

    /// <summary>What runs in a terminal of its own until somebody ends it.</summary>
    public bool IsServer => Line is "./dev run" or "./dev sim dns";

    public bool IsInBackground => Line.EndsWith(" &", StringComparison.Ordinal);
}
