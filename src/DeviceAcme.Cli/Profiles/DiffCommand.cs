using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Cli.Profiles;

/// <summary>A value that differs; null where a text does not have it.</summary>
internal sealed record ProfileChange(
    [property: JsonPropertyName("key")] string Key, [property: JsonPropertyName("before")] string? Before, [property: JsonPropertyName("after")] string? After);

/// <summary><c>deviceacme profile diff</c>: what two texts of a profile say differently, without comments and layout.</summary>
internal static class DiffCommand
{
    private const int Different = 3;

    public static Command Make(TextWriter output)
    {
        var before = new Argument<string>("before") { HelpName = "BEFORE", Description = "a profile file" };
        var after = new Argument<string>("after") { HelpName = "AFTER", Description = "another one" };
        var json = CommandLine.ForMachines();
        var diff = new Command("diff", "what two files of a profile say differently, comments and layout aside. Exit code 0: nothing, 3: something, 1: it failed, 2: wrong use") { before, after, json };
        diff.SetAction(parsed =>
        {
            var (one, other) = (parsed.GetRequiredValue(before), parsed.GetRequiredValue(after));
            var changes = Between(ProfileText.Values(one, ProfileText.Read(one)), ProfileText.Values(other, ProfileText.Read(other)));
            output.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(changes, DiffJson.Default.IReadOnlyListProfileChange) + "\n" : Text(changes));
            return changes.Count > 0 ? Different : 0;
        });
        return diff;
    }

    internal static IReadOnlyList<ProfileChange> Between(IReadOnlyList<(string Key, string Value)> before, IReadOnlyList<(string Key, string Value)> after)
    {
        var (old, fresh) = (Lookup(before), Lookup(after));
        return
        [
            .. before.Select(line => line.Key).Concat(after.Select(line => line.Key)).Distinct(StringComparer.Ordinal)
                .Select(key => new ProfileChange(key, old.GetValueOrDefault(key), fresh.GetValueOrDefault(key)))
                .Where(change => change.Before != change.After),
        ];
    }

    internal static string Text(IReadOnlyList<ProfileChange> changes) => string.Concat(changes.Select(change =>
        (change.Before is null ? "" : $"- {change.Key}: {change.Before}\n") + (change.After is null ? "" : $"+ {change.Key}: {change.After}\n")));

    // a key that stands there twice is a mistake that 'check' tells
    private static Dictionary<string, string> Lookup(IReadOnlyList<(string Key, string Value)> lines) =>
        lines.GroupBy(line => line.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last().Value, StringComparer.Ordinal);
}

[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(IReadOnlyList<ProfileChange>))]
internal sealed partial class DiffJson : JsonSerializerContext;
