using System.Buffers;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Backup;

/// <summary>Unpacks an archive into a new folder and holds every file against the list at its end.</summary>
internal static class BackupReader
{
    /// <param name="archive">The archive.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="folder">A folder that is there and empty.</param>
    /// <exception cref="StartFailure">It is no backup, is not whole, or was made by a newer program.</exception>
    public static BackupAbout Unpack(Stream archive, string name, string folder)
    {
        try
        {
            using var plain = new GZipStream(archive, CompressionMode.Decompress);
            using var tar = new TarReader(plain);
            if (tar.GetNextEntry() is not { Name: BackupFormat.AboutName } first)
            {
                throw NoBackup(name);
            }

            var about = Json(first, BackupFormat.LargestAbout, BackupJson.Default.BackupAbout, name);
            Usable(about, name);
            Verify(Files(tar, folder, name), name);
            return about;
        }
        catch (Exception broken) when (broken is InvalidDataException or EndOfStreamException)
        {
            throw new StartFailure($"{name} is no backup of {BackupFormat.Product}, or it is cut off: {broken.Message}");
        }
    }

    private static void Usable(BackupAbout about, string name)
    {
        if (about.Product != BackupFormat.Product)
        {
            throw NoBackup(name);
        }

        if (about.Format > BackupFormat.Version || about.Schema > Migrations.Sqlite.Newest)
        {
            throw new StartFailure(
                $"{name} was made by {BackupFormat.Product} {about.Program} with schema {about.Schema}; this program, {ProgramVersion.Text}, knows up to {Migrations.Sqlite.Newest}",
                "restore it with that version or a newer one: an older one would not understand what it has");
        }
    }

    /// <summary>What was unpacked, and the list of what should have been.</summary>
    private static (Dictionary<string, BackupFile> Unpacked, List<BackupFile> Listed) Files(TarReader tar, string folder, string name)
    {
        var unpacked = new Dictionary<string, BackupFile>(StringComparer.Ordinal);
        while (tar.GetNextEntry() is { } entry)
        {
            if (entry.Name == BackupFormat.ListName)
            {
                return (unpacked, Json(entry, BackupFormat.LargestList, BackupJson.Default.ListBackupFile, name));
            }

            var path = DataPath(entry, name);
            if (unpacked.Count == BackupFormat.MostFiles || !unpacked.TryAdd(path, Unpack(entry, path, folder)))
            {
                throw new StartFailure($"{name} has '{path}' twice, or more than {BackupFormat.MostFiles} files: it was made by somebody else");
            }
        }

        throw new StartFailure($"{name} is cut off: the list of its files is missing", "the program that made it was stopped, or the copy is not whole");
    }

    /// <summary>The entry's path below the data directory; nothing of an archive may lead out of it.</summary>
    private static string DataPath(TarEntry entry, string name)
    {
        var path = entry.Name.StartsWith(BackupFormat.DataFolder, StringComparison.Ordinal) ? entry.Name[BackupFormat.DataFolder.Length..] : "";
        var isPlain = entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile;
        return isPlain && path.Split('/').All(part => part is not ("" or "." or "..") && part.IndexOfAny(['\\', ':', '\0']) < 0)
            ? path
            : throw new StartFailure($"{name} has the entry '{entry.Name}', which no backup of {BackupFormat.Product} has");
    }

    private static BackupFile Unpack(TarEntry entry, string path, string folder)
    {
        var target = Path.Combine(folder, path.Replace('/', Path.DirectorySeparatorChar));
        DurableFiles.EnsureFolder(Path.GetDirectoryName(target)!);
        OwnerFile.Make(target);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = new FileStream(target, FileMode.Open, FileAccess.Write);
        var buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
        long size = 0;
        for (int read; (read = entry.DataStream?.Read(buffer) ?? 0) > 0; size += read)
        {
            hash.AppendData(buffer, 0, read);
            file.Write(buffer, 0, read);
        }

        ArrayPool<byte>.Shared.Return(buffer);
        file.Flush(flushToDisk: true);
        return new BackupFile(path, size, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static void Verify((Dictionary<string, BackupFile> Unpacked, List<BackupFile> Listed) files, string name)
    {
        foreach (var listed in files.Listed)
        {
            if (!files.Unpacked.Remove(listed.Path, out var found))
            {
                throw new StartFailure($"{name} lacks its file '{listed.Path}'");
            }

            if (found != listed)
            {
                throw new StartFailure($"{name}: '{listed.Path}' is not what was written: expected SHA-256 {listed.Sha256}, found {found.Sha256}", "the copy is damaged: use another one");
            }
        }

        if (files.Unpacked.Count > 0)
        {
            throw new StartFailure($"{name} has '{files.Unpacked.Keys.First()}', which is not on its list");
        }
    }

    private static T Json<T>(TarEntry entry, int largest, JsonTypeInfo<T> type, string name)
    {
        if (entry.DataStream is not { } content || entry.Length > largest)
        {
            throw NoBackup(name);
        }

        try
        {
            return JsonSerializer.Deserialize(content, type) ?? throw NoBackup(name);
        }
        catch (JsonException)
        {
            throw NoBackup(name);
        }
    }

    private static StartFailure NoBackup(string name) => new($"{name} is no backup of {BackupFormat.Product}", "'deviceacme backup FILE' makes one");
}
