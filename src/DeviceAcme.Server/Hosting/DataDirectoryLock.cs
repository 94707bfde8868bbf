using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Server.Hosting;

/// <summary>Keeps every other process off the same data directory for as long as this one lives.</summary>
/// <remarks>The lock belongs to the open file, so the system drops it with the process, however that ends.</remarks>
internal sealed class DataDirectoryLock : IDisposable
{
    public const string LockName = "server.lock";

    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Makes the directory if it is missing; throws <see cref="StartFailure"/> when another process has it.</summary>
    /// <param name="adminUrl">Where this process administers; null where it does not serve.</param>
    /// <param name="url">Where it serves; null where it does not, and then the file keeps what the last server wrote.</param>
    /// <param name="profilesDirectory">Where it reads its profiles; null as with <paramref name="url"/>.</param>
    public static DataDirectoryLock Take(string dataDirectory, Uri? adminUrl, Uri? url = null, string? profilesDirectory = null)
    {
        try
        {
            MakeDirectory(dataDirectory);
            var file = new FileStream(Path.Combine(dataDirectory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            // Beside the lock, because nobody else can read a locked file on Windows.
            var path = Path.Combine(dataDirectory, RunningServer.FileName);
            var last = RunningServer.Read(path);
            var self = new RunningServer
            {
                ProcessId = Environment.ProcessId,
                AdminUrl = adminUrl,
                Url = url ?? last?.Url,
                ProfilesDirectory = profilesDirectory is null ? last?.ProfilesDirectory : Path.GetFullPath(profilesDirectory),
            };
            File.WriteAllText(path, JsonSerializer.Serialize(self, AdminJson.Default.RunningServer));
            return new DataDirectoryLock(file);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new StartFailure($"the data directory {dataDirectory} cannot be written: {exception.Message}");
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new StartFailure(
                $"the data directory {dataDirectory} is used by another process ({Holder(dataDirectory)}): {exception.Message}",
                "stop that server first, or give this one another --data");
        }
    }

    public void Dispose() => _file.Dispose();

    private static void MakeDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            // The CA's keys live below it.
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static string Holder(string dataDirectory)
    {
        var path = Path.Combine(dataDirectory, RunningServer.FileName);
        return RunningServer.Read(path) is { } holder ? $"pid {holder.ProcessId}" : "pid unknown";
    }
}
