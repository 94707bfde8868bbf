using System.Globalization;
using System.Text;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>How anchors are printed for people.</summary>
internal static class AnchorText
{
    private const int FingerprintDigits = 16;

    public static string Of(AnchorListing listing)
    {
        var text = new StringBuilder(Head(listing.Version));
        foreach (var folder in listing.Anchors.GroupBy(anchor => anchor.Folder))
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"{folder.Key}  ({Plural(Count(folder, "root"), "root")}, {Plural(Count(folder, "intermediate"), "intermediate")})");
            text.Append(Rows(folder.OrderByDescending(anchor => anchor.Kind).ThenBy(anchor => anchor.Subject, StringComparer.Ordinal).Select(Cells)));
        }

        if (listing.Distrusted.Count > 0)
        {
            text.AppendLine().AppendLine("distrusted in every folder");
            text.Append(Rows(listing.Distrusted.Select(Cells)));
        }

        return text.ToString();
    }

    public static string Of(AnchorVersionList list) => Rows(
    [
        ["VERSION", "AT", "BY", "WHAT", "HASH"],
        .. list.Versions.Select(version => new[]
        {
            version.Number.ToString(CultureInfo.InvariantCulture) + (version.InForce ? " in force" : ""), Time(version.At), version.Actor, version.Action, version.Hash[..FingerprintDigits],
        }),
    ]);

    public static string Of(AnchorChanges changes)
    {
        var text = new StringBuilder($"version {changes.From.Number} to {changes.To.Number}: {(changes.Changes.Count == 0 ? "no change" : Plural(changes.Changes.Count, "change"))}").AppendLine();
        return text.Append(Rows(changes.Changes.Select(change => new[] { change.Change, change.Folder ?? "every folder", Short(change.Fingerprint), Name(change.Subject), change.Detail }))).ToString();
    }

    public static string Of(AnchorImportReport report, IReadOnlyList<ImportedAnchorItem> items, bool dryRun)
    {
        var counts = items.GroupBy(item => item.Outcome).OrderBy(group => Order(group.Key))
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {group.Key}{Kinds(group)}"));
        var text = new StringBuilder(dryRun ? "dry run: " : report.NewVersion ? $"version {report.Version.Number}: " : $"version {report.Version.Number} stays: ");
        text.AppendLine(string.Join(", ", counts));
        return text.Append(Rows(items.OrderBy(item => Order(item.Outcome)).ThenByDescending(item => item.Kind).ThenBy(item => item.Subject ?? item.File, StringComparer.Ordinal)
            .Select(item => new[] { item.Outcome, item.Kind ?? "", Short(item.Fingerprint), Name(item.Subject), item.File, item.Note ?? "" }))).ToString();
    }

    public static string Of(AnchorSetEntry set) => $"{Head(set.Version)}folders {string.Join(", ", set.Folders)}{Environment.NewLine}";

    private static string Head(AnchorVersionEntry version) =>
        $"version {version.Number}{(version.InForce ? ", in force" : "")}  {Time(version.At)} by {version.Actor}: {version.Action}{Environment.NewLine}";

    private static string[] Cells(AnchorItem anchor) =>
        ["  " + anchor.Kind, Short(anchor.Fingerprint), Name(anchor.Subject), $"until {anchor.NotAfter.UtcDateTime:yyyy-MM-dd}", anchor.Origin, anchor.Summary, anchor.Provenance];

    private static int Count(IEnumerable<AnchorItem> anchors, string kind) => anchors.Count(anchor => anchor.Kind == kind);

    private static string Kinds(IEnumerable<ImportedAnchorItem> items) =>
        items.Where(item => item.Kind is not null).GroupBy(item => item.Kind!).OrderByDescending(group => group.Key).Select(group => Plural(group.Count(), group.Key)).ToList() is { Count: > 0 } kinds
            ? $" ({string.Join(", ", kinds)})"
            : "";

    private static int Order(string outcome) => Array.IndexOf(["taken", "changed", "already-there", "duplicate", "left-out"], outcome);

    private static string Plural(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    // the common name says enough in a table; --json has all of it
    private static string Name(string? subject) => subject?.Split(", ").FirstOrDefault(part => part.StartsWith("CN=", StringComparison.Ordinal)) ?? subject ?? "";

    private static string Short(string? fingerprint) => fingerprint is null ? "" : fingerprint[..FingerprintDigits];

    private static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    private static string Rows(IEnumerable<string[]> all)
    {
        var rows = all.ToList();
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            var cells = row.Select((cell, column) => cell.PadRight(rows.Max(other => other[column].Length)));
            text.AppendLine(string.Join("  ", cells.Where((_, column) => rows.Exists(other => other[column].Length > 0))).TrimEnd());
        }

        return text.ToString();
    }
}
