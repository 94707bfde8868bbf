using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>Collects what is to be imported: folders, single files, cabinets. What is left out already here is named with its reason.</summary>
internal sealed class AnchorSources(Talk talk)
{
    /// <summary>The terms that a trust folder may have beside its certificates.</summary>
    private const string TermsName = "terms.yaml";

    /// <summary>A file larger than this is no bundle of any vendor.</summary>
    private const long MaxFileOctets = 4 * 1024 * 1024;

    private const int FilesPerLine = 500;
    private static readonly string[] Extensions = [".pem", ".crt", ".cer", ".der", ".ca-bundle"];

    private readonly List<AnchorFile> _files = [];
    private readonly List<ImportedAnchorItem> _leftOut = [];
    private long _octets;

    public IReadOnlyList<AnchorFile> Files => _files;

    public IReadOnlyList<ImportedAnchorItem> LeftOut => _leftOut;

    /// <summary>Text of the <c>terms.yaml</c> of an imported folder; null where there was none.</summary>
    public string? Terms { get; private set; }

    public async Task Add(string path, CancellationToken cancellation)
    {
        try
        {
            if (Directory.Exists(path))
            {
                AddFolder(path);
            }
            else if (!File.Exists(path))
            {
                throw new CommandFailure($"{path}: there is no such file or folder");
            }
            else if (Cabinet.Is(path))
            {
                await AddCabinet(path, cancellation);
            }
            else
            {
                AddFile(path, Path.GetFileName(path));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"{path} cannot be read: {exception.Message}");
        }
    }

    private async Task AddCabinet(string file, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("deviceacme-cabinet-").FullName;
        try
        {
            await Cabinet.Unpack(file, folder, cancellation);
            AddFolder(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private void AddFolder(string folder)
    {
        // no links: a folder that was unpacked from somewhere must not lead out of itself
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 16, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };
        var count = 0;
        foreach (var file in Directory.EnumerateFiles(folder, "*", options).Order(StringComparer.Ordinal))
        {
            if (++count % FilesPerLine == 0)
            {
                talk.Progress($"{count} files read, {_files.Count} of them to import");
            }

            var name = Path.GetRelativePath(folder, file).Replace('\\', '/');
            if (name == TermsName)
            {
                Terms = Terms is null ? File.ReadAllText(file) : throw new CommandFailure($"two of the folders have a {TermsName}", "import them one after the other");
            }
            else if (!Extensions.Contains(Path.GetExtension(file).ToLowerInvariant()))
            {
                Leave(name, $"not a certificate by its name; read are {string.Join(", ", Extensions)}");
            }
            else
            {
                AddFile(file, name);
            }
        }
    }

    private void AddFile(string file, string name)
    {
        var size = new FileInfo(file).Length;
        if (size > MaxFileOctets)
        {
            Leave(name, $"{size} octets, more than {MaxFileOctets}");
            return;
        }

        _octets += size;
        if (_octets > AnchorImportRequest.MaxOctets || _files.Count >= AnchorImportRequest.MaxFiles)
        {
            throw new CommandFailure(
                $"more than {AnchorImportRequest.MaxFiles} files or {AnchorImportRequest.MaxOctets} octets", "import it in parts");
        }

        _files.Add(new AnchorFile { Name = name, Content = File.ReadAllBytes(file) });
    }

    private void Leave(string name, string why) => _leftOut.Add(new ImportedAnchorItem { File = name, Outcome = "left-out", Note = why });
}
