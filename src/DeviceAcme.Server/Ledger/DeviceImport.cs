using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Ledger;

/// <summary>What an import did, or would do; with mistakes it does nothing.</summary>
internal sealed record DeviceImportResult(int Added, int Changed, int Unchanged, IReadOnlyList<InventoryMistake> Mistakes)
{
    public int Count => Added + Changed + Unchanged;
}

/// <summary>
/// Brings an inventory into the ledger. A device is the one that has one of the identifiers; what the inventory says of it is taken over, what it is
/// silent about stays. Everything is looked through before anything is written, and doing it twice changes nothing the second time.
/// </summary>
internal sealed class DeviceImport(AcmeDb db, TimeProvider time)
{
    /// <summary>Rows of one transaction: others wait meanwhile.</summary>
    private const int Chunk = 500;

    /// <param name="source">Where it comes from, for the history.</param>
    /// <param name="dryRun">Only say what would happen.</param>
    /// <param name="progress">Is told how many rows are written.</param>
    public async Task<DeviceImportResult> Run(Inventory inventory, string source, string actor, bool dryRun, Func<int, Task>? progress, CancellationToken cancellation)
    {
        var planned = await Plan(inventory, cancellation);
        if (planned.Mistakes.Count > 0 || dryRun)
        {
            return planned;
        }

        // what was begun is brought to its end, whoever still listens: the next run would find the rest undone
        var mistakes = new List<InventoryMistake>();
        var done = new DeviceImportResult(0, 0, 0, mistakes);
        foreach (var rows in inventory.Rows.Chunk(Chunk))
        {
            var now = time.GetUtcNow();
            var before = done;
            done = await db.Commit(context => Import(new Batch(context, rows), rows, before, mistakes, actor, now, context), CancellationToken.None);
            if (progress is not null)
            {
                await progress(done.Count);
            }
        }

        if (done.Added + done.Changed > 0)
        {
            await db.Commit(context => context.Record(new AuditEvent
            {
                At = time.GetUtcNow(),
                Kind = "devices.imported",
                Actor = actor,
                Detail = $"{source}: {done.Added} added, {done.Changed} changed, {done.Unchanged} as they were",
            }), CancellationToken.None);
        }

        return done;
    }

    private async Task<DeviceImportResult> Plan(Inventory inventory, CancellationToken cancellation)
    {
        if (inventory.Mistakes.Count > 0)
        {
            return new DeviceImportResult(0, 0, 0, inventory.Mistakes);
        }

        var mistakes = new List<InventoryMistake>();
        var planned = new DeviceImportResult(0, 0, 0, mistakes);
        var claimed = new Dictionary<DeviceId, int>();
        await using var context = db.Read();
        foreach (var rows in inventory.Rows.Chunk(Chunk))
        {
            cancellation.ThrowIfCancellationRequested();
            var batch = new Batch(context, rows);
            foreach (var row in rows)
            {
                var found = batch.Of(row);
                if (found.Count > 1)
                {
                    mistakes.Add(new InventoryMistake(row.Line, $"its identifiers belong to {found.Count} devices of the ledger: {string.Join(", ", found.Select(device => device.Id))}"));
                }
                else if (found is [var device] && !claimed.TryAdd(device.Id, row.Line))
                {
                    mistakes.Add(new InventoryMistake(row.Line, $"is the same device of the ledger as line {claimed[device.Id]}: {device.Id}"));
                }
                else
                {
                    planned = Try(row, mistakes, () => Apply(batch, row, planned, "", DateTimeOffset.MaxValue, null)) ?? planned;
                }
            }
        }

        return planned;
    }

    private static DeviceImportResult? Try(InventoryRow row, List<InventoryMistake> mistakes, Func<DeviceImportResult> action)
    {
        try
        {
            return action();
        }
        catch (ProblemException refusal)
        {
            mistakes.Add(new InventoryMistake(row.Line, refusal.Problem.Detail!));
            return null;
        }
    }

