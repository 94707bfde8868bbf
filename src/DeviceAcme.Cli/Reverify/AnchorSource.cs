using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Cli.Verify;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Reverify;

/// <summary>
/// The anchors of a profile: from directories of the server's layout (a folder for each name in <c>attestation.anchors</c>), from folders of
/// any other layout, whose anchors are then good for every profile, or from a server.
/// </summary>
internal sealed class AnchorSource
{
    private readonly TrustFolders? _trust;
    private readonly AnchorSet _all;
    private readonly Dictionary<string, AnchorSet> _sets = new(StringComparer.Ordinal);

    private AnchorSource(TrustFolders? trust, AnchorSet all)
    {
        _trust = trust;
        _all = all;
    }

    /// <summary>Tells two sources apart that judge differently.</summary>
    public string Hash => _trust is null ? _all.Hash : Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(
        string.Join('\n', _trust.Names.Select(name => $"{name} {Of([name]).Hash} {string.Join(',', Of([name]).Anchors.Select(anchor => anchor.Terms))}")))));

    public static AnchorSource FromFolders(IReadOnlyList<string> paths)
    {
        var mistakes = new Mistakes();
        var trust = paths.All(Directory.Exists) ? TrustFolders.Load(paths, mistakes) : null;
        return trust is not null && trust.Names.Any(name => trust.Anchors([name]) is { } set && set.Anchors.Count > 0)
            ? mistakes.Errors.Count == 0 ? new AnchorSource(trust, AnchorSet.Empty) : throw new WrongUse(string.Join("; ", mistakes.Errors.Select(mistake => mistake.ToString())), null)
            : new AnchorSource(null, AnchorFolders.Read(paths));
    }

    /// <summary>The version that is in force on a server.</summary>
    public static AnchorSource FromExport(AnchorExport export)
    {
        // the files are read as those of an operator are: one way to read terms
        var folder = Directory.CreateTempSubdirectory("deviceacme-anchors");
        try
        {
            foreach (var file in export.Files)
            {
                var path = Path.GetFullPath(Path.Combine(folder.FullName, file.Name));
                if (!path.StartsWith(folder.FullName + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                {
                    throw new CommandFailure($"the server's export names a file '{file.Name}' outside of its folder");
                }

                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllBytes(path, file.Content);
            }

            var mistakes = new Mistakes();
            var trust = TrustFolders.Load([folder.FullName], mistakes);
            return mistakes.Errors.Count == 0 ? new AnchorSource(trust, AnchorSet.Empty) : throw new CommandFailure($"the server's anchors cannot be read: {mistakes.Errors[0]}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public AnchorSet Of(CertificateProfile profile) => _trust is null ? _all : Of(profile.AnchorFolders);

    private AnchorSet Of(IReadOnlyList<string> folders)
    {
        var key = string.Join('\n', folders);
        if (!_sets.TryGetValue(key, out var set))
        {
            set = _sets[key] = _trust!.Anchors(folders);
        }

        return set;
    }
}
