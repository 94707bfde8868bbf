using System.Globalization;

namespace DeviceAcme.Server.Hosting;

/// <summary>Keeps every other process off the same data directory for as long as this one lives.</summary>
/// <remarks>The lock belongs to the open file, so the system drops it with the process, however that ends.</remarks>
internal sealed class DataDirectoryLock : IDisposable
{
    private const string LockName = "server.lock";
    private const string ProcessName = "server.pid";

    private readonly FileStream _file;

    private DataDirectoryLock(FileStream file) => _file = file;

    /// <summary>Makes the directory if it is missing; throws <see cref="StartFailure"/> when another process has it.</summary>
    public static DataDirectoryLock Take(string dataDirectory)
    {
        try
        {
            MakeDirectory(dataDirectory);
            var file = new FileStream(Path.Combine(dataDirectory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            // Beside the lock, because nobody else can read a locked file on Windows.
            File.WriteAllText(Path.Combine(dataDirectory, ProcessName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n");
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
        var path = Path.Combine(dataDirectory, ProcessName);
        return File.Exists(path) ? "pid " + File.ReadAllText(path).Trim() : "pid unknown";
    }
}
