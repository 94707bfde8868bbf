using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Profiles;

/// <summary><c>deviceacme profile diff</c>: what two texts of a profile say differently, without comments and layout.</summary>
internal static class DiffCommand
{
    private const int Different = 3;

    public static Command Make(TextWriter output)
    {
        var server = new AdminServerChoice();
        var source = new ProfileSource(server);
        var before = new Argument<string>("before") { HelpName = ProfileSource.Name, Description = "a profile file, or a version that the running server has" };
        var after = new Argument<string?>("after")
        {
            HelpName = ProfileSource.Name,
            Description = "another one [default: the only file is compared with what is in force, and the only version too]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = CommandLine.ForMachines();
        var diff = new CommandWithExamples(
            "diff",
            "what two texts of a profile say differently, comments and layout aside. Exit code 0: nothing, 3: something, 1: it failed, 2: wrong use",
            """
            deviceacme profile diff old/apple-device.yaml new/apple-device.yaml
            deviceacme profile diff profiles/apple-device.yaml
            deviceacme profile diff apple-device@3
            deviceacme profile diff apple-device@3 apple-device@7
            """)
        {
            before, after, json, server,
        };
        diff.SetAction(async (parsed, cancellation) =>
        {
            var one = await source.Read(parsed.GetRequiredValue(before), parsed, cancellation);
            var other = parsed.GetValue(after) is { } named ? await source.Read(named, parsed, cancellation) : (one.Path, Text: await source.InForce(one.Path, parsed, cancellation));

            // the only file is what would come; the only version is what was
            var isFile = parsed.GetValue(after) is null && ProfileSource.IsFile(parsed.GetRequiredValue(before));
            var (old, fresh) = isFile ? (other, one) : (one, other);
            var changes = ProfileComparison.Between(ProfileText.Values(old.Path, old.Text), ProfileText.Values(fresh.Path, fresh.Text));
            output.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(changes, DiffJson.Default.IReadOnlyListProfileDifference) + "\n" : Text(changes));
            return changes.Count > 0 ? Different : 0;
        });
        return diff;
    }

    internal static string Text(IReadOnlyList<ProfileDifference> changes) => string.Concat(changes.Select(change =>
        (change.Before is null ? "" : $"- {change.Key}: {change.Before}\n") + (change.After is null ? "" : $"+ {change.Key}: {change.After}\n")));
}

[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(IReadOnlyList<ProfileDifference>))]
internal sealed partial class DiffJson : JsonSerializerContext;
