using System.Globalization;
using System.Text;

namespace DeviceAcme.Bench.Reports;

/// <summary>Text in columns: the first one to the left, numbers to the right.</summary>
internal sealed class Table(string title, params string[] columns)
{
    private readonly List<string[]> _rows = [columns];

    /// <summary>A row; numbers are shown with as many digits as tell something.</summary>
    public void Add(params object[] cells) => _rows.Add([.. cells.Select(Cell)]);

    public override string ToString()
    {
        var widths = Enumerable.Range(0, columns.Length).Select(column => _rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder().AppendLine(title);
        foreach (var row in _rows)
        {
            var line = new StringBuilder("  ").Append(row[0].PadRight(widths[0]));
            for (var column = 1; column < columns.Length; column++)
            {
                line.Append("  ").Append(row[column].PadLeft(widths[column]));
            }

            text.AppendLine(line.ToString().TrimEnd());
        }

        return text.AppendLine().ToString();
    }

    private static string Cell(object value) => value switch
    {
        double number => number.ToString(Math.Abs(number) switch { >= 1000 => "0", >= 100 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
