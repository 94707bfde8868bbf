using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Retention;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Webhooks;

/// <summary>Drops deliveries when their time is over, or when there are too many. A few rows at a time, so that requests pass between its steps.</summary>
internal sealed class DeliveryCleaning(AcmeDb db, ProfileCatalog profiles)
{
    /// <summary>How long a delivery is kept at most; never longer than the profile keeps verdicts.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(30);

    /// <summary>How many are kept at most; about 10 KiB each.</summary>
    public const int Most = 20_000;

    private const int Step = 100;

    /// <summary>Drops everything whose time is over.</summary>
    /// <param name="most">For tests.</param>
    public async Task Clean(DateTimeOffset now, CancellationToken cancellation, int most = Most)
    {
        var end = now - Life;
        await Repeat(context => context.WebhookDeliveries.Where(row => row.At <= end).OrderBy(row => row.At), cancellation);
        foreach (var profile in profiles.All.Where(profile => profile.Evidence.Verdicts is { } verdicts && verdicts < Life))
        {
            var (name, before) = (profile.Name, now - profile.Evidence.Verdicts!.Value);
            await Repeat(context => context.WebhookDeliveries.Where(row => row.Profile == name && row.At <= before).OrderBy(row => row.Sequence), cancellation);
        }

        long newest;
        await using (var context = db.Read())
        {
            newest = await context.WebhookDeliveries.OrderByDescending(row => row.Sequence).Select(row => row.Sequence).FirstOrDefaultAsync(cancellation);
        }

        await Repeat(context => context.WebhookDeliveries.Where(row => row.Sequence <= newest - most).OrderBy(row => row.Sequence), cancellation);
    }

    private Task Repeat(Func<AcmeContext, IQueryable<StoredDelivery>> rows, CancellationToken cancellation) =>
        SmallSteps.Repeat(Step, () => DropSome(rows, cancellation), cancellation);

    private async Task<int> DropSome(Func<AcmeContext, IQueryable<StoredDelivery>> rows, CancellationToken cancellation)
    {
        List<long> numbers;
        await using (var context = db.Read())
        {
            numbers = await rows(context).Select(row => row.Sequence).Take(Step).ToListAsync(cancellation);
        }

        return numbers.Count == 0
            ? 0
            : await db.Commit(writer => writer.RemoveAtOnce(writer.WebhookDeliveries.Where(row => numbers.Contains(row.Sequence))), cancellation);
    }
}
