using DeviceAcme.Core.Administration;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Ledger;

/// <summary>The inventories of <c>--devices</c>, brought into the ledger before the first request.</summary>
internal static class StartInventory
{
    private const int MostShown = 20;

    /// <summary>What the files are worth: one line for each, for the start's report.</summary>
    public static async Task<IReadOnlyList<string>> Import(ServerOptions options, DeviceImport import, CancellationToken cancellation)
    {
        var lines = new List<string>();
        foreach (var path in options.DeviceInventories)
        {
            var result = await import.Run(Inventory.Read(await Read(path, cancellation)), Path.GetFileName(path), AdminCaller.Command.Name, dryRun: false, progress: null, cancellation);
            if (result.Mistakes.Count > 0)
            {
                var shown = string.Join(Environment.NewLine, result.Mistakes.Take(MostShown).Select(mistake => $"  {path}:{mistake.Line}: {mistake.Text}"));
                var more = result.Mistakes.Count > MostShown ? $"{Environment.NewLine}  and {result.Mistakes.Count - MostShown} more" : "";
                throw new StartFailure($"the inventory {path} has mistakes; nothing of it was taken over:{Environment.NewLine}{shown}{more}");
            }

            lines.Add($"{result.Count} of {path} ({result.Added} new)");
        }

        return lines;
    }

    private static async Task<byte[]> Read(string path, CancellationToken cancellation)
    {
        try
        {
            return await File.ReadAllBytesAsync(path, cancellation);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"the inventory {path} cannot be read: {unreadable.Message}");
        }
    }
}
