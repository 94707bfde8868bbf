using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Backup;

/// <summary>Writes a data directory into one archive while its server goes on.</summary>
/// <param name="dataDirectory">The data directory.</param>
/// <param name="time">The clock.</param>
/// <param name="progress">Is told what goes on.</param>
internal sealed class BackupWriter(string dataDirectory, TimeProvider time, Action<string> progress)
{
    /// <summary>What a data directory has besides the database is small; a file larger than this is no part of it.</summary>
    private const long LargestFile = 64 * 1024 * 1024;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // of this process and this machine alone, or copied in another way
    private static readonly string[] Left =
    [
        BackupFormat.DatabaseName, BackupFormat.DatabaseName + "-wal", BackupFormat.DatabaseName + "-shm", BackupFormat.DatabaseName + "-journal", BackupFormat.DatabaseName + "-in-use",
        DataDirectoryLock.LockName, RunningServer.FileName, RunningServer.TokenFileName,
    ];

    private readonly string _data = Path.GetFullPath(dataDirectory);

    /// <summary>Writes the archive to a new file, whole or not at all.</summary>
    public BackupAbout Write(string target, bool withKeys)
    {
        target = Path.GetFullPath(target);
        if (Path.Exists(target))
        {
            throw new StartFailure($"{target} is there already", "a backup replaces no other: name a new file, for example with the date in it");
        }

        var half = target + BackupFormat.HalfMade;
        try
        {
            BackupAbout about;
            using (var file = New(half))
            {
                about = Write(file, half + ".db", withKeys, target);
                file.Flush(flushToDisk: true);
            }

            File.Move(half, target);
            DurableFiles.Sync(Path.GetDirectoryName(target)!);
            return about;
        }
        catch
        {
            File.Delete(half);
            throw;
        }
    }

    /// <summary>Writes the archive to a stream, for a pipe.</summary>
    public BackupAbout Write(Stream output, bool withKeys) =>
        Write(output, Path.Combine(_data, $"backup-{Environment.ProcessId}{BackupFormat.HalfMade}.db"), withKeys, null);

    private BackupAbout Write(Stream output, string snapshotPath, bool withKeys, string? target)
    {
        var database = Path.Combine(_data, BackupFormat.DatabaseName);
        if (!File.Exists(database))
        {
            throw new StartFailure($"there is no database in {_data}", "--data names the data directory of a server");
        }

        progress($"copying the database, {Megabytes(new FileInfo(database).Length)}");
        using var snapshot = DatabaseSnapshot.Take(database, snapshotPath);
        var about = new BackupAbout
        {
            Product = BackupFormat.Product,
            Format = BackupFormat.Version,
            Program = ProgramVersion.Text,
            Schema = snapshot.Schema,
            MadeAt = time.GetUtcNow(),
            AuditSequence = snapshot.AuditSequence,
            AuditHash = snapshot.AuditHash,
            HasKeys = withKeys,
        };
        progress("writing the archive");
        using var compressed = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true);
        using var archive = new TarWriter(compressed, TarEntryFormat.Pax, leaveOpen: true);
        Add(archive, BackupFormat.AboutName, new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(about, BackupJson.Default.BackupAbout)), about.MadeAt);
        var files = new List<BackupFile>();
        using (var copy = File.OpenRead(snapshot.Path))
        {
            files.Add(Add(archive, BackupFormat.DatabaseName, copy, about));
        }

        // after the database: an issuer that it speaks of is there by then
        foreach (var path in Files(withKeys, target))
        {
            files.Add(Add(archive, path, new MemoryStream(File.ReadAllBytes(Path.Combine(_data, path))), about));
        }

        Add(archive, BackupFormat.ListName, new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(files, BackupJson.Default.ListBackupFile)), about.MadeAt);
        return about;
    }

    private IEnumerable<string> Files(bool withKeys, string? target)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, MaxRecursionDepth = 16 };
        foreach (var file in Directory.EnumerateFiles(_data, "*", options).Order(StringComparer.Ordinal))
        {
            var path = Path.GetRelativePath(_data, file).Replace(Path.DirectorySeparatorChar, '/');
            var name = Path.GetFileName(path);
            if (Left.Contains(path) || path.Contains(BackupFormat.HalfMade, StringComparison.Ordinal) || name.StartsWith(DurableFiles.HalfMade, StringComparison.Ordinal)
                || file == target || (!withKeys && (name == CaDirectory.KeyName || path.StartsWith(SecretFolder.DefaultName + "/", StringComparison.Ordinal))))
            {
                continue;
            }

            if (new FileInfo(file).Length > LargestFile)
            {
                throw new StartFailure($"{file} has more than {Megabytes(LargestFile)}: it does not look like a part of the data directory", "move it elsewhere");
            }

            yield return path;
        }
    }

    private static BackupFile Add(TarWriter archive, string path, Stream content, BackupAbout about)
    {
        var file = new BackupFile(path, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));
        content.Position = 0;
        Add(archive, BackupFormat.DataFolder + path, content, about.MadeAt);
        return file;
    }

    private static void Add(TarWriter archive, string name, Stream content, DateTimeOffset at) =>
        archive.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = content, Mode = OwnerOnly, ModificationTime = at });

    private static FileStream New(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        try
        {
            return new FileStream(path, options);
        }
        catch (Exception cannot) when (cannot is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"{path} cannot be written: {cannot.Message}");
        }
    }

    private static string Megabytes(long bytes) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Math.Ceiling(bytes / 1_000_000.0):0} MB");
}
