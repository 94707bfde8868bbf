using DeviceAcme.Server.Retention;
using DeviceAcme.Server.Vault;
using DeviceAcme.Server.Webhooks;

namespace DeviceAcme.Server.Workers;

/// <summary>Drops what is kept no longer, every hour. What it does not reach today it reaches tomorrow: the rows say what is due.</summary>
internal sealed partial class RetentionWorker(EvidenceCleaning cleaning, DeliveryCleaning deliveries, UnfinishedOrders orders, ILeases leases, TimeProvider time, ILogger<RetentionWorker> log) : BackgroundService
{
    /// <summary>The first look is not in the way of the start.</summary>
    private static readonly TimeSpan Beginning = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private const string LeaseName = "retention";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.Delay(Beginning, time, stoppingToken);
            using var timer = new PeriodicTimer(Interval, time);
            do
            {
                await Clean(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Stopped(log);
        }
    }

    private async Task Clean(CancellationToken stopping)
    {
        try
        {
            // one node does it; its lease is kept, so that the others find nothing to do in this hour
            if ((await leases.Take([LeaseName], 1, Interval - Beginning, stopping)).Count == 0)
            {
                return;
            }

            await deliveries.Clean(time.GetUtcNow(), stopping);
            if (await orders.Clean(time.GetUtcNow(), stopping) is var dropped and > 0)
            {
                OrdersDropped(log, dropped);
            }

            var report = await cleaning.Clean(time.GetUtcNow(), stopping);
            if (!report.IsEmpty)
            {
                Dropped(log, report.Statements, report.Verdicts, report.Sightings);
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // the disk is full, or the database is locked by a backup: the next look tries again
            Failed(log, failure);
        }
    }

    [LoggerMessage(LogLevel.Information, "retention: dropped the bytes of {Statements} pieces of evidence, {Verdicts} verdicts and {Sightings} sightings")]
    private static partial void Dropped(ILogger log, int statements, int verdicts, int sightings);

    [LoggerMessage(LogLevel.Information, "retention: dropped {Orders} orders that came to no certificate")]
    private static partial void OrdersDropped(ILogger log, int orders);

    [LoggerMessage(LogLevel.Error, "retention: what is kept no longer could not be dropped; the next look is in an hour")]
    private static partial void Failed(ILogger log, Exception failure);

    [LoggerMessage(LogLevel.Debug, "retention is no longer looked after")]
    private static partial void Stopped(ILogger log);
}
