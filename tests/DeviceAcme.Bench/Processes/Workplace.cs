namespace DeviceAcme.Bench.Processes;

/// <summary>The temporary folder of one run; it is gone afterwards.</summary>
internal sealed class Workplace : IDisposable
{
    private readonly DirectoryInfo _folder;

    public Workplace(string? parent, TimeProvider time)
    {
        _folder = parent is null
            ? Directory.CreateTempSubdirectory("deviceacme-bench-")
            : Directory.CreateDirectory(System.IO.Path.Combine(parent, $"deviceacme-bench-{Environment.ProcessId}-{time.GetTimestamp()}"));
    }

    public string Path => _folder.FullName;

    /// <summary>What kind of file system it stands on: syncs cost nothing on some of them.</summary>
    public string FileSystem => new DriveInfo(Path).DriveFormat;

    /// <summary>A folder below it, made if need be.</summary>
    public string Folder(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    public void Dispose() => _folder.Delete(recursive: true);
}
