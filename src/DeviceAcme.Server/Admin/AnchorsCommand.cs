using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Admin;

/// <summary><c>anchors …</c> on a data directory that no server runs on; what it reads and prints is what the admin listener takes and answers.</summary>
internal static class AnchorsCommand
{
    /// <param name="commandLine">Adds the settings to the actions.</param>
    /// <param name="open">Opens the anchors of a data directory for one action.</param>
    public static Command Make(CommandLine commandLine, Func<ServerOptions, Func<AnchorAdministration, Task>, Task> open)
    {
        var version = new Option<int?>("--version") { HelpName = "NUMBER", Description = "a version [default: the one in force]" };
        var folder = new Option<string?>("--folder") { HelpName = "NAME", Description = "one folder alone" };
        var from = new Option<int?>("--from") { HelpName = "NUMBER", Description = "the earlier version" };
        var to = new Option<int?>("--to") { HelpName = "NUMBER", Description = "the later version [default: the one in force]" };

        var list = new Command("list", "the anchors of a version") { version, folder };
        commandLine.SetAction(list, (parsed, options, cancellation) => Run(open, options, async anchors =>
            Print(await anchors.List(parsed.GetValue(version), parsed.GetValue(folder), cancellation), AdminJson.Default.AnchorListing)));

        var versions = new Command("versions", "all versions");
        commandLine.SetAction(versions, (_, options, cancellation) => Run(open, options, async anchors =>
            Print(await anchors.Versions(cancellation), AdminJson.Default.AnchorVersionList)));

        var diff = new Command("diff", "what changed between two versions") { from, to };
        commandLine.SetAction(diff, (parsed, options, cancellation) => Run(open, options, async anchors =>
            Print(await anchors.Diff(parsed.GetValue(from), parsed.GetValue(to), cancellation), AdminJson.Default.AnchorChanges)));

        var export = new Command("export", "the files of a version") { version, folder };
        commandLine.SetAction(export, (parsed, options, cancellation) => Run(open, options, async anchors =>
            Print(await anchors.Export(parsed.GetValue(version), parsed.GetValue(folder), cancellation), AdminJson.Default.AnchorExport)));

        var import = new Command("import", "takes certificates into a folder; the request is read from stdin as JSON");
        commandLine.SetAction(import, (_, options, cancellation) => Run(open, options, async anchors =>
            Print(await anchors.Import(await Read(AdminJson.Default.AnchorImportRequest, cancellation), AdminCaller.Command, cancellation), AdminJson.Default.AnchorImportReport)));

        var distrust = new Command("distrust", "believes a certificate no more; the request is read from stdin as JSON");
        commandLine.SetAction(distrust, (_, options, cancellation) => Run(open, options, async anchors =>
            Print(await anchors.Distrust(await Read(AdminJson.Default.AnchorDistrustRequest, cancellation), AdminCaller.Command, cancellation), AdminJson.Default.AnchorChanges)));

        return new Command("anchors", "the versions of the anchor set, while no server runs on the data directory") { list, versions, diff, export, import, distrust };
    }

    private static async Task<int> Run(Func<ServerOptions, Func<AnchorAdministration, Task>, Task> open, ServerOptions options, Func<AnchorAdministration, Task> action)
    {
        try
        {
            await open(options, action);
            return ExitCode.Success;
        }
        catch (ProblemException refusal)
        {
            throw new StartFailure(refusal.Problem.Detail);
        }
    }

    private static async Task<T> Read<T>(JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        try
        {
            await using var input = Console.OpenStandardInput();
            return await JsonSerializer.DeserializeAsync(input, type, cancellation)
                ?? throw Problems.Malformed("json-malformed", "stdin: expected an object, found null");
        }
        catch (JsonException exception)
        {
            throw Problems.Malformed("json-malformed", $"stdin: {exception.Message}");
        }
    }

    private static void Print<T>(T value, JsonTypeInfo<T> type) => Console.Out.WriteLine(JsonSerializer.Serialize(value, type));
}
