using System.Globalization;
using DeviceAcme.Core.Audit;
using DeviceAcme.Server.Connectors.BuiltIn;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Backup;

/// <summary>Makes a data directory of a backup, whole or not at all.</summary>
internal sealed class Restoration(TimeProvider time, Action<string> progress)
{
    public const string EventKind = "store.restored";

    /// <param name="archive">The archive.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="dataDirectory">The directory to make.</param>
    /// <param name="replace">Whether one that is there may be moved aside.</param>
    /// <returns>What the backup says of itself, and where the directory that was there is now.</returns>
    public async Task<(BackupAbout About, string? MovedTo)> Run(Stream archive, string name, string dataDirectory, bool replace)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(dataDirectory));
        var occupied = IsOccupied(target);
        if (occupied && !replace)
        {
            throw new StartFailure($"{target} is not empty", "--replace moves it aside first; or name another --data");
        }

        if (occupied)
        {
            // only asks: nobody may work on what is moved aside
            DataDirectoryLock.Take(target, adminUrl: null).Dispose();
        }

        var half = target + ".restoring";
        if (Path.Exists(half))
        {
            throw new StartFailure($"{half} is there already: another restore runs, or one was stopped", "remove it if none runs");
        }

        DurableFiles.EnsureFolder(half);
        try
        {
            progress("unpacking");
            var about = BackupReader.Unpack(archive, name, half);
            progress("opening the database");
            await TakeUp(about, name, half);
            return (about, Exchange(half, target, occupied));
        }
        catch
        {
            if (Directory.Exists(half))
            {
                Directory.Delete(half, recursive: true);
            }

            throw;
        }
    }

    /// <summary>Brings an older schema up to date, keeps CRL numbers ahead of those that were published since, and writes down what happened.</summary>
    private async Task TakeUp(BackupAbout about, string name, string folder)
    {
        var now = time.GetUtcNow();
        var lost = now > about.MadeAt ? now - about.MadeAt : TimeSpan.Zero;
        await using var db = AcmeDb.Open(Path.Combine(folder, BackupFormat.DatabaseName), progress);
        await db.Commit(context =>
        {
            foreach (var crl in context.Crls)
            {
                // RFC 5280 §5.2.3: numbers only grow, and nobody knows here how far they had come; there was less than one CRL in a second
                crl.Number += (long)Math.Ceiling(lost.TotalSeconds) + 1;
            }

            context.Record(new AuditEvent
            {
                At = now,
                Kind = EventKind,
                Detail = string.Create(
                    CultureInfo.InvariantCulture, $"from the backup of {about.MadeAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z ({Path.GetFileName(name)}), whose last event is {about.AuditSequence}: what happened after that is not in this store"),
            });
        });
    }

    private string? Exchange(string half, string target, bool occupied)
    {
        string? aside = null;
        if (occupied)
        {
            aside = string.Create(CultureInfo.InvariantCulture, $"{target}.before-restore-{time.GetUtcNow().UtcDateTime:yyyyMMdd'T'HHmmss'Z'}");
            Directory.Move(target, aside);
        }
        else if (Directory.Exists(target))
        {
            Directory.Delete(target);
        }

        Directory.Move(half, target);
        DurableFiles.Sync(Path.GetDirectoryName(target)!);
        return aside;
    }

    private static bool IsOccupied(string target) => File.Exists(target)
        ? throw new StartFailure($"{target} is a file, and a data directory is a folder")
        : Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any();
}
