using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Sync;

/// <summary><c>deviceacme sync status | run</c>: inventories of others that the ledger is kept in step with.</summary>
internal sealed class SyncCommands(TextWriter output, Talk talk)
{
    private const string Route = "admin/v1/sync";
    private const int Success = 0;
    private const int Failure = 1;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(300);

    private readonly AdminServerChoice _server = new();
    private readonly Option<bool> _json = CommandLine.ForMachines();

    public Command Command() => new("sync", "inventories of others (MDM, CMDB) that the device ledger is kept in step with") { _server, _json, Status(), Run() };

    private Command Status()
    {
        var name = new Argument<string?>("NAME") { Description = "one of them [default: all]", Arity = ArgumentArity.ZeroOrOne };
        var status = new CommandWithExamples("status", "when each one last answered, and with what. Exit code 1 if one is stale or failing", "deviceacme sync status") { name };
        status.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var listing = parsed.GetValue(name) is { } one
                ? new SyncListing { Sources = [await Get(server, one, cancellation)] }
                : await server.Get(Route, AdminJson.Default.SyncListing, cancellation);
            if (parsed.GetValue(_json))
            {
                output.WriteLine(JsonSerializer.Serialize(listing, AdminJson.Default.SyncListing));
            }
            else if (listing.Sources.Count > 0)
            {
                output.Write(Table(listing.Sources));
            }
            else
            {
                talk.Hint("no inventory is set up: the server's setting --sync names a file with some (docs/inventory-sync.md)");
            }

            return listing.Sources.Any(source => source.State is "stale" or "failing") ? Failure : Success;
        });
        return status;
    }

    private Command Run()
    {
        var name = new Argument<string>("NAME") { Description = "as status prints it" };
        var dryRun = new Option<bool>("--dry-run") { Description = "only say what would happen" };
        var acceptGone = new Option<bool>("--accept-gone") { Description = "however many devices are gone" };
        var run = new CommandWithExamples("run", "asks an inventory now, and waits for the end of it", "deviceacme sync run mdm --dry-run\ndeviceacme sync run mdm") { name, dryRun, acceptGone };
        run.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var source = parsed.GetRequiredValue(name);
            var wanted = new SyncRunRequest { DryRun = parsed.GetValue(dryRun), AcceptGone = parsed.GetValue(acceptGone) };
            var entry = await server.Post($"{Route}/{Uri.EscapeDataString(source)}/run", wanted, AdminJson.Default.SyncRunRequest, AdminJson.Default.SyncSourceEntry, cancellation);
            for (var said = ""; entry.Progress is { } progress; entry = await Get(server, source, cancellation))
            {
                if (progress != said)
                {
                    talk.Progress($"{source}: {progress}");
                    said = progress;
                }

                await Task.Delay(Look, cancellation);
            }

            return Report(parsed, entry);
        });
        return run;
    }

    private static Task<SyncSourceEntry> Get(AdminConnection server, string name, CancellationToken cancellation) =>
        server.Get($"{Route}/{Uri.EscapeDataString(name)}", AdminJson.Default.SyncSourceEntry, cancellation);

    private int Report(ParseResult parsed, SyncSourceEntry entry)
    {
        var last = entry.LastRun ?? throw new CommandFailure($"the run of {entry.Name} ended without a result", "the server's log says why");
        if (parsed.GetValue(_json))
        {
            output.WriteLine(JsonSerializer.Serialize(entry, AdminJson.Default.SyncSourceEntry));
            return last.Failure is null ? Success : Failure;
        }

        if (last.Failure is { } failure)
        {
            throw new CommandFailure($"{entry.Name}: {failure}", last.DryRun ? null : "what the ledger has of it stays; deviceacme sync status says how old that is");
        }

        output.WriteLine(last.AsItWas
            ? $"{entry.Name}: as it was, {last.Devices} devices"
            : string.Create(CultureInfo.InvariantCulture, $"{entry.Name}: {last.Devices} devices; {(last.DryRun ? "would be " : "")}{last.Added} added, {last.Changed} changed, {last.Gone} gone, {last.Skipped} left out"));
        foreach (var reason in last.Reasons)
        {
            talk.Progress($"left out: {ExplainText.Visible(reason)}");
        }

        return Success;
    }

    private static string Table(IReadOnlyList<SyncSourceEntry> sources) => TextTable.Of(
    [
        ["NAME", "STATE", "ANSWERED", "DEVICES", "GONE ARE", "LAST FAILURE"],
        .. sources.Select(source => (IReadOnlyList<string>)
        [
            source.Name,
            source.Progress is { } progress ? $"{source.State}, running: {progress}" : source.State,
            source.AnsweredAt is { } at ? ExplainText.Time(at) : "never",
            source.Devices.ToString(CultureInfo.InvariantCulture),
            source.Gone switch { "keep" => "kept", "retire" => "retired", _ => "quarantined" },
            source.Failure ?? "",
        ]),
    ]);
}
