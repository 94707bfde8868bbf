using System.Text;
using System.Text.Json;
using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Ledger;

/// <summary>Writes the ledger as an inventory that an import takes back.</summary>
internal sealed class DeviceExport(AcmeDb db)
{
    private const int Step = 1000;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    public Task Csv(DeviceFilter filter, Stream target, CancellationToken cancellation) => Read(filter, (context, rows) =>
    {
        var kinds = context.DeviceIdentifiers.Select(name => name.Kind).Distinct().ToHashSet();
        var attributes = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var one in filter.Of(context).Select(device => device.Attributes))
        {
            attributes.UnionWith(one.Keys);
        }

        using var writer = new StreamWriter(target, Utf8, leaveOpen: true);
        InventoryCsv.Write(writer, [.. DeviceKey.Kinds.Where(kinds.Contains)], [.. attributes], rows);
    }, cancellation);

    public Task Json(DeviceFilter filter, Stream target, CancellationToken cancellation) => Read(filter, (_, rows) =>
    {
        using var writer = new Utf8JsonWriter(target, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        writer.WriteStartArray();
        foreach (var row in rows)
        {
            InventoryJson.Write(writer, row);
        }

        writer.WriteEndArray();
    }, cancellation);

    /// <summary>Everything is of one moment: what is written meanwhile is not seen.</summary>
    private async Task Read(DeviceFilter filter, Action<AcmeContext, IEnumerable<InventoryRow>> write, CancellationToken cancellation)
    {
        await using var moment = db.ReadMoment();
        write(moment.Context, Rows(moment.Context, filter, cancellation));
    }

    private static IEnumerable<InventoryRow> Rows(AcmeContext context, DeviceFilter filter, CancellationToken cancellation)
    {
        var line = 1;
        var all = filter.Of(context).OrderBy(device => device.CreatedAt).ThenBy(device => device.Id);
        for (var devices = all.Take(Step).ToList(); devices.Count > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            var names = context.NamesOf(devices);
            foreach (var device in devices)
            {
                yield return new InventoryRow(++line, [.. names[device.Id]], device.Description, device.State);
            }

            var (at, id) = (devices[^1].CreatedAt, devices[^1].Id);
            devices = all.Where(device => device.CreatedAt >= at && (device.CreatedAt > at || device.Id > id)).Take(Step).ToList();
        }
    }
}
