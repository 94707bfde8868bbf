using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Sync;

/// <summary>Inventories as administrators see and run them. A run goes on when its caller has gone.</summary>
internal sealed partial class SyncRuns(AcmeDb db, InventorySync sync, InventorySources sources, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<SyncRuns> log)
{
    public async Task<SyncListing> List(CancellationToken cancellation)
    {
        var entries = new List<SyncSourceEntry>();
        foreach (var source in sources.All)
        {
            entries.Add(await Entry(source.Settings, cancellation));
        }

        return new SyncListing { Sources = entries };
    }

    public Task<SyncSourceEntry> Show(string name, CancellationToken cancellation) => Entry(Require(name).Settings, cancellation);

    /// <summary>Begins a run.</summary>
    public async Task<SyncSourceEntry> Begin(string name, SyncRunRequest wanted, AdminCaller caller, CancellationToken cancellation)
    {
        var source = Require(name);
        var run = sync.Run(source, wanted.DryRun, wanted.AcceptGone, lifetime.ApplicationStopping);
        if (run is { IsCompleted: true } && await run is null)
        {
            throw Problems.Malformed("sync-under-way", $"path: a run of {name} is under way: {sync.ProgressOf(name)}", StatusCodes.Status409Conflict);
        }

        await db.Commit(
            context => context.Record(new AuditEvent
            {
                At = time.GetUtcNow(),
                Kind = "sync.run",
                Actor = caller.Name,
                Detail = $"{name}{(wanted.DryRun ? ", dry run" : "")}{(wanted.AcceptGone ? ", however many devices are gone" : "")}",
            }),
            CancellationToken.None);
        _ = Watch(name, run);
        return await Entry(source.Settings, cancellation);
    }

    private async Task Watch(string name, Task run)
    {
        try
        {
            await run;
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            Stopped(log, name);
        }
        catch (Exception failure)
        {
            // nobody waits for it: the log is told
            Failed(log, name, failure);
        }
    }

    private IInventorySource Require(string name) => sources.Find(name) ?? throw Problems.Malformed(
        "sync-source-unknown",
        sources.All.Count == 0 ? "path: no inventory is set up (--sync)" : $"path: there is no inventory of this name; {NearestName.Hint(name.Length > 63 ? name[..63] : name, [.. sources.All.Select(source => source.Settings.Name)])}",
        StatusCodes.Status404NotFound);

    private async Task<SyncSourceEntry> Entry(SourceSettings settings, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var stored = await context.SyncSources.FirstOrDefaultAsync(row => row.Name == settings.Name, cancellation);
        return new SyncSourceEntry
        {
            Name = settings.Name,
            Url = settings.Url.AbsoluteUri,
            Interval = (long)settings.Interval.TotalSeconds,
            StaleAfter = (long)settings.StaleAfter.TotalSeconds,
            Gone = settings.Gone.ToString().ToLowerInvariant(),
            State = stored switch { null => "never", { StaleSince: not null } => "stale", { Failures: > 0 } => "failing", _ => "fresh" },
            Progress = sync.ProgressOf(settings.Name),
            AttemptedAt = stored?.AttemptedAt,
            AnsweredAt = stored?.AnsweredAt,
            Age = stored?.AnsweredAt is { } at ? (long)(time.GetUtcNow() - at).TotalSeconds : null,
            ChangedAt = stored?.ChangedAt,
            Failures = stored?.Failures ?? 0,
            Failure = stored?.Failure,
            StaleSince = stored?.StaleSince,
            Devices = stored?.Devices ?? 0,
            LastRun = sync.LastOf(settings.Name) is { } last
                ? new SyncRunReport
                {
                    DryRun = last.DryRun,
                    AsItWas = last.AsItWas,
                    Devices = last.Devices,
                    Added = last.Added,
                    Changed = last.Changed,
                    Gone = last.Gone,
                    Skipped = last.SkippedCount,
                    Reasons = last.Skipped,
                    Failure = last.Failure,
                }
                : null,
        };
    }

    [LoggerMessage(LogLevel.Error, "the inventory {Source} could not be brought into the ledger")]
    private static partial void Failed(ILogger log, string source, Exception failure);

    [LoggerMessage(LogLevel.Debug, "the run of {Source} ended with the server")]
    private static partial void Stopped(ILogger log, string source);
}
