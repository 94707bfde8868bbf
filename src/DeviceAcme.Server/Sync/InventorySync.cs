using System.Collections.Concurrent;
using System.Globalization;
using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Sync;

/// <summary>What a run did, or would do.</summary>
/// <param name="Failure">Why it did nothing; null where it went well.</param>
internal sealed record SyncResult(string Source, bool DryRun, bool AsItWas, int Devices, int Added, int Changed, int Gone, IReadOnlyList<string> Skipped, int SkippedCount, string? Failure);

/// <summary>
/// Keeps the ledger in step with inventories of others: reads the list, brings it in with <see cref="DeviceImport"/>, and does what the settings say about devices that are not
/// listed any more. What cannot be read changes nothing.
/// </summary>
internal sealed partial class InventorySync(AcmeDb db, DeviceImport import, InventorySources sources, TimeProvider time, ILogger<InventorySync> log)
{
    private const int Chunk = 250;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, string> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SyncResult> _last = new(StringComparer.Ordinal);

    /// <summary>How far a run is; null where none is under way.</summary>
    public string? ProgressOf(string source) => _running.GetValueOrDefault(source);

    /// <summary>What the last run since the start did; null where there was none.</summary>
    public SyncResult? LastOf(string source) => _last.GetValueOrDefault(source);

    /// <summary>Whether it is time to ask again: after each interval, and sooner where the last run failed.</summary>
    public static bool IsDue(SourceSettings settings, StoredSyncSource? stored, DateTimeOffset now)
    {
        if (stored is null || stored.Configuration != settings.Configuration)
        {
            return true;
        }

        var pause = stored.Failures == 0 ? settings.Interval : FirstPause * Math.Pow(2, Math.Min(stored.Failures - 1, 16));
        return now - stored.AttemptedAt >= (pause < settings.Interval ? pause : settings.Interval);
    }

    /// <summary>One run; null where one is under way.</summary>
    /// <param name="dryRun">Only say what would happen.</param>
    /// <param name="acceptGone">However many devices are gone.</param>
    public async Task<SyncResult?> Run(IInventorySource source, bool dryRun, bool acceptGone, CancellationToken cancellation)
    {
        var name = source.Settings.Name;
        if (!_running.TryAdd(name, "asks"))
        {
            return null;
        }

        try
        {
            var result = await Attempt(source, dryRun, acceptGone, cancellation);
            _last[name] = result;
            return result;
        }
        finally
        {
            _running.TryRemove(name, out _);
        }
    }

    private async Task<SyncResult> Attempt(IInventorySource source, bool dryRun, bool acceptGone, CancellationToken cancellation)
    {
        var settings = source.Settings;
        var begun = time.GetUtcNow();
        try
        {
            StoredSyncSource? stored;
            await using (var context = db.Read())
            {
                stored = await context.SyncSources.FirstOrDefaultAsync(row => row.Name == settings.Name, cancellation);
            }

            var etag = !dryRun && stored?.Configuration == settings.Configuration && stored.Failure is null ? stored.ETag : null;
            var answer = await source.Ask(etag, read => Say(settings, $"{read} devices read"), cancellation);
            var answered = time.GetUtcNow();
            if (answer.Devices is null)
            {
                await Save(settings, begun, row => row.AnsweredAt = answered);
                return new SyncResult(settings.Name, false, true, stored?.Devices ?? 0, 0, 0, 0, [], 0, null);
            }

            return await Take(settings, answer.Devices, dryRun, acceptGone, begun, answer.ETag, answered, cancellation);
        }
        catch (SourceFailedException failed)
        {
            if (!dryRun)
            {
                await Save(settings, begun, row => (row.Failures, row.Failure) = (row.Failures + 1, failed.Message));
                Failed(log, settings.Name, failed.Message);
            }

            return new SyncResult(settings.Name, dryRun, false, 0, 0, 0, 0, [], 0, failed.Message);
        }
    }

