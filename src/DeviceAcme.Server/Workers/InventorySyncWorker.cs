using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Sync;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Workers;

/// <summary>Asks each inventory of <c>--sync</c> when it is time, and turns the alarm on where one does not answer.</summary>
internal sealed partial class InventorySyncWorker(InventorySync sync, InventorySources sources, AcmeDb db, ILeases leases, TimeProvider time, ILogger<InventorySyncWorker> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);

    /// <summary>After how long another node takes over from one that died in a run.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (sources.All.Count == 0)
        {
            return;
        }

        try
        {
            using var timer = new PeriodicTimer(Look, time);
            do
            {
                await LookAround(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Stopped(log);
        }
    }

    /// <summary>Asks whoever is due.</summary>
    internal async Task LookAround(CancellationToken stopping)
    {
        foreach (var source in sources.All)
        {
            try
            {
                StoredSyncSource? stored;
                await using (var context = db.Read())
                {
                    stored = await context.SyncSources.FirstOrDefaultAsync(row => row.Name == source.Settings.Name, stopping);
                }

                var lease = $"sync:{source.Settings.Name}";
                if (InventorySync.IsDue(source.Settings, stored, time.GetUtcNow()) && (await leases.Take([lease], 1, Lease, stopping)).Count > 0)
                {
                    await sync.Run(source, dryRun: false, acceptGone: false, stopping);
                    await leases.Release(lease);
                }
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                // the disk is full, or the database is locked by a backup: the next look tries again
                Failed(log, source.Settings.Name, failure);
            }
        }

        await sync.Watch(stopping);
    }

    [LoggerMessage(LogLevel.Error, "the inventory {Source} could not be brought into the ledger; the next look tries again")]
    private static partial void Failed(ILogger log, string source, Exception failure);

    [LoggerMessage(LogLevel.Debug, "inventories are no longer looked after")]
    private static partial void Stopped(ILogger log);
}
