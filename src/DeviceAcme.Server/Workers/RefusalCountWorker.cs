using DeviceAcme.Server.Refusals;

namespace DeviceAcme.Server.Workers;

/// <summary>Writes down how many refusals were only counted, when their hour is over and when the server ends.</summary>
internal sealed partial class RefusalCountWorker(RefusalRecords records, TimeProvider time, ILogger<RefusalCountWorker> log) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                await Write(records.WriteCounts);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the listeners are closed already: nobody is refused any more
            await Write(records.WriteLastCounts);
        }
    }

    private async Task Write(Func<DateTimeOffset, Task> write)
    {
        try
        {
            await write(time.GetUtcNow());
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // the disk is full, or the database is locked by a backup: the next look tries again
            Failed(log, failure);
        }
    }

    [LoggerMessage(LogLevel.Error, "the number of refusals that were only counted could not be written into the audit log")]
    private static partial void Failed(ILogger log, Exception failure);
}
