using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Sync;

/// <summary>What inventories of others last said of devices, and how long ago: facts and a part of the ledger's check.</summary>
internal sealed class InventoryStandings(InventorySources sources)
{
    /// <summary>The same devices with what an inventory says of them: the newest answer that lists one, or else the newest that did.</summary>
    public LedgerMatch Of(AcmeContext context, LedgerMatch match, DateTimeOffset now)
    {
        // an installation without inventories asks nothing
        foreach (var device in sources.All.Count == 0 ? [] : match.Devices)
        {
            device.Inventory = context.SyncedDevices.Where(row => row.Device == device.Id)
                .Join(context.SyncSources, row => row.Inventory, source => source.Name, (row, source) => new { source.Name, source.AnsweredAt, row.GoneSince })
                .AsEnumerable()
                .Where(row => row.AnsweredAt is not null)
                .OrderByDescending(row => row.GoneSince is null).ThenByDescending(row => row.AnsweredAt)
                .Select(row => new InventoryStanding(row.Name, row.GoneSince is null, row.AnsweredAt < now ? now - row.AnsweredAt!.Value : TimeSpan.Zero))
                .FirstOrDefault();
        }

        return match;
    }
}
