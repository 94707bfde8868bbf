using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Ledger;

/// <summary>An inventory as a table: one line for each device, the first line names the columns. An empty cell says nothing.</summary>
internal static class InventoryCsv
{
    /// <summary>What stands before an attribute's key in the name of its column.</summary>
    public const string AttributePrefix = "attribute.";

    private const char Separator = ';';
    private const int MostColumns = 500;

    /// <summary>The columns that are not identifiers or attributes.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["label", "owner", "groups", "state"];

    public static void Read(ReadOnlyMemory<byte> text, Inventory inventory)
    {
        var bad = false;
        using var reader = new StringReader(Encoding.UTF8.GetString(text.Span));
        using var parser = new CsvParser(reader, new CsvConfiguration(CultureInfo.InvariantCulture) { BadDataFound = _ => bad = true, IgnoreBlankLines = true, DetectDelimiter = false });
        string[]? header = null;
        while (parser.Read())
        {
            var (line, cells) = (parser.RawRow, parser.Record!);
            if (bad)
            {
                inventory.Mistake(line, "expected quotes only around a whole cell, doubled inside of it (RFC 4180)");
                bad = false;
            }
            else if (header is null)
            {
                header = Header(line, cells, inventory);
                if (header is null)
                {
                    return;
                }
            }
            else if (cells.Length != header.Length)
            {
                inventory.Mistake(line, $"expected {header.Length} cells, as the first line has, found {cells.Length}");
            }
            else
            {
                Row(line, header, cells, inventory);
            }
        }

        if (header is null)
        {
            inventory.Mistake(1, "expected a first line that names the columns, for example serial,owner,groups; the file is empty");
        }
    }

    /// <summary>Writes devices as such a table.</summary>
    /// <param name="kinds">The kinds of identifiers that have a column.</param>
    /// <param name="attributes">The keys of attributes that have one.</param>
    public static void Write(TextWriter target, IReadOnlyList<string> kinds, IReadOnlyList<string> attributes, IEnumerable<InventoryRow> rows)
    {
        using var csv = new CsvWriter(target, new CsvConfiguration(CultureInfo.InvariantCulture) { NewLine = "\n" }, leaveOpen: true);
        Line([.. kinds, .. Columns, .. attributes.Select(key => AttributePrefix + key)]);
        foreach (var row in rows)
        {
            Line(
            [
                .. kinds.Select(kind => string.Join(Separator, row.Keys.Where(key => key.Kind == kind).Select(Cell))),
                row.Description.Label ?? "", row.Description.Owner ?? "", string.Join(Separator, row.Description.Groups!), row.State!.Value.Name(),
                .. attributes.Select(key => row.Description.Attributes!.GetValueOrDefault(key) ?? ""),
            ]);
        }

        void Line(IEnumerable<string> cells)
        {
            foreach (var cell in cells)
            {
                csv.WriteField(cell);
            }

            csv.NextRecord();
        }
    }

    private static string Cell(DeviceKey key) => !key.Value.Contains(Separator, StringComparison.Ordinal) ? key.Value
        : throw Problems.Malformed("inventory-not-csv", $"format: {key} has a semicolon, which separates identifiers in CSV; export JSON", StatusCodes.Status409Conflict);

    private static string[]? Header(int line, string[] cells, Inventory inventory)
    {
        var names = cells.Select(cell => cell.Trim()).ToArray();
        if (names.Length > MostColumns)
        {
            inventory.Mistake(line, $"expected at most {MostColumns} columns, found {names.Length}");
            return null;
        }

        string[] known = [.. DeviceKey.Kinds, .. Columns];
        foreach (var name in names.Where(name => !known.Contains(name) && !(name.StartsWith(AttributePrefix, StringComparison.Ordinal) && DeviceDescription.IsName(name[AttributePrefix.Length..]))))
        {
            inventory.Mistake(line, $"'{name}' is not a known column; {NearestName.Hint(name, known)}, or attribute.KEY for an attribute");
        }

        foreach (var twice in names.GroupBy(name => name).Where(group => group.Count() > 1))
        {
            inventory.Mistake(line, $"the column '{twice.Key}' stands here twice");
        }

        return inventory.Mistakes.Count > 0 ? null : names;
    }

    private static void Row(int line, string[] header, string[] cells, Inventory inventory)
    {
        var keys = new List<DeviceKey>();
        var attributes = new Dictionary<string, string>();
        var description = new DeviceDescription();
        string? state = null;
        for (var column = 0; column < header.Length; column++)
        {
            var (name, cell) = (header[column], cells[column]);
            if (cell.Length == 0)
            {
                continue;
            }

            switch (name)
            {
                case "label":
                    description = description with { Label = cell };
                    break;
                case "owner":
                    description = description with { Owner = cell };
                    break;
                case "groups":
                    description = description with { Groups = cell.Split(Separator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) };
                    break;
                case "state":
                    state = cell;
                    break;
                case var _ when name.StartsWith(AttributePrefix, StringComparison.Ordinal):
                    attributes[name[AttributePrefix.Length..]] = cell;
                    break;
                default:
                    keys.AddRange(cell.Split(Separator, StringSplitOptions.RemoveEmptyEntries).Select(value => new DeviceKey(name, value)));
                    break;
            }
        }

        inventory.Add(line, keys, description with { Attributes = attributes.Count > 0 ? attributes : null }, state);
    }
}