    // somebody may have changed a device since the look-through: that row is left as it is, and told
    private static DeviceImportResult Import(
        Batch batch, IEnumerable<InventoryRow> rows, DeviceImportResult done, List<InventoryMistake> mistakes, string actor, DateTimeOffset now, AcmeContext context)
    {
        var result = rows.Aggregate(done, (result, row) => Try(row, mistakes, () => Apply(batch, row, result, actor, now, context)) ?? result);
        context.AddMany(batch.Added);
        context.AddMany(batch.Named);
        context.RecordMany(batch.Happened);
        return result;
    }

    /// <param name="store">Null where nothing is to be kept.</param>
    private static DeviceImportResult Apply(Batch batch, InventoryRow row, DeviceImportResult result, string actor, DateTimeOffset now, AcmeContext? store)
    {
        var found = batch.Of(row);
        if (found.Count == 0)
        {
            var (made, happened) = Device.Expect(row.Keys[0], row.Description, row.State ?? DeviceState.Expected, actor, now);
            batch.Happened.Add(happened);
            batch.Added.Add(made);
            batch.Name(made, row.Keys);
            return result with { Added = result.Added + 1 };
        }

        // an identifier moved since the look-through: the row that came first stands
        var device = found[0];
        var names = row.Keys.Where(key => !batch.Has(key)).ToList();

        // what can be refused comes first: a row that is left out has changed nothing
        var events = new[]
        {
            device.Rename([device.Key], names, [], actor, now), StateOf(device, row, actor, now), device.Edit(row.Description, actor, now),
        }.OfType<AuditEvent>().ToList();
        batch.Name(device, names);
        batch.Happened.AddRange(events);
        if (store is not null && names.Count > 0)
        {
            // its names are part of it: who read it before must read it again
            store.Entry(device).Property(row => row.Version).IsModified = true;
        }

        return events.Count > 0 ? result with { Changed = result.Changed + 1 } : result with { Unchanged = result.Unchanged + 1 };
    }

    // an inventory that names a device says that it is ours, which is all that a pending one waits for
    private static AuditEvent? StateOf(Device device, InventoryRow row, string actor, DateTimeOffset now) =>
        (row.State ?? (device.State == DeviceState.Pending ? DeviceState.Active : null)) is { } state ? device.To(state, "inventory", actor, now) : null;

    /// <summary>What the ledger has of some rows, fetched at once, and what it has not yet.</summary>
    private sealed class Batch
    {
        private readonly Dictionary<DeviceKey, DeviceId> _names = [];
        private readonly Dictionary<DeviceId, Device> _devices;

        public Batch(AcmeContext context, IReadOnlyCollection<InventoryRow> rows)
        {
            foreach (var kind in rows.SelectMany(row => row.Keys).GroupBy(key => key.Kind))
            {
                var values = kind.Select(key => key.Value).ToList();
                foreach (var name in context.DeviceIdentifiers.AsNoTracking().Where(name => name.Kind == kind.Key && values.Contains(name.Value)))
                {
                    _names.Add(new DeviceKey(name.Kind, name.Value), name.Device);
                }
            }

            var ids = _names.Values.Distinct().ToList();
            _devices = ids.Count == 0 ? [] : context.Devices.Where(device => ids.Contains(device.Id)).ToDictionary(device => device.Id);
        }

        public List<Device> Added { get; } = [];

        public List<DeviceIdentifier> Named { get; } = [];

        public List<AuditEvent> Happened { get; } = [];

        public void Name(Device device, IEnumerable<DeviceKey> keys) =>
            Named.AddRange(keys.Select(key => new DeviceIdentifier { Kind = key.Kind, Value = key.Value, Device = device.Id }));

        public bool Has(DeviceKey key) => _names.ContainsKey(key);

        public IReadOnlyList<Device> Of(InventoryRow row) =>
            [.. row.Keys.Where(_names.ContainsKey).Select(key => _names[key]).Distinct().Select(id => _devices[id])];
    }
}
