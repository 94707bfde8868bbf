using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Core.Anchors;

/// <summary>How a certificate came into the catalog.</summary>
internal enum AnchorOrigin
{
    /// <summary>A file of a trust folder; it goes when the file goes.</summary>
    Files,

    /// <summary>Somebody imported it; it stays.</summary>
    Import,

    /// <summary>An intermediate that was fetched from a host that an anchor names; it stays.</summary>
    Fetched,
}

/// <summary>One certificate in one folder.</summary>
/// <param name="Fingerprint">Lower-case hex SHA-256 of the DER certificate.</param>
/// <param name="Provenance">Where it came from.</param>
/// <param name="Terms">What is said of it alone; the folder's terms count for the rest.</param>
internal sealed record AnchorEntry(string Folder, string Fingerprint, string Provenance, AnchorOrigin Origin, AnchorTerms Terms);

/// <summary>A certificate that is believed no more, in whatever folder it stands and wherever a device presents it.</summary>
internal sealed record DistrustedCertificate(string Fingerprint, Distrust Distrust);

/// <summary>What one version of the anchor set says: which certificates stand in which folder, on which terms. Certificates are named by fingerprint.</summary>
internal sealed record AnchorCatalog
{
    public static AnchorCatalog Empty { get; } = new();

    /// <summary>Terms for every certificate of a folder, by its name.</summary>
    public IReadOnlyDictionary<string, AnchorTerms> Folders { get; init; } = new Dictionary<string, AnchorTerms>();

    /// <summary>Ordered by folder and fingerprint, each pair once.</summary>
    public IReadOnlyList<AnchorEntry> Entries { get; init; } = [];

    /// <summary>Ordered by fingerprint.</summary>
    public IReadOnlyList<DistrustedCertificate> Distrusted { get; init; } = [];

    /// <summary>Every folder that has terms or certificates, ordered.</summary>
    public IEnumerable<string> FolderNames => Folders.Keys.Concat(Entries.Select(entry => entry.Folder)).Distinct().Order(StringComparer.Ordinal);

    /// <summary>Every certificate that is named here.</summary>
    public IEnumerable<string> Fingerprints => Entries.Select(entry => entry.Fingerprint).Concat(Distrusted.Select(item => item.Fingerprint)).Distinct();

    public AnchorEntry? Find(string folder, string fingerprint) => Entries.FirstOrDefault(entry => entry.Folder == folder && entry.Fingerprint == fingerprint);

    public Distrust? DistrustOf(string fingerprint) => Distrusted.FirstOrDefault(item => item.Fingerprint == fingerprint)?.Distrust;

    /// <summary>All that counts for a certificate of a folder.</summary>
    public AnchorTerms TermsOf(AnchorEntry entry)
    {
        var terms = entry.Terms.Over(Folders.GetValueOrDefault(entry.Folder, AnchorTerms.Unlimited));
        return DistrustOf(entry.Fingerprint) is { } distrust ? terms with { Distrusted = distrust } : terms;
    }

    /// <summary>
    /// The catalog with what the trust folders say now. Files that came or went are followed; what was imported or fetched stays; what was
    /// distrusted stays so, whatever the files say. A file beside an imported certificate decides its terms and not whether it stays.
    /// </summary>
    public AnchorCatalog WithFiles(TrustFolders trust)
    {
        var kept = Entries.Where(entry => entry.Origin != AnchorOrigin.Files).ToDictionary(entry => (entry.Folder, entry.Fingerprint));
        foreach (var folder in trust.Names)
        {
            var set = trust.Anchors([folder]);
            foreach (var anchor in set.Anchors.Concat(set.Intermediates))
            {
                var origin = kept.TryGetValue((folder, anchor.Fingerprint), out var before) ? before.Origin : AnchorOrigin.Files;
                kept[(folder, anchor.Fingerprint)] = new AnchorEntry(folder, anchor.Fingerprint, Provenance(anchor), origin, anchor.Terms);
            }
        }

        return With(kept.Values) with { Folders = trust.Names.ToDictionary(name => name, trust.TermsOf, StringComparer.Ordinal) };
    }

    // where an installation stands is no property of its anchors
    private static string Provenance(Anchor anchor) => Path.IsPathRooted(anchor.Provenance) ? Path.GetFileName(anchor.Provenance) : anchor.Provenance;

    /// <summary>The catalog with other entries, in their order.</summary>
    public AnchorCatalog With(IEnumerable<AnchorEntry> entries) => this with
    {
        Entries = [.. entries.OrderBy(entry => entry.Folder, StringComparer.Ordinal).ThenBy(entry => entry.Fingerprint, StringComparer.Ordinal)],
    };

    /// <summary>The catalog in which this certificate is believed no more; what was said of it before is replaced.</summary>
    public AnchorCatalog Distrusting(string fingerprint, Distrust distrust) => this with
    {
        Distrusted = [.. Trusting(fingerprint).Distrusted.Append(new DistrustedCertificate(fingerprint, distrust)).OrderBy(item => item.Fingerprint, StringComparer.Ordinal)],
    };

    /// <summary>The catalog that says nothing against this certificate; its file's terms may still do.</summary>
    public AnchorCatalog Trusting(string fingerprint) => this with { Distrusted = [.. Distrusted.Where(item => item.Fingerprint != fingerprint)] };

    /// <summary>The anchors of one folder, from certificates that were read already.</summary>
    public AnchorSet SetOf(string folder, AnchorSet certificates)
    {
        var entries = Entries.Where(entry => entry.Folder == folder).ToDictionary(entry => entry.Fingerprint, StringComparer.Ordinal);
        return certificates.Only(anchor => entries.ContainsKey(anchor.Fingerprint))
            .WithTerms(anchor => (TermsOf(entries[anchor.Fingerprint]), entries[anchor.Fingerprint].Provenance), AnchorTerms.Unlimited);
    }

    /// <summary>What is distrusted everywhere: part of every set, so that it is known again where a device presents it.</summary>
    public AnchorSet DistrustedSet(AnchorSet certificates) => certificates.Only(anchor => DistrustOf(anchor.Fingerprint) is not null)
        .WithTerms(anchor => (new AnchorTerms { Distrusted = DistrustOf(anchor.Fingerprint) }, null), AnchorTerms.Unlimited);
}
