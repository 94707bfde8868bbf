using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Profiles;

/// <summary>Vendor roots by folder: <c>profiles/trust/&lt;folder&gt;/*.pem</c> with their terms, and the same layout under further directories.</summary>
internal sealed class TrustFolders
{
    private readonly Dictionary<string, AnchorSet> _folders;
    private readonly IReadOnlyList<string> _directories;

    private TrustFolders(Dictionary<string, AnchorSet> folders, IReadOnlyList<string> directories)
    {
        _folders = folders;
        _directories = directories;
    }

    /// <summary>The names of all folders that exist, ordered.</summary>
    public IEnumerable<string> Names => _folders.Keys.Order(StringComparer.Ordinal);

    /// <summary>Reads all directories; a directory that is missing, or a file that is no CA certificate, is a mistake.</summary>
    public static TrustFolders Load(IReadOnlyList<string> directories, Mistakes mistakes)
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
            folders.ToDictionary(folder => folder.Key, folder => Complete(folder.Value.Sets, folder.Value.Terms), StringComparer.Ordinal), directories);
    }

    private static AnchorSet Complete(List<AnchorSet> sets, List<AnchorTermsFile> terms)
    {
        var set = AnchorSet.Combine(sets);
        return terms.Count == 0 ? set : AnchorTermsFile.Apply(terms, set);
    }

    /// <summary>The anchors of these folders together. Their keys are shared with every other set of this object.</summary>
    public AnchorSet Anchors(IEnumerable<string> folders) =>
        AnchorSet.Combine(folders.Select(folder => _folders.GetValueOrDefault(folder, AnchorSet.Empty)));

    /// <summary>A profile names this folder: it must exist, and is warned about where it is empty.</summary>
    public void CheckNamed(string folder, string file, Mistakes mistakes)
    {
        if (!_folders.TryGetValue(folder, out var anchors))
        {
            mistakes.Add(file, 0, "attestation.anchors", $"the folder '{folder}' is in none of {string.Join(", ", _directories)}; {NearestName.Hint(folder, [.. Names])}");
        }
        else if (anchors.Anchors.Count == 0)
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
}
