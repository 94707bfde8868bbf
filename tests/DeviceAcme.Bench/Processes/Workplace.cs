using System.Net;
using System.Net.Sockets;

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

    /// <summary>Ports of the loopback address that nobody listened on a moment ago, each one different.</summary>
    public static IReadOnlyList<int> FreePorts(int count)
    {
        var listeners = new List<TcpListener>();
        try
        {
            for (var number = 0; number < count; number++)
            {
                var listener = new TcpListener(IPAddress.Loopback, 0);
                listener.Start();
                listeners.Add(listener);
            }

            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }
}
