namespace DeviceAcme.Cli;

/// <summary>Rows for people, in columns as wide as they need to be.</summary>
internal static class TextTable
{
    /// <summary>Each row as a line; what a client or a device wrote cannot move the cursor.</summary>
    /// <param name="rows">The headings first; all of the same length.</param>
    public static IEnumerable<string> Lines(IReadOnlyList<IReadOnlyList<string>> rows)
    {
        var shown = rows.Select(row => row.Select(ExplainText.Visible).ToArray()).ToList();
        var widths = Enumerable.Range(0, shown[0].Length).Select(column => shown.Max(row => row[column].Length)).ToArray();
        return shown.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    /// <summary>All lines, each ended.</summary>
    public static string Of(IReadOnlyList<IReadOnlyList<string>> rows) => string.Concat(Lines(rows).Select(line => line + Environment.NewLine));
}
