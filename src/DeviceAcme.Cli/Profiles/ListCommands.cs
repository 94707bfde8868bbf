using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Profiles;

/// <summary><c>deviceacme profile list | history</c>: what the running server offers, and how it came to that.</summary>
internal sealed class ListCommands(TextWriter output, Talk talk)
{
    private const string Versions = "admin/v1/profile-versions";

    public Command List()
    {
        var server = new AdminServerChoice();
        var json = CommandLine.ForMachines();
        var list = new Command("list", "the profiles of the running server: what is in force, since when and by whom") { server, json };
        list.SetAction(async (parsed, cancellation) =>
        {
            var listed = await (await server.Open(parsed, cancellation)).Get(ProfileSource.Route, AdminJson.Default.ProfileListing, cancellation);
            output.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(listed, AdminJson.Default.ProfileListing) + Environment.NewLine : Table(listed));
            foreach (var profile in listed.Profiles.Where(profile => profile.FileDiffers))
            {
                talk.Hint($"the file of {profile.Name} said something else when the server started: 'deviceacme profile diff {profile.Name}.yaml' compares, 'profile activate' puts it into force");
            }

            return 0;
        });
        return list;
    }

    public Command History()
    {
        var server = new AdminServerChoice();
        var json = CommandLine.ForMachines();
        var reading = new ListReading();
        var name = new Argument<string?>("name") { HelpName = "NAME", Description = "one profile [default: all]", Arity = ArgumentArity.ZeroOrOne };
        var history = new CommandWithExamples(
            "history", "the versions of the set of profiles, newest first: number, time, who, what and why", "deviceacme profile history\ndeviceacme profile history apple-device --all")
        {
            name, server, json,
        };
        reading.AddTo(history);
        history.SetAction(async (parsed, cancellation) =>
        {
            var connection = await server.Open(parsed, cancellation);
            var list = new ProfileVersionList
            {
                Versions = await reading.Read<ProfileVersionList, ProfileVersionEntry>(
                    connection, Versions + ListReading.Query(("profile", parsed.GetValue(name))), AdminJson.Default.ProfileVersionList, parsed, talk, cancellation),
            };
            output.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(list, AdminJson.Default.ProfileVersionList) + Environment.NewLine : Table(list));
            return 0;
        });
        return history;
    }

    private static string Table(ProfileListing listed) => TextTable.Of(
    [
        ["PROFILE", "TEXT", "VERSION", "SINCE", "BY", "ORIGIN", "DESCRIPTION"],
        .. listed.Profiles.Select(profile => new[]
        {
            profile.Name, profile.Hash is { } hash ? hash[..12] : "withdrawn", Number(profile.Since), Time(profile.At), profile.Actor, profile.FileDiffers ? "administrator (file differs)" : profile.Origin,
            profile.Description ?? "",
        }),
    ]);

    private static string Table(ProfileVersionList list) => TextTable.Of(
    [
        ["VERSION", "TIME", "BY", "PROFILE", "CHANGE", "TEXT", "REASON"],
        .. list.Versions.SelectMany(version => version.Changes.Select((change, index) => new[]
        {
            index == 0 ? Number(version.Number) : "", index == 0 ? Time(version.At) : "", index == 0 ? version.Actor : "", change.Name, change.Change, change.Hash is { } hash ? hash[..12] : "", index == 0 ? version.Reason ?? "" : "",
        })),
    ]);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