    private async Task<SyncResult> Take(
        SourceSettings settings, IReadOnlyList<SourceDevice> devices, bool dryRun, bool acceptGone, DateTimeOffset begun, string? etag, DateTimeOffset answered, CancellationToken cancellation)
    {
        SyncPlan plan;
        await using (var context = db.Read())
        {
            plan = await SyncPlan.Make(context, settings.Name, devices, cancellation);
        }

        RequireFewGone(settings, plan, acceptGone || dryRun);
        var actor = $"sync:{settings.Name}";
        var imported = await import.Run(plan.Inventory(), $"inventory {settings.Name}", actor, dryRun, done => Tell(settings, plan, done), cancellation);
        if (imported.Mistakes.Count > 0)
        {
            // one device that the ledger does not take must not keep all others out
            plan.LeaveOut(imported.Mistakes);
            imported = await import.Run(plan.Inventory(), $"inventory {settings.Name}", actor, dryRun, done => Tell(settings, plan, done), cancellation);
        }

        var result = new SyncResult(settings.Name, dryRun, false, devices.Count, imported.Added, imported.Changed, plan.Gone.Count, plan.Skipped, plan.SkippedCount, null);
        if (dryRun)
        {
            return result;
        }

        await Follow(settings, plan, actor);
        await Save(settings, begun, row =>
        {
            (row.ETag, row.AnsweredAt, row.Devices, row.Added, row.Changed, row.Gone, row.Skipped) =
                (etag, answered, devices.Count, result.Added, result.Changed, result.Gone, [.. plan.Skipped]);
            row.ChangedAt = result.Added + result.Changed + result.Gone > 0 ? answered : row.ChangedAt;
        });
        Done(log, settings.Name, devices.Count, result.Added, result.Changed, result.Gone, plan.SkippedCount);
        return result;
    }

    private static void RequireFewGone(SourceSettings settings, SyncPlan plan, bool accepted)
    {
        var most = Math.Max(1, plan.Before * settings.MostGone / 100);
        if (!accepted && settings.Gone != GoneDevices.Keep && plan.Gone.Count > most)
        {
            throw new SourceFailedException(string.Create(
                CultureInfo.InvariantCulture, $"{plan.Gone.Count} of {plan.Before} devices would be gone, more than {settings.MostGone}% (most-gone); nothing was changed. If that is right: deviceacme sync run {settings.Name} --accept-gone"));
        }
    }

    /// <summary>Notes which devices are listed and which are gone, and does what the settings say of the latter.</summary>
    private async Task Follow(SourceSettings settings, SyncPlan plan, string actor)
    {
        foreach (var rows in plan.Rows.Where(row => !row.IsNoted).Chunk(Chunk))
        {
            await db.Commit(context => Listed(context, settings.Name, rows), CancellationToken.None);
        }

        foreach (var ids in plan.Gone.Chunk(Chunk))
        {
            var now = time.GetUtcNow();
            await db.Commit(context => Gone(context, settings, ids, actor, now), CancellationToken.None);
        }
    }

    private static void Listed(AcmeContext context, string source, IReadOnlyList<SyncPlan.Row> rows)
    {
        var names = SyncPlan.Names(context, rows.SelectMany(row => row.Device.Keys));
        var ids = names.Values.Distinct().ToList();
        var members = context.SyncedDevices.Where(row => row.Inventory == source && ids.Contains(row.Device)).ToDictionary(row => row.Device);
        foreach (var row in rows)
        {
            if (!names.TryGetValue(row.Device.Keys[0], out var id))
            {
                // somebody removed the name since
                continue;
            }

            if (members.TryGetValue(id, out var member))
            {
                (member.GoneSince, member.Held) = (null, row.Held);
            }
            else
            {
                var made = new SyncedDevice { Inventory = source, Device = id, Held = row.Held };
                members.Add(id, made);
                context.SyncedDevices.Add(made);
            }
        }
    }

