using System.Runtime.CompilerServices;
using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>Reads the history.</summary>
internal sealed class AuditLog(AcmeDb db)
{
    private const int Step = 2_000;

    /// <summary>Where the log ends, as the writer knows it.</summary>
    public AuditHead Head => db.AuditHead;

    /// <summary>One page, newest first.</summary>
    public async Task<AuditPage> List(AuditFilter filter, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var rows = await Filtered(context.Events, filter).OrderByDescending(row => row.Sequence).Take(filter.Page.Rows).ToListAsync(cancellation);
        var (shown, next) = filter.Page.Cut(rows, row => Place.Of(row.Sequence));
        return new AuditPage { Events = [.. shown.Select(AuditChain.Record)], Next = next };
    }

    /// <summary>The rows of a time without gaps, oldest first, each as a line of canonical JSON.</summary>
    public async IAsyncEnumerable<string> Export(DateTimeOffset? since, DateTimeOffset? until, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var end = Head.Sequence;
        long behind = 0;
        await using (var context = db.Read())
        {
            // from the first row of the time to the last: what a clock that went back left between them belongs to the chain
            behind = since is null ? 0 : (await context.Events.Where(row => row.At >= since).MinAsync(row => (long?)row.Sequence, cancellation) ?? end + 1) - 1;
            end = until is null ? end : Math.Min(end, await context.Events.Where(row => row.At < until).MaxAsync(row => (long?)row.Sequence, cancellation) ?? 0);
        }

        while (behind < end)
        {
            await using var context = db.Read();
            var rows = await context.Events.Where(row => row.Sequence > behind && row.Sequence <= end).OrderBy(row => row.Sequence).Take(Step).ToListAsync(cancellation);
            if (rows.Count == 0)
            {
                yield break;
            }

            foreach (var row in rows)
            {
                yield return AuditChain.Write(AuditChain.Record(row), withHash: true);
            }

            behind = rows[^1].Sequence;
        }
    }

    private static IQueryable<AuditEvent> Filtered(IQueryable<AuditEvent> rows, AuditFilter filter)
    {
        rows = filter.Page.Behind is { Number: var behind } ? rows.Where(row => row.Sequence < behind) : rows;
        rows = filter.Since is { } since ? rows.Where(row => row.At >= since) : rows;
        rows = filter.Until is { } until ? rows.Where(row => row.At < until) : rows;
        rows = filter.Kind is { } kind ? rows.Where(row => row.Kind == kind) : rows;
        rows = filter.Actor is { } actor ? rows.Where(row => row.Actor == actor) : rows;
        rows = filter.Profile is { } profile ? rows.Where(row => row.Profile == profile) : rows;
        rows = filter.Reason is { } reason ? rows.Where(row => row.Reason == reason) : rows;
        rows = filter.Order is { } order ? rows.Where(row => row.Order == order) : rows;
        rows = filter.Device is { } device ? rows.Where(row => row.Device == device) : rows;
        return filter.Within is { } within ? rows.Where(row => row.Profile != null && within.Contains(row.Profile)) : rows;
    }
}

/// <summary>Which events are asked for, and which page of them.</summary>
internal sealed record AuditFilter
{
    public required Page Page { get; init; }
    public DateTimeOffset? Since { get; init; }
    public DateTimeOffset? Until { get; init; }
    public string? Kind { get; init; }
    public string? Actor { get; init; }
    public string? Profile { get; init; }
    public string? Reason { get; init; }
    public OrderId? Order { get; init; }
    public DeviceId? Device { get; init; }

    /// <summary>The profiles whose events the caller may see; null for all.</summary>
    public IReadOnlyList<string>? Within { get; init; }
}
