using DeviceAcme.Core.Devices;

namespace DeviceAcme.Server.Ledger;

/// <summary>One device of an inventory, and where in the file it stands.</summary>
internal sealed record InventoryRow(int Line, IReadOnlyList<DeviceKey> Keys, DeviceDescription Description, DeviceState? State);

/// <summary>Something wrong with an inventory.</summary>
internal sealed record InventoryMistake(int Line, string Text)
{
    public override string ToString() => $"line {Line}: {Text}";
}

/// <summary>An inventory as it was read: its devices, and everything that is wrong with it.</summary>
internal sealed class Inventory
{
    /// <summary>More than a hundred thousand devices with all that can be said of them.</summary>
    public const int MaximumBytes = 64 * 1024 * 1024;

    private readonly List<InventoryRow> _rows = [];
    private readonly List<InventoryMistake> _mistakes = [];
    private readonly Dictionary<DeviceKey, int> _seen = [];

    public IReadOnlyList<InventoryRow> Rows => _rows;

    public IReadOnlyList<InventoryMistake> Mistakes => _mistakes;

    /// <summary>Reads CSV or JSON, whichever it is.</summary>
    public static Inventory Read(ReadOnlyMemory<byte> content)
    {
        var inventory = new Inventory();
        var text = content.Span.StartsWith("\uFEFF"u8) ? content[3..] : content;
        if (text.Length > MaximumBytes)
        {
            inventory.Mistake(0, $"expected at most {MaximumBytes} octets, found {text.Length}");
        }
        else if (text.Span.TrimStart(" \t\r\n"u8) is [(byte)'[' or (byte)'{', ..])
        {
            InventoryJson.Read(text, inventory);
        }
        else
        {
            InventoryCsv.Read(text, inventory);
        }

        return inventory;
    }

    public void Mistake(int line, string text) => _mistakes.Add(new InventoryMistake(line, text));

    /// <summary>Takes a row in, and notes what is wrong with it.</summary>
    public void Add(int line, IReadOnlyList<DeviceKey> keys, DeviceDescription description, string? state)
    {
        if (keys.Count == 0)
        {
            Mistake(line, $"expected at least one identifier: {string.Join(", ", DeviceKey.Kinds)}");
        }

        foreach (var key in keys)
        {
            if (key.Mistake() is { } mistake)
            {
                Mistake(line, mistake);
            }
            else if (!_seen.TryAdd(key, line))
            {
                Mistake(line, $"{key.Kind}: '{key.Value}' stands in line {_seen[key]} too");
            }
        }

        foreach (var mistake in description.Mistakes())
        {
            Mistake(line, mistake);
        }

        DeviceState? wanted = null;
        if (state is not null)
        {
            if (DeviceStates.All.TryGetValue(state, out var known))
            {
                wanted = known;
            }
            else
            {
                Mistake(line, $"state: expected one of {string.Join(", ", DeviceStates.All.Keys)}; found '{state}'");
            }
        }

        _rows.Add(new InventoryRow(line, keys, description, wanted));
    }
}
