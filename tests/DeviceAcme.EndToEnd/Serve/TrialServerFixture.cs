using System.Text.Json.Nodes;
using DeviceAcme.EndToEnd.Clients;
using DeviceAcme.Server;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Serve;
using DeviceAcme.Simulator.Serve.Judging;
using DeviceAcme.Testing;
using Xunit;

namespace DeviceAcme.EndToEnd.Serve;

/// <summary><c>device-sim serve</c> with much of its chaos, the server behind as a process of its own.</summary>
public sealed class TrialServerFixture : IAsyncLifetime, IClientSurroundings
{
    private readonly int[] _ports = FreePorts.Take(6);
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-serve-").FullName;
    private TrialRun? _run;

    internal static Switches Chaos { get; } = new()
    {
        NonceErrors = 0.2,
        ValidationDelay = TimeSpan.FromSeconds(1),
        Processing = TimeSpan.FromSeconds(1),
        LargeChains = 4,
        AlternateChains = 2,
        Strict = true,
    };

    internal TrialRun Run => _run ?? throw new InvalidOperationException("it does not run");

    public string DirectoryUrl => Run.Urls.Directories[0].Url;

    public string Root => Run.State.TlsRoot;

    public int Http01Port => _ports[3];

    public int TlsAlpn01Port => _ports[4];

    public int DnsPort => _ports[5];

    public string TxtRecords => Run.State.TxtRecords;

    public string Management => $"http://localhost:{_ports[1]}";

    public string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;

    public string DirectoryOf(string profile) => Run.Urls.Directories.Last(one => one.Profile == profile).Url;

    public async ValueTask InitializeAsync() => _run = await TrialRun.Start(
        new ServeSettings
        {
            Port = _ports[0],
            ManagementPort = _ports[1],
            StatusPort = _ports[2],
            Http01Port = Http01Port,
            TlsAlpn01Port = TlsAlpn01Port,
            DnsPort = DnsPort,
            Seed = "end to end",
            RandomPaths = true,
            ReuseAuthorizations = true,
            ServerProgram = typeof(ServerOptions).Assembly.Location,
            Switches = Chaos,
        },
        TimeProvider.System, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_run is not null)
        {
            await _run.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Forgets what was before, and sets the switches.</summary>
    internal void Begin(Switches switches)
    {
        Run.Parts.Transcript.Clear();
        Run.Parts.Switches = switches;
    }

    /// <summary>Rules of these levels that failed, with what was seen.</summary>
    internal IReadOnlyList<string> Failed(params Level[] levels) =>
        [.. Run.Report(null, settled: true).Results.Where(result => result.Mark == Mark.Fail && levels.Contains(result.Rule.Level)).Select(result => $"{result.Rule.Name}: {result.Broken[0].Words}")];

    internal Mark MarkOf(string rule) => Run.Report(null, settled: true).Results.Single(result => result.Rule.Name == rule).Mark;

    /// <summary>Enrolls a simulated device.</summary>
    internal async Task<(int Code, string Said)> Enroll(string kind, string profile, params string[] more)
    {
        using var said = new StringWriter();
        var code = await DeviceAcme.Simulator.Commands.CommandLine.Run(
            ["enroll", "--kind", kind, "--directory", DirectoryOf(profile), "--ca", Root, "--vendors", Run.State.Vendors.Path, "--out", NewFolder(kind), "--http-port", $"{Http01Port}", "--dns-listen", $"127.0.0.1:{FreePorts.Take(1)[0]}", .. more],
            new Terminal(said, said), TimeProvider.System);
        return (code, said.ToString());
    }

    internal async Task<JsonNode> Get(string path)
    {
        using var http = new HttpClient();
        return JsonNode.Parse(await http.GetStringAsync(new Uri(Management + path), TestContext.Current.CancellationToken))!;
    }
}

/// <summary>One test server for all classes that need one; they run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class TrialServerCollection : ICollectionFixture<TrialServerFixture>
{
    public const string Name = "test server";
}