    private static void Gone(AcmeContext context, SourceSettings settings, DeviceId[] ids, string actor, DateTimeOffset now)
    {
        var devices = context.Devices.Where(device => ids.Contains(device.Id)).ToDictionary(device => device.Id);
        foreach (var member in context.SyncedDevices.Where(row => row.Inventory == settings.Name && ids.Contains(row.Device)).ToList())
        {
            member.GoneSince = now;
            if (settings.Gone == GoneDevices.Keep || !devices.TryGetValue(member.Device, out var device) || device.State is not (DeviceState.Expected or DeviceState.Active))
            {
                continue;
            }

            var reason = $"the inventory {settings.Name} does not list it any more";
            context.Record(settings.Gone == GoneDevices.Retire ? device.Retire(reason, actor, now) : device.Quarantine(reason, actor, now));
            member.Held = device.State;
        }
    }

    private Task Save(SourceSettings settings, DateTimeOffset begun, Action<StoredSyncSource> change) => db.Commit(
        context =>
        {
            var row = context.SyncSources.FirstOrDefault(source => source.Name == settings.Name);
            if (row is null)
            {
                row = new StoredSyncSource { Name = settings.Name, Configuration = settings.Configuration, AttemptedAt = begun };
                context.SyncSources.Add(row);
            }

            if (row.Configuration != settings.Configuration)
            {
                (row.Configuration, row.ETag) = (settings.Configuration, null);
            }

            var failures = row.Failures;
            row.AttemptedAt = begun;
            change(row);
            if (row.Failures == failures)
            {
                (row.Failures, row.Failure) = (0, null);
            }

            if (row.StaleSince is { } since && row.Failures == 0)
            {
                row.StaleSince = null;
                context.Record(new AuditEvent { At = time.GetUtcNow(), Kind = "sync.recovered", Actor = $"sync:{settings.Name}", Detail = $"it answers again; it was stale since {since:u}" });
            }
        },
        CancellationToken.None);

    /// <summary>Turns the alarm on for whoever has not answered for too long.</summary>
    public async Task Watch(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        foreach (var settings in sources.All.Select(source => source.Settings))
        {
            await using var context = db.Read();
            var stored = await context.SyncSources.FirstOrDefaultAsync(row => row.Name == settings.Name, cancellation);
            if (stored is null || stored.StaleSince is not null || now - (stored.AnsweredAt ?? stored.AttemptedAt) < settings.StaleAfter)
            {
                continue;
            }

            var last = stored.AnsweredAt is { } at ? at.ToString("u", CultureInfo.InvariantCulture) : "it was set up";
            await db.Commit(
                writer =>
                {
                    writer.SyncSources.Single(row => row.Name == settings.Name).StaleSince = now;
                    writer.Record(new AuditEvent { At = now, Kind = "sync.stale", Actor = $"sync:{settings.Name}", Detail = $"no answer since {last}: {stored.Failure}" });
                },
                CancellationToken.None);
            Stale(log, settings.Name, last, stored.Failure ?? "");
        }
    }

    private void Say(SourceSettings settings, string progress) => _running[settings.Name] = progress;

    private Task Tell(SourceSettings settings, SyncPlan plan, int done)
    {
        Say(settings, $"{done} of {plan.Rows.Count} devices written");
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Information, "the inventory {Source} has {Devices} devices: {Added} added, {Changed} changed, {Gone} gone, {Skipped} left out")]
    private static partial void Done(ILogger log, string source, int devices, int added, int changed, int gone, int skipped);

    [LoggerMessage(LogLevel.Warning, "the inventory {Source} cannot be read: {Reason}; what the ledger has of it stays")]
    private static partial void Failed(ILogger log, string source, string reason);

    [LoggerMessage(LogLevel.Error, "the inventory {Source} is stale: no answer since {Last}: {Reason}")]
    private static partial void Stale(ILogger log, string source, string last, string reason);
}
