using DeviceAcme.Core;
using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Sync;

/// <summary>What an inventory's list means for the ledger, before anything is written.</summary>
internal sealed class SyncPlan
{
    private const int Chunk = 250;
    private const int MostTold = 20;
    private const int LongestTold = 200;

    private readonly Dictionary<DeviceId, SyncedDevice> _members = [];
    private readonly List<string> _skipped = [];

    /// <summary>What is taken over.</summary>
    public List<Row> Rows { get; } = [];

    /// <summary>Devices that it listed and does not list any more.</summary>
    public List<DeviceId> Gone { get; } = [];

    /// <summary>How many it listed before.</summary>
    public int Before { get; private set; }

    public int SkippedCount { get; private set; }

    /// <summary>The first of those that are left out, and why.</summary>
    public IReadOnlyList<string> Skipped => _skipped;

    /// <summary>Compares a list with the ledger.</summary>
    public static async Task<SyncPlan> Make(AcmeContext context, string source, IReadOnlyList<SourceDevice> devices, CancellationToken cancellation)
    {
        var plan = new SyncPlan();
        foreach (var member in await context.SyncedDevices.Where(row => row.Inventory == source).ToListAsync(cancellation))
        {
            plan._members.Add(member.Device, member);
        }

        plan.Before = plan._members.Values.Count(member => member.GoneSince is null);
        var listed = new HashSet<DeviceId>();
        var keys = new HashSet<DeviceKey>();
        foreach (var some in devices.Select((device, index) => (Device: device, Line: index + 1)).Chunk(Chunk))
        {
            cancellation.ThrowIfCancellationRequested();
            var names = Names(context, some.SelectMany(one => one.Device.Keys));
            var ids = names.Values.Distinct().ToList();
            var known = context.Devices.AsNoTracking().Where(device => ids.Contains(device.Id)).ToDictionary(device => device.Id);
            foreach (var (device, line) in some)
            {
                plan.Add(device, line, names, known, listed, keys);
            }
        }

        plan.Gone.AddRange(plan._members.Values.Where(member => member.GoneSince is null && !listed.Contains(member.Device)).Select(member => member.Device));
        return plan;
    }

    /// <summary>What is imported: devices of which it says something new.</summary>
    public Inventory Inventory()
    {
        var inventory = new Inventory();
        Rows.FindAll(row => !row.IsKnown).ForEach(row => inventory.Add(row.Line, row.Device.Keys, row.Device.Description, row.State?.Name()));
        return inventory;
    }

    /// <summary>Leaves rows out that the ledger does not take.</summary>
    public void LeaveOut(IReadOnlyList<InventoryMistake> mistakes)
    {
        var lines = mistakes.Select(mistake => mistake.Line).ToHashSet();
        foreach (var mistake in mistakes)
        {
            Skip(mistake.ToString());
        }

        Rows.RemoveAll(row => lines.Contains(row.Line));
    }

    /// <summary>Which devices have these names.</summary>
    public static Dictionary<DeviceKey, DeviceId> Names(AcmeContext context, IEnumerable<DeviceKey> keys)
    {
        var found = new Dictionary<DeviceKey, DeviceId>();
        foreach (var kind in keys.Distinct().GroupBy(key => key.Kind))
        {
            var values = kind.Select(key => key.Value).ToList();
            foreach (var name in context.DeviceIdentifiers.AsNoTracking().Where(name => name.Kind == kind.Key && values.Contains(name.Value)))
            {
                found[new DeviceKey(name.Kind, name.Value)] = name.Device;
            }
        }

        return found;
    }

    private void Add(
        SourceDevice device, int line, Dictionary<DeviceKey, DeviceId> names, Dictionary<DeviceId, Device> known, HashSet<DeviceId> listed, HashSet<DeviceKey> keys)
    {
        var ids = device.Keys.Where(names.ContainsKey).Select(key => names[key]).Distinct().ToList();

        // what is left out is listed all the same: nobody may lose a certificate over somebody's typing error
        var again = ids.Any(listed.Contains);
        listed.UnionWith(ids);
        var mistake = device.Keys.Count == 0 ? "has none of the mapped identifiers"
            : ids.Count > 1 ? $"its identifiers belong to {ids.Count} devices of the ledger: {string.Join(", ", ids)}"
            : again || device.Keys.Any(keys.Contains) ? $"{device.Keys[0]} stands in the list twice"
            : device.Keys.Select(key => key.Mistake()).FirstOrDefault(wrong => wrong is not null) ?? device.Description.Mistakes().FirstOrDefault();
        keys.UnionWith(device.Keys);
        if (mistake is not null)
        {
            Skip($"entry {line}{(device.Keys.Count > 0 ? $" ({device.Keys[0]})" : "")}: {mistake}");
            return;
        }

        if (ids is not [var id])
        {
            Rows.Add(new Row(line, device, device.State, IsHold(device.State) ? device.State : null, IsKnown: false, IsNoted: false));
            return;
        }

        var member = _members.GetValueOrDefault(id);
        var (state, held) = Decide(device.State, known[id].State, member);
        Rows.Add(new Row(
            line, device, state, held,
            // that it is listed is all that a pending one waits for
            IsKnown: known[id].State != DeviceState.Pending && (state is null || state == known[id].State) && device.Keys.All(names.ContainsKey) && device.Description.SaysNothingNewOf(known[id].Description),
            IsNoted: member is { GoneSince: null } && member.Held == held));
    }

    /// <summary>What an administrator holds against a device stands, whatever the inventory says; what the inventory itself held, it takes back.</summary>
    /// <returns>What the device is brought to, null leaves it; and the state that the inventory holds it in afterwards.</returns>
    private static (DeviceState? State, DeviceState? Held) Decide(DeviceState? said, DeviceState now, SyncedDevice? member)
    {
        var wanted = said ?? (member is { GoneSince: not null } ? DeviceState.Expected : null);
        var mine = member?.Held is { } held && held == now;
        return wanted is null ? (null, mine ? now : null)
            : IsHold(now) && !mine ? (null, null)
            : IsHold(wanted) ? (wanted, wanted)
            : (mine ? wanted : null, null);
    }

    private void Skip(string why)
    {
        SkippedCount++;
        if (_skipped.Count < MostTold)
        {
            _skipped.Add(why.Length > LongestTold ? why[..LongestTold] + "…" : why);
        }
    }

    private static bool IsHold(DeviceState? state) => state is DeviceState.Quarantined or DeviceState.Blocked or DeviceState.Retired;

    /// <summary>One device that is taken over.</summary>
    /// <param name="State">What it is brought to; null leaves it.</param>
    /// <param name="Held">The state that the inventory holds it in afterwards.</param>
    /// <param name="IsKnown">The ledger has all of this already.</param>
    /// <param name="IsNoted">That the inventory lists it is known already.</param>
    internal sealed record Row(int Line, SourceDevice Device, DeviceState? State, DeviceState? Held, bool IsKnown, bool IsNoted);
}
