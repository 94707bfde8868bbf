using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Devices;

/// <summary><c>deviceacme device import | export</c>: inventories as CSV or JSON.</summary>
internal sealed class InventoryCommands(TextWriter output, Talk talk, AdminServerChoice choice, Option<bool> json, DeviceFilterOptions filter)
{
    private const string Route = "admin/v1/devices";

    /// <summary>A line for each that many devices.</summary>
    private const int ProgressStep = 5000;

    public Command Import()
    {
        var file = new Argument<FileInfo>("FILE") { Description = "CSV whose first line names the columns, or JSON" };
        var dryRun = new Option<bool>("--dry-run") { Description = "say what would happen, change nothing" };
        var import = new CommandWithExamples(
            "import",
            "brings an inventory into the ledger: adds what is new, changes what is there, leaves alone what it does not name",
            "deviceacme device import inventory.csv --dry-run\ndeviceacme device import inventory.csv")
        {
            file, dryRun,
        };
        import.SetAction(async (parsed, cancellation) =>
        {
            var from = parsed.GetRequiredValue(file);
            var content = await Read(from, cancellation);
            var server = await choice.Open(parsed, cancellation);
            var path = $"{Route}/imports?source={Uri.EscapeDataString(from.Name)}{(parsed.GetValue(dryRun) ? "&dryRun=true" : "")}";
            DeviceImportReport? report = null;
            var shown = 0;
            try
            {
                await foreach (var line in server.Upload(path, content, IsJson(content) ? "application/json" : "text/csv", cancellation))
                {
                    var progress = AdminConnection.Read(line, AdminJson.Default.DeviceImportProgress);
                    report = progress.Report;
                    if (report is null && progress.Done - shown >= ProgressStep)
                    {
                        shown = progress.Done;
                        talk.Progress(string.Create(CultureInfo.InvariantCulture, $"{progress.Done} of {progress.Total} devices"));
                    }
                }
            }
            catch (CommandFailure refused) when (refused.Reason == "inventory-mistakes")
            {
                throw new CommandFailure($"{from.Name}: {refused.Message.Replace("body: ", "", StringComparison.Ordinal)}", "mend the lines and import the file again") { Details = refused.Details };
            }

            if (report is null)
            {
                throw new CommandFailure("the server ended before the import did", "import the file again: what is there already stays as it is");
            }

            output.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(report, AdminJson.Default.DeviceImportReport)
                : string.Create(CultureInfo.InvariantCulture, $"{report.Added} added, {report.Changed} changed, {report.Unchanged} as they were{(report.DryRun ? " (dry run: nothing was done)" : "")}"));
            return report.LeftOut.Count == 0 ? 0 : throw new CommandFailure($"{report.LeftOut.Count} lines were left out: their devices changed meanwhile", "import the file again") { Details = report.LeftOut };
        });
        return import;
    }

    public Command Export()
    {
        var format = new Option<string>("--format") { HelpName = "FORMAT", Description = "csv or json [default: as the file of --out is named, else csv]" };
        format.AcceptOnlyFromAmong("csv", "json");
        var file = new Option<FileInfo?>("--out") { HelpName = "FILE", Description = "where it goes [default: stdout]" };
        var export = new CommandWithExamples("export", "the ledger as an inventory that import takes back", "deviceacme device export --out devices.csv\ndeviceacme device export --group staff --format json") { format, file };
        filter.AddTo(export);
        export.SetAction(async (parsed, cancellation) =>
        {
            var server = await choice.Open(parsed, cancellation);
            var named = parsed.GetValue(file) is { } chosen && chosen.Extension.Equals(".json", StringComparison.OrdinalIgnoreCase) ? "json" : "csv";
            var wanted = parsed.GetValue(json) ? "json" : parsed.GetValue(format) ?? named;
            using var content = new MemoryStream();
            await server.Download($"{Route}/export{ListReading.Query([("format", wanted), .. filter.Query(parsed)])}", content, cancellation);
            if (parsed.GetValue(file) is { } target)
            {
                await File.WriteAllBytesAsync(target.FullName, content.ToArray(), cancellation);
            }
            else
            {
                output.Write(System.Text.Encoding.UTF8.GetString(content.GetBuffer().AsSpan(0, (int)content.Length)));
            }

            return 0;
        });
        return export;
    }

    private static bool IsJson(ReadOnlySpan<byte> content) => content.TrimStart("\uFEFF"u8).TrimStart(" \t\r\n"u8) is [(byte)'[' or (byte)'{', ..];

    private static async Task<byte[]> Read(FileInfo file, CancellationToken cancellation)
    {
        try
        {
            return await File.ReadAllBytesAsync(file.FullName, cancellation);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"the inventory cannot be read: {unreadable.Message}");
        }
    }
}
