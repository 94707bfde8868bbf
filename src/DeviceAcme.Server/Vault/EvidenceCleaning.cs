using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Retention;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Vault;

/// <summary>
/// Drops what is kept no longer, as the profiles in force say. It reads beside the writer and changes a few rows at a time, so that requests
/// pass between its steps however much there is to do.
/// </summary>
internal sealed class EvidenceCleaning(AcmeDb db, ProfileVersions profiles)
{
    /// <summary>Rows of one step: about a millisecond of the writer.</summary>
    public const int Step = 100;

    /// <summary>How long what was seen together is remembered after it was last seen; longer than any certificate that hangs from it.</summary>
    public static readonly TimeSpan SightingLife = TimeSpan.FromDays(3 * 365);

    /// <summary>Drops everything whose time is over.</summary>
    public async Task<CleaningReport> Clean(DateTimeOffset now, CancellationToken cancellation)
    {
        var report = new CleaningReport();
        foreach (var name in await Profiles(cancellation))
        {
            var retention = profiles.Find(name)?.Evidence ?? EvidenceRetention.Default;
            report.Statements += await Repeat(() => DropStatements(name, now - (retention.Statements ?? TimeSpan.Zero), cancellation), cancellation);
            report.Verdicts += await Repeat(() => DropVerdicts(name, now - (retention.Verdicts ?? TimeSpan.Zero), cancellation), cancellation);
            await Repeat(() => ForgetFacts(name, now - (retention.Verdicts ?? TimeSpan.Zero), cancellation), cancellation);
        }

        report.Sightings = await Repeat(() => ForgetSightings(now - SightingLife, cancellation), cancellation);
        return report;
    }

    private static Task<int> Repeat(Func<Task<int>> step, CancellationToken cancellation) => SmallSteps.Repeat(Step, step, cancellation);

    /// <summary>The profiles that something is stored of, also those that are gone; one look into the index for each.</summary>
    private async Task<IReadOnlyList<string>> Profiles(CancellationToken cancellation)
    {
        await using var context = db.Read();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var next in new Func<string, Task<string?>>[]
        {
            last => context.Evidence.Where(row => row.Profile.CompareTo(last) > 0).OrderBy(row => row.Profile).Select(row => row.Profile).FirstOrDefaultAsync(cancellation),
            last => context.Authorizations.Where(row => row.Facts != null && row.Profile.CompareTo(last) > 0).OrderBy(row => row.Profile).Select(row => row.Profile).FirstOrDefaultAsync(cancellation),
        })
        {
            for (var last = await next(""); last is not null; last = await next(last))
            {
                names.Add(last);
            }
        }

        return [.. names];
    }

    private async Task<int> DropStatements(string profile, DateTimeOffset until, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var ids = await context.Evidence.Where(row => row.Profile == profile && row.Statement != null && row.At <= until).OrderBy(row => row.At).Select(row => row.Id).Take(Step).ToListAsync(cancellation);
        return ids.Count == 0 ? 0 : await db.Commit(
            writer => writer.ChangeAtOnce(writer.Evidence.Where(row => ids.Contains(row.Id)), row => row.SetProperty(evidence => evidence.Statement, (byte[]?)null)), cancellation);
    }

    private async Task<int> DropVerdicts(string profile, DateTimeOffset until, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var ids = await context.Evidence.Where(row => row.Profile == profile && row.At <= until).OrderBy(row => row.At).Select(row => row.Id).Take(Step).ToListAsync(cancellation);
        return ids.Count == 0 ? 0 : await db.Commit(writer => writer.RemoveAtOnce(writer.Evidence.Where(row => ids.Contains(row.Id))), cancellation);
    }

    /// <summary>An authorization that has ended needs the facts of its evidence no more, unless an order that was finalized with it is still processed.</summary>
    private async Task<int> ForgetFacts(string profile, DateTimeOffset until, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var ids = await context.Authorizations.Where(row => row.Profile == profile && row.Facts != null && row.Expires <= until
            && !context.OrderAuthorizations.Where(link => link.AuthorizationId == row.Id)
                .Join(context.Orders, link => link.OrderId, order => order.Id, (_, order) => order)
                .Any(order => order.Status == OrderStatus.Processing))
            .OrderBy(row => row.Expires).Select(row => row.Id).Take(Step).ToListAsync(cancellation);
        return ids.Count == 0 ? 0 : await db.Commit(
            writer => writer.ChangeAtOnce(writer.Authorizations.Where(row => ids.Contains(row.Id)), row => row.SetProperty(authorization => authorization.Facts, (string?)null)), cancellation);
    }

    private Task<int> ForgetSightings(DateTimeOffset until, CancellationToken cancellation) => db.Commit(
        writer =>
        {
            var old = writer.Sightings.Where(row => row.LastSeenAt <= until).OrderBy(row => row.LastSeenAt).Take(Step).ToList();
            writer.Sightings.RemoveRange(old);
            return old.Count;
        },
        cancellation);
}

/// <summary>What a cleaning dropped.</summary>
internal sealed record CleaningReport
{
    public int Statements { get; set; }
    public int Verdicts { get; set; }
    public int Sightings { get; set; }

    public bool IsEmpty => Statements + Verdicts + Sightings == 0;
}
