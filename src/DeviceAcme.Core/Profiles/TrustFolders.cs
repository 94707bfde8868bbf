using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Profiles;

/// <summary>Vendor roots by folder: <c>profiles/trust/&lt;folder&gt;/*.pem</c> with their terms, and the same layout under further directories.</summary>
internal sealed class TrustFolders
{
    private readonly Dictionary<string, Folder> _folders;
    private readonly IReadOnlyList<string> _directories;
    private readonly IReadOnlyDictionary<string, int> _stored;

    private TrustFolders(Dictionary<string, Folder> folders, IReadOnlyList<string> directories, IReadOnlyDictionary<string, int> stored)
    {
        _folders = folders;
        _directories = directories;
        _stored = stored;
    }

    /// <summary>How the folders of this installation's attestation CAs are called: this, and the name of the profile.</summary>
    private const string AttestationCaPrefix = "attestation-ca-";

    /// <summary>The folder of the attestation CA that a profile has.</summary>
    public static string OfAttestationCa(string profile) => AttestationCaPrefix + profile;

    /// <summary>The profile whose attestation CA has this folder; null for every other folder.</summary>
    public static string? ProfileOfAttestationCa(string folder) => folder.StartsWith(AttestationCaPrefix, StringComparison.Ordinal) ? folder[AttestationCaPrefix.Length..] : null;

    /// <summary>The folders with one more, which is made from no file of the operator's.</summary>
    public TrustFolders With(string name, AnchorSet anchors, AnchorTerms terms) =>
        new(new Dictionary<string, Folder>(_folders, StringComparer.Ordinal) { [name] = new Folder(anchors.WithTerms(_ => null, terms), terms) }, _directories, _stored);

    /// <summary>The names of all folders that exist, ordered.</summary>
    public IEnumerable<string> Names => _folders.Keys.Order(StringComparer.Ordinal);

    /// <summary>Reads all directories; a directory that is missing, or a file that is no CA certificate, is a mistake.</summary>
    /// <param name="stored">Folders that the store has certificates for, with how many of them are roots.</param>
    public static TrustFolders Load(IReadOnlyList<string> directories, Mistakes mistakes, IReadOnlyDictionary<string, int>? stored = null)
    {
        var folders = new SortedDictionary<string, (List<AnchorSet> Sets, List<AnchorTermsFile> Terms)>(StringComparer.Ordinal);
        foreach (var directory in directories)
        {
            if (!Directory.Exists(directory))
            {
                mistakes.Add(directory, 0, "", "is not a folder; vendor roots were expected there as <format>/*.pem");
                continue;
            }

            foreach (var folder in Directory.EnumerateDirectories(directory).Order(StringComparer.Ordinal))
            {
                var name = Path.GetFileName(folder);
                if (!folders.TryGetValue(name, out var found))
                {
                    found = folders[name] = ([], []);
                }

                found.Sets.Add(Read(folder, mistakes));
                var terms = Path.Combine(folder, AnchorTermsFile.FileName);
                if (File.Exists(terms))
                {
                    found.Terms.Add(AnchorTermsFile.Parse(terms, ReadText(terms, mistakes), mistakes));
                }
            }
        }

        return new TrustFolders(
            folders.ToDictionary(folder => folder.Key, folder => Complete(folder.Value.Sets, folder.Value.Terms), StringComparer.Ordinal),
            directories,
            stored ?? new Dictionary<string, int>());
    }

    private static Folder Complete(List<AnchorSet> sets, List<AnchorTermsFile> terms)
    {
        var set = AnchorSet.Combine(sets);
        return terms.Count == 0 ? new Folder(set, AnchorTerms.Unlimited) : new Folder(AnchorTermsFile.Apply(terms, set), AnchorTermsFile.ForAll(terms));
    }

    /// <summary>The anchors of these folders together. Their keys are shared with every other set of this object.</summary>
    public AnchorSet Anchors(IEnumerable<string> folders) =>
        AnchorSet.Combine(folders.Select(folder => _folders.TryGetValue(folder, out var found) ? found.Set : AnchorSet.Empty));

    /// <summary>What counts for every certificate of the folder.</summary>
    public AnchorTerms TermsOf(string folder) => _folders.TryGetValue(folder, out var found) ? found.Terms : AnchorTerms.Unlimited;

    /// <summary>Profiles that terms name, each with the folder that does.</summary>
    public IEnumerable<(string Folder, string Profile)> ProfilesNamed() => _folders
        .SelectMany(folder => folder.Value.Set.Anchors.Concat(folder.Value.Set.Intermediates).SelectMany(anchor => anchor.Terms.Profiles ?? []).Select(profile => (folder.Key, profile)))
        .Distinct();

    /// <summary>A profile names this folder: it must exist, and is warned about where it is empty and has to have something.</summary>
    public void CheckNamed(string folder, string file, Mistakes mistakes, bool mayBeEmpty = false)
    {
        if (!_folders.TryGetValue(folder, out var found) && !_stored.ContainsKey(folder))
        {
            mistakes.Add(file, 0, "attestation.anchors", $"the folder '{folder}' is in none of {string.Join(", ", _directories)}; {NearestName.Hint(folder, [.. Names.Union(_stored.Keys)])}");
        }
        else if (!mayBeEmpty && (found?.Set.Anchors.Count ?? 0) + _stored.GetValueOrDefault(folder) == 0)
        {
            mistakes.Warn(file, 0, "attestation.anchors", $"the folder '{folder}' has no root: every device of it will be refused");
        }
    }

    private static AnchorSet Read(string folder, Mistakes mistakes)
    {
        var files = new List<(string, ReadOnlyMemory<byte>)>();
        foreach (var file in Directory.EnumerateFiles(folder, "*.pem").Order(StringComparer.Ordinal))
        {
            if (new FileInfo(file).Length > AnchorSet.MaxFileSize)
            {
                mistakes.Add(file, 0, "", $"is larger than {AnchorSet.MaxFileSize} octets");
                continue;
            }

            files.Add((file, File.ReadAllBytes(file)));
        }

        var anchors = AnchorSet.Parse(files);
        foreach (var problem in anchors.Problems)
        {
            mistakes.Add(problem.Provenance, 0, "", problem.Problem);
        }

        return anchors;
    }

    private static string ReadText(string file, Mistakes mistakes)
    {
        if (new FileInfo(file).Length <= ProfileFile.MaximumLength)
        {
            return File.ReadAllText(file);
        }

        mistakes.Add(file, 0, "", $"is larger than {ProfileFile.MaximumLength} octets");
        return "{}";
    }

    private sealed record Folder(AnchorSet Set, AnchorTerms Terms);
}
