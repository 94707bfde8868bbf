using System.Net;
using System.Net.Sockets;
using DeviceAcme.EndToEnd.Clients;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;
using Xunit;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>
/// The server as its users run it: the program as a process of its own, on loopback ports and a folder that nobody else has. It trusts the
/// simulator's vendors and registers their devices; every name resolves to this machine, and TXT records are what a test or a client's hook writes.
/// </summary>
public sealed class RunningServer : IAsyncLifetime, IClientSurroundings
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-run-").FullName;
    private readonly int[] _ports = FreePorts.Take(6);
    private readonly List<string> _logs = [];
    private readonly TxtRecords _texts;
    private DnsAnswerer? _dns;
    private ServerProcess? _process;

    public RunningServer()
    {
        Url = $"https://localhost:{_ports[0]}";
        _texts = new TxtRecords(Path.Combine(_folder, "dns-txt"));
        new VendorFolder(Vendors).Init("end to end");
    }

    /// <summary>What clients see; set before the start where it is not where the server listens.</summary>
    public string Url { get; init; }

    /// <summary>More options of the server; a given one replaces that of this fixture.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Runs the server below it, as strace does.</summary>
    internal string[] Tracer { get; init; } = [];

    public string DirectoryUrl => $"{Url}/directory";

    public string StatusUrl => $"http://localhost:{_ports[1]}";

    public string AdminUrl => $"http://localhost:{_ports[2]}";

    public int Http01Port => _ports[3];

    public int TlsAlpn01Port => _ports[4];

    public int DnsPort => _ports[5];

    /// <summary>The root to trust.</summary>
    public string Root => Path.Combine(Data, "ca", "root.pem");

    public string Data => Path.Combine(_folder, "data");

    public string Vendors => Path.Combine(_folder, "vendors");

    /// <summary>File of TXT records, one <c>NAME VALUE</c> a line.</summary>
    public string TxtRecords => _texts.Path;

    internal ServerProcess Process => _process ?? throw new InvalidOperationException("the server does not run");

    public async ValueTask InitializeAsync()
    {
        AnswerDns();
        await Start();
    }

    /// <summary>A folder of the test's own, removed with the server.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;

    /// <summary>Starts the program again on the same data.</summary>
    internal async Task Start()
    {
        _process = Tracer.Length > 0
            ? ServerProcess.StartBelow(Tracer, _folder, [.. Arguments()])
            : ServerProcess.Start(_folder, new Dictionary<string, string>(), [.. Arguments()]);
        await _process.Ready();
    }

    internal async Task Kill()
    {
        await Process.Kill();
        _logs.Add(Process.Log);
    }

    /// <summary>The options that it is started with.</summary>
    internal IReadOnlyList<string> Arguments()
    {
        (string Name, string[] Values)[] own =
        [
            ("--data", [Data]), ("--url", [Url]), ("--status-url", [StatusUrl]), ("--admin-url", [AdminUrl]), ("--anchors", [Vendors]),
            ("--profiles", [OpenProfiles.Write(Settings.ShippedProfiles, Path.Combine(_folder, "profiles"))]),
            ("--android-status-list", [new VendorFolder(Vendors).StatusListPath]),
            ("--dns-resolver", [$"127.0.0.1:{DnsPort}"]), ("--http-01-port", [$"{Http01Port}"]), ("--tls-alpn-01-port", [$"{TlsAlpn01Port}"]),
            ("--validation-networks", ["127.0.0.0/8", "::1/128"]),
        ];
        return [.. own.Where(option => !Options.Contains(option.Name)).SelectMany(option => option.Values.Prepend(option.Name)), .. Options];
    }

    /// <summary>An HTTP client that trusts this server alone.</summary>
    internal HttpClient Client() => TrustedRoot.Client(Root);

    internal void AnswerDns()
    {
        IPAddress[] addresses = Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];
        _dns = DnsAnswerer.Start(new IPEndPoint(IPAddress.Loopback, DnsPort), addresses, _texts);
    }

    /// <summary>Leaves the name server's port to a program that answers DNS itself.</summary>
    internal async Task StopAnsweringDns()
    {
        if (_dns is not null)
        {
            await _dns.DisposeAsync();
            _dns = null;
        }
    }

    /// <summary>All that the server said, of earlier processes too.</summary>
    public string Log => string.Join("\n", _process is null ? _logs : [.. _logs, _process.Log]);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        await StopAnsweringDns();
        Directory.Delete(_folder, recursive: true);
    }
}
