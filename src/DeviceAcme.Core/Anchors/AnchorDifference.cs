using System.Globalization;

namespace DeviceAcme.Core.Anchors;

internal enum AnchorChangeKind
{
    Added,
    Removed,
    Changed,
    Distrusted,
    DistrustLifted,
    FolderTerms,
}

/// <summary>One thing that two catalogs say differently.</summary>
/// <param name="Folder">Empty where it concerns all folders.</param>
/// <param name="Fingerprint">Empty where it concerns a folder's terms.</param>
/// <param name="Detail">What it was and what it is, for people.</param>
internal sealed record AnchorChange(AnchorChangeKind Kind, string Folder, string Fingerprint, string Detail);

/// <summary>What changes from one catalog to another.</summary>
internal static class AnchorDifference
{
    /// <summary>All changes, folder by folder; none where both judge and say the same.</summary>
    public static IReadOnlyList<AnchorChange> Between(AnchorCatalog before, AnchorCatalog after)
    {
        var changes = new List<AnchorChange>();
        foreach (var folder in before.FolderNames.Concat(after.FolderNames).Distinct().Order(StringComparer.Ordinal))
        {
            var (was, now) = (before.Folders.GetValueOrDefault(folder), after.Folders.GetValueOrDefault(folder));
            if (was is not null && now is not null && !Equals(was, now))
            {
                changes.Add(new AnchorChange(AnchorChangeKind.FolderTerms, folder, "", $"was: {was}; is: {now}"));
            }
        }

        var old = before.Entries.ToDictionary(entry => (entry.Folder, entry.Fingerprint));
        foreach (var entry in after.Entries)
        {
            if (!old.Remove((entry.Folder, entry.Fingerprint), out var was))
            {
                changes.Add(new AnchorChange(AnchorChangeKind.Added, entry.Folder, entry.Fingerprint, $"{entry.Provenance}; {after.TermsOf(entry)}"));
            }
            else if (!Equals(was.Terms, entry.Terms))
            {
                changes.Add(new AnchorChange(AnchorChangeKind.Changed, entry.Folder, entry.Fingerprint, $"was: {was.Terms}; is: {entry.Terms}"));
            }
            else if (was != entry)
            {
                changes.Add(new AnchorChange(AnchorChangeKind.Changed, entry.Folder, entry.Fingerprint, $"came from {was.Provenance} ({AnchorCatalogJson.Name(was.Origin)}); now from {entry.Provenance} ({AnchorCatalogJson.Name(entry.Origin)})"));
            }
        }

        changes.AddRange(old.Values.Select(entry => new AnchorChange(AnchorChangeKind.Removed, entry.Folder, entry.Fingerprint, entry.Provenance)));
        changes.AddRange(after.Distrusted.Where(item => before.DistrustOf(item.Fingerprint) != item.Distrust)
            .Select(item => new AnchorChange(AnchorChangeKind.Distrusted, "", item.Fingerprint, item.Distrust.ToString())));
        changes.AddRange(before.Distrusted.Where(item => after.DistrustOf(item.Fingerprint) is null)
            .Select(item => new AnchorChange(AnchorChangeKind.DistrustLifted, "", item.Fingerprint, $"was {item.Distrust}")));
        return changes;
    }

    /// <summary>For example <c>2 added, 1 removed</c>.</summary>
    public static string Summary(IReadOnlyList<AnchorChange> changes)
    {
        (AnchorChangeKind Kind, string Words)[] words =
        [
            (AnchorChangeKind.Added, "added"), (AnchorChangeKind.Removed, "removed"), (AnchorChangeKind.Changed, "changed"),
            (AnchorChangeKind.Distrusted, "distrusted"), (AnchorChangeKind.DistrustLifted, "believed again"), (AnchorChangeKind.FolderTerms, "folders with other terms"),
        ];
        var parts = words.Select(word => (word.Words, Count: changes.Count(change => change.Kind == word.Kind))).Where(part => part.Count > 0)
            .Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Count} {part.Words}"));
        return changes.Count == 0 ? "no change" : string.Join(", ", parts);
    }
}
