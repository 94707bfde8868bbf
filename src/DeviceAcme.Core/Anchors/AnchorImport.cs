using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Core.Anchors;

internal enum ImportOutcome
{
    /// <summary>It is in the folder now.</summary>
    Taken,

    /// <summary>It was there and has other terms now.</summary>
    Changed,

    /// <summary>It was there before.</summary>
    AlreadyThere,

    /// <summary>An earlier file of the same import has it.</summary>
    Duplicate,

    /// <summary>It was left out; the note says why.</summary>
    LeftOut,
}

/// <summary>What became of one certificate, or of a file that is none.</summary>
/// <param name="File">As the caller named it.</param>
/// <param name="Anchor">Null where no certificate could be read.</param>
/// <param name="Note">What is worth knowing; why, where it was left out.</param>
internal sealed record ImportedAnchor(string File, Anchor? Anchor, ImportOutcome Outcome, string? Note);

/// <summary>Takes vendors' certificates into a folder of the catalog: duplicates and expired ones are tolerated and named.</summary>
internal sealed class AnchorImport
{
    /// <summary>The name under which terms that came with an import are spoken of.</summary>
    private const string TermsFile = AnchorTermsFile.FileName;

    private readonly List<ImportedAnchor> _left = [];
    private readonly List<(string File, Anchor Anchor)> _read = [];

    private AnchorImport(string folder, string source, AnchorSet certificates)
    {
        Folder = folder;
        Source = source;
        Certificates = certificates;
    }

    public string Folder { get; }

    /// <summary>Where all of it comes from, for people.</summary>
    public string Source { get; }

    /// <summary>All certificates that could be read, with the terms that came with them.</summary>
    public AnchorSet Certificates { get; private set; }

    /// <summary>Reads the files and the terms that came with them.</summary>
    /// <param name="terms">Text of a <c>terms.yaml</c>; null where the folder's own terms count.</param>
    public static AnchorImport Read(string folder, string source, IEnumerable<(string File, ReadOnlyMemory<byte> Bytes)> files, string? terms, Mistakes mistakes)
    {
        var import = new AnchorImport(folder, source, AnchorSet.Empty);
        var sets = new List<AnchorSet>();
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (file, bytes) in files)
        {
            var set = AnchorSet.Parse([(file, bytes)]);
            sets.Add(set);
            import._left.AddRange(set.Problems.Select(problem => new ImportedAnchor(file, null, ImportOutcome.LeftOut, problem.Problem)));
            foreach (var anchor in set.Anchors.Concat(set.Intermediates))
            {
                if (seen.TryAdd(anchor.Fingerprint, file))
                {
                    import._read.Add((file, anchor));
                }
                else
                {
                    import._left.Add(new ImportedAnchor(file, anchor, ImportOutcome.Duplicate, $"the same certificate as in {seen[anchor.Fingerprint]}"));
                }
            }
        }

        import.Certificates = AnchorSet.Combine(sets);
        if (terms is not null)
        {
            import.Certificates = AnchorTermsFile.Apply([AnchorTermsFile.Parse(TermsFile, terms, mistakes)], import.Certificates);
        }

        return import;
    }

    /// <summary>The catalog with these certificates, and what became of each.</summary>
    public (AnchorCatalog Catalog, IReadOnlyList<ImportedAnchor> Items) Into(AnchorCatalog before, DateTimeOffset now)
    {
        var items = new List<ImportedAnchor>();
        var entries = before.Entries.ToDictionary(entry => (entry.Folder, entry.Fingerprint));
        var withTerms = Certificates.Anchors.Concat(Certificates.Intermediates).ToDictionary(anchor => anchor.Fingerprint, StringComparer.Ordinal);
        foreach (var (file, read) in _read)
        {
            var anchor = withTerms[read.Fingerprint];
            var known = before.Find(Folder, anchor.Fingerprint);
            if (before.DistrustOf(anchor.Fingerprint) is { } distrust)
            {
                // what was thrown out does not come back by a bundle that still has it
                items.Add(new ImportedAnchor(file, anchor, known is null ? ImportOutcome.LeftOut : ImportOutcome.AlreadyThere, $"is {distrust}; lift that first to have it back"));
            }
            else if (known is null)
            {
                entries[(Folder, anchor.Fingerprint)] = new AnchorEntry(Folder, anchor.Fingerprint, Provenance(file, read, anchor), AnchorOrigin.Import, anchor.Terms);
                items.Add(new ImportedAnchor(file, anchor, ImportOutcome.Taken, Note(anchor, now)));
            }
            else if (anchor.Terms.IsUnlimited || Equals(anchor.Terms, known.Terms))
            {
                items.Add(new ImportedAnchor(file, anchor, ImportOutcome.AlreadyThere, null));
            }
            else if (known.Origin == AnchorOrigin.Files)
            {
                items.Add(new ImportedAnchor(file, anchor, ImportOutcome.LeftOut, $"is a file of the trust folder '{Folder}': its terms stand in the {AnchorTermsFile.FileName} there"));
            }
            else
            {
                entries[(Folder, anchor.Fingerprint)] = known with { Terms = anchor.Terms };
                items.Add(new ImportedAnchor(file, anchor, ImportOutcome.Changed, $"was: {known.Terms}; is: {anchor.Terms}"));
            }
        }

        return (before.With(entries.Values), [.. items, .. _left]);
    }

    // what terms.yaml says of its origin, else the import's and the file's name
    private string Provenance(string file, Anchor read, Anchor anchor) => anchor.Provenance != read.Provenance ? anchor.Provenance : $"{Source}: {file}";

    private static string? Note(Anchor anchor, DateTimeOffset now) => anchor.NotAfter >= now
        ? null
        : anchor.IsRoot
            ? $"ended at {new FactValue.Instant(anchor.NotAfter)}; a root is its key, so it is an anchor all the same"
            : $"ended at {new FactValue.Instant(anchor.NotAfter)}; what leads through it is refused unless its anchor accepts expired certificates";
}
