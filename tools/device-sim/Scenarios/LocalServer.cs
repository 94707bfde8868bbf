using System.Net;
using DeviceAcme.Simulator.Servers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>A DeviceAcme in a folder that is thrown away: it trusts the simulator's vendors, asks the simulator's DNS, and reaches this machine alone.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private readonly string _folder;
    private readonly int[] _ports = FreePorts.Take(6);
    private ServerProcess? _process;

    private LocalServer(string folder) => _folder = folder;

    public string Url => $"https://localhost:{_ports[0]}";
    public string AdminUrl => $"http://localhost:{_ports[2]}";

    /// <summary>Where the server asks http-01.</summary>
    public int HttpPort => _ports[3];

    /// <summary>Where the server asks names.</summary>
    public IPEndPoint Dns => new(IPAddress.Loopback, _ports[5]);
    public string Root => Path.Combine(_folder, "data", "ca", "root.pem");
    public string AdminToken => Path.Combine(_folder, "data", Protocol.Admin.RunningServer.TokenFileName);
    public FakeVendors Vendors => new VendorFolder(Path.Combine(_folder, "vendors")).Open();

    /// <param name="program">The server's program; null for the one that the environment names or the repository has.</param>
    /// <param name="profiles">Folder of profiles; null for those that come with the program.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public static async Task<LocalServer> Start(string? program, string? profiles, CancellationToken cancellation)
    {
        var found = ServerFiles.Program(program);
        if (profiles is not null && !Directory.Exists(profiles))
        {
            throw new SimulatorException($"there is no folder {profiles}", "--profiles names the folder of the profiles");
        }

        var server = new LocalServer(Directory.CreateTempSubdirectory("device-sim-").FullName);
        try
        {
            await server.Run(found, profiles, cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task Run(string program, string? profiles, CancellationToken cancellation)
    {
        var vendors = new VendorFolder(Path.Combine(_folder, "vendors"));
        vendors.Init("scenarios");
        string[] arguments =
        [
            "--data", Path.Combine(_folder, "data"), "--url", Url, "--status-url", $"http://localhost:{_ports[1]}", "--admin-url", AdminUrl,
            "--http-01-port", $"{HttpPort}", "--tls-alpn-01-port", $"{_ports[4]}", "--dns-resolver", $"{Dns}", "--validation-networks", "127.0.0.0/8", "::1/128",
            "--anchors", vendors.Path, "--android-status-list", vendors.StatusListPath, "--log-level", "warning",
            .. profiles is null ? [] : new[] { "--profiles", Path.GetFullPath(profiles) },
        ];
        _process = await ServerProcess.Start(program, _folder, arguments, cancellation);
    }
}
