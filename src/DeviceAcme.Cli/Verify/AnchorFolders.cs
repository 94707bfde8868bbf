using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Verify;

/// <summary>Vendor roots from folders of any depth, with the terms that stand beside them; without any, the shipped ones.</summary>
internal static class AnchorFolders
{
    private const int MaxFiles = 10_000;
    private static readonly string[] Extensions = [".pem", ".crt", ".cer", ".der"];

    /// <summary>The shipped roots.</summary>
    public static string Shipped { get; } = Path.Combine(AppContext.BaseDirectory, "profiles", "trust");

    /// <summary>Reads all of them; files that hold no root or intermediate are left aside, a folder without any is wrong use.</summary>
    public static AnchorSet Read(IReadOnlyList<string> paths)
    {
        var given = paths.Count > 0 ? paths : [Shipped];
        return AnchorSet.Combine(given.Select(ReadOne)).LongestLived();
    }

    private static AnchorSet ReadOne(string path)
    {
        AnchorSet set;
        try
        {
            set = Directory.Exists(path) ? ReadFolder(path)
                : File.Exists(path) ? AnchorSet.Parse([(path, EvidenceFiles.ReadBounded(path))])
                : throw new WrongUse($"--anchors {path}: there is no such folder", "a folder with roots and intermediates as PEM or DER, at any depth");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new WrongUse($"--anchors {path}: {exception.Message}", null);
        }

        return set.Anchors.Count + set.Intermediates.Count > 0 ? set : throw new WrongUse(
            $"--anchors {path}: no root and no intermediate in it{(set.Problems.Count > 0 ? $"; {set.Problems[0].Provenance}: {set.Problems[0].Problem}" : "")}",
            "roots and intermediates as PEM or DER, at any depth");
    }

    private static AnchorSet ReadFolder(string folder)
    {
        var files = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => Extensions.Contains(Path.GetExtension(file).ToLowerInvariant()))
            .Take(MaxFiles + 1).Order(StringComparer.Ordinal).ToList();
        if (files.Count > MaxFiles)
        {
            throw new WrongUse($"--anchors {folder}: more than {MaxFiles} files", "is this the right folder?");
        }

        return AnchorSet.Combine(files.GroupBy(file => Path.GetDirectoryName(file)!, StringComparer.Ordinal).Select(group => WithTerms(group.Key, AnchorSet.Parse(
            group.Where(file => new FileInfo(file).Length <= AnchorSet.MaxFileSize).Select(file => (file, (ReadOnlyMemory<byte>)File.ReadAllBytes(file)))))));
    }

    private static AnchorSet WithTerms(string folder, AnchorSet set)
    {
        var file = Path.Combine(folder, AnchorTermsFile.FileName);
        if (!File.Exists(file))
        {
            return set;
        }

        var mistakes = new Mistakes();
        var limited = AnchorTermsFile.Apply([AnchorTermsFile.Parse(file, File.ReadAllText(file), mistakes)], set);
        return mistakes.Errors.Count == 0 ? limited : throw new WrongUse(mistakes.Errors[0].ToString(), null);
    }
}
