using DeviceAcme.Core.Audit;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Refusals;

/// <summary>Refusals of clients in the audit log: each one while the quota lasts, and how many there were beyond it.</summary>
/// <remarks>
/// That counting begins is written at once, and the count when the hour or the process ends: a process that is killed loses a number, and not that there were more.
/// </remarks>
internal sealed class RefusalRecords(AcmeDb db, RefusalQuota quota)
{
    /// <summary>Refusals of all kinds that are written down in an hour.</summary>
    public const int MostInAnHour = 3000;

    /// <summary>Refusals with one reason, at one profile.</summary>
    public const int MostOfAKind = 1000;

    /// <summary>Writes a refusal down, or counts it.</summary>
    /// <param name="make">The event, with what the store says of it.</param>
    public async Task Write(RefusalKind kind, DateTimeOffset now, Func<AcmeContext, AuditEvent> make)
    {
        if (await Admit(kind, now))
        {
            // not cancelled with the request: a client that hangs up was refused all the same
            await db.Commit(context => context.Record(make(context)), CancellationToken.None);
        }
    }

    /// <summary>True where the caller writes it down; it is counted otherwise.</summary>
    public async Task<bool> Admit(RefusalKind kind, DateTimeOffset now)
    {
        var place = quota.Take(kind, now);
        if (place == RefusalPlace.FirstCounted)
        {
            var told = Event(kind, now, "there were many refusals of this kind; from here on they are counted, and the number follows within an hour");
            await db.Commit(context => context.Record(told), CancellationToken.None);
        }

        return place == RefusalPlace.Stored;
    }

    /// <summary>Writes down what was counted in hours that are over.</summary>
    public Task WriteCounts(DateTimeOffset now) => Write(quota.TakeOver(now), now);

    /// <summary>Writes down all that was counted: the process ends.</summary>
    public Task WriteLastCounts(DateTimeOffset now) => Write(quota.TakeAll(now), now);

    private async Task Write(IReadOnlyList<CountedRefusals> counts, DateTimeOffset now)
    {
        if (counts.Count == 0)
        {
            return;
        }

        try
        {
            await db.Commit(
                context =>
                {
                    foreach (var counted in counts)
                    {
                        context.Record(Event(counted.Of, now, $"{counted.Count} further refusals of this kind, between {counted.From:u} and {counted.Until:u}, were not written one by one"));
                    }
                },
                CancellationToken.None);
        }
        catch
        {
            quota.GiveBack(counts);
            throw;
        }
    }

    private static AuditEvent Event(RefusalKind kind, DateTimeOffset now, string detail) =>
        new() { At = now, Kind = kind.Kind, Profile = kind.Profile, Reason = kind.Reason, Detail = detail };
}
