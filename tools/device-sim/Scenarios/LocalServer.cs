using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using DeviceAcme.Simulator.Commands;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>A DeviceAcme in a folder that is thrown away: it trusts the simulator's vendors, asks the simulator's DNS, and reaches this machine alone.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private const string ReadyLine = "DeviceAcme is ready";
    private const int MostLines = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly string _folder;
    private readonly Process _process;
    private readonly Queue<string> _said = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _started;

    private LocalServer(string folder, Process process, int[] ports)
    {
        _folder = folder;
        _process = process;
        Url = $"https://localhost:{ports[0]}";
        AdminUrl = $"http://localhost:{ports[2]}";
        HttpPort = ports[3];
        Dns = new IPEndPoint(IPAddress.Loopback, ports[5]);
    }

    /// <summary>Names the server's program; <c>./dev</c> sets it.</summary>
    public const string ProgramVariable = "DEVICEACME_SERVER_PROGRAM";

    public string Url { get; }
    public string AdminUrl { get; }

    /// <summary>Where the server asks http-01.</summary>
    public int HttpPort { get; }

    /// <summary>Where the server asks names.</summary>
    public IPEndPoint Dns { get; }
    public string Root => Path.Combine(_folder, "data", "ca", "root.pem");
    public string AdminToken => Path.Combine(_folder, "data", Protocol.Admin.RunningServer.TokenFileName);
    public FakeVendors Vendors => new VendorFolder(Path.Combine(_folder, "vendors")).Open();

    /// <param name="program">The server's program; null for the one that the environment or the repository has.</param>
    /// <param name="profiles">Folder of profiles; null for those that come with the program.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public static async Task<LocalServer> Start(string? program, string? profiles, CancellationToken cancellation)
    {
        var found = program ?? Find();
        if (!File.Exists(found))
        {
            throw new SimulatorException($"there is no program of the server at {found}", $"build src/DeviceAcme.Server, or name it with --server-program or {ProgramVariable}");
        }

        if (profiles is not null && !Directory.Exists(profiles))
        {
            throw new SimulatorException($"there is no folder {profiles}", "--profiles names the folder of the profiles");
        }

        var folder = Directory.CreateTempSubdirectory("device-sim-").FullName;
        var vendors = new VendorFolder(Path.Combine(folder, "vendors"));
        vendors.Init("scenarios");
        var ports = FreePorts(6);
        var start = new ProcessStartInfo(found.EndsWith(".dll", StringComparison.Ordinal) ? "dotnet" : found)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments =
        [
            .. found.EndsWith(".dll", StringComparison.Ordinal) ? [Path.GetFullPath(found)] : Array.Empty<string>(),
            "--data", Path.Combine(folder, "data"), "--url", $"https://localhost:{ports[0]}", "--status-url", $"http://localhost:{ports[1]}", "--admin-url", $"http://localhost:{ports[2]}",
            "--http-01-port", $"{ports[3]}", "--tls-alpn-01-port", $"{ports[4]}", "--dns-resolver", $"127.0.0.1:{ports[5]}", "--validation-networks", "127.0.0.0/8", "::1/128",
            "--anchors", vendors.Path, "--android-status-list", vendors.StatusListPath, "--log-level", "warning",
            .. profiles is null ? [] : new[] { "--profiles", Path.GetFullPath(profiles) },
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // settings of whoever runs this are not this server's
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("DEVICEACME_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        var server = new LocalServer(folder, new Process { StartInfo = start }, ports);
        try
        {
            await server.Run(cancellation);
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
        if (_started)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task Run(CancellationToken cancellation)
    {
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        _started = _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var exited = _process.WaitForExitAsync(cancellation);
        try
        {
            if (await Task.WhenAny(_ready.Task, exited).WaitAsync(Patience, cancellation) == exited)
            {
                throw new SimulatorException($"the server ended with code {_process.ExitCode}: {Said()}", "deviceacme profile check tells what is wrong with profiles");
            }
        }
        catch (TimeoutException)
        {
            throw new SimulatorException($"the server was not ready within {Patience.TotalSeconds:0} s: {Said()}");
        }
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_said)
        {
            _said.Enqueue(line);
            if (_said.Count > MostLines)
            {
                _said.Dequeue();
            }
        }

        if (line.StartsWith(ReadyLine, StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }

    private string Said()
    {
        lock (_said)
        {
            return new StringBuilder().AppendJoin("; ", _said.Where(line => line.Length > 0)).ToString();
        }
    }

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable(ProgramVariable) is { Length: > 0 } named)
        {
            return named;
        }

        // the newest that was built here
        var built = new[] { "Release", "Debug" }.Select(configuration => Path.Combine(Defaults.Root, "src", "DeviceAcme.Server", "bin", configuration, "net10.0", "DeviceAcme.Server.dll"));
        return built.Where(File.Exists).OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault() ?? built.First();
    }

    // below the ports that the system gives to outgoing connections, so that none is taken again before the server listens
    private static int[] FreePorts(int count)
    {
        const int First = 15_000;
        const int Range = 16_000;
        var start = Environment.ProcessId * 89 % Range;
        var ports = Enumerable.Range(0, Range).Select(step => First + ((start + step) % Range)).Where(IsFree).Take(count).ToArray();
        return ports.Length == count ? ports : throw new SimulatorException("no free ports on this machine");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var tcp = new TcpListener(IPAddress.Loopback, port);
            tcp.Start();
            using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
