using System.Collections.Concurrent;
using System.Net;
using DeviceAcme.Bench.Processes;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Fleet;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;

namespace DeviceAcme.Bench.Nodes;

/// <summary>What a run of nodes is.</summary>
internal sealed record NodesSettings
{
    public required int Devices { get; init; }
    public required FleetMix Mix { get; init; }
    public required int Concurrency { get; init; }

    /// <summary>How long PostgreSQL is away.</summary>
    public required TimeSpan Away { get; init; }
    public string? Folder { get; init; }
    public string? Server { get; init; }
}

/// <summary>What came of it.</summary>
internal sealed record NodesResult
{
    public required int Devices { get; init; }
    public required int Enrolled { get; init; }
    public required double Seconds { get; init; }
    public required double MedianSeconds { get; init; }
    public required double LongestSeconds { get; init; }
    public required int OrdersAcknowledged { get; init; }
    public required int CertificatesAcknowledged { get; init; }
    public required long CertificatesStored { get; init; }
    public required IReadOnlyDictionary<string, int> TriedAgain { get; init; }
    public required IReadOnlyList<string> Problems { get; init; }
}

/// <summary>
/// Three servers behind HAProxy on one PostgreSQL, and a fleet that enrolls over them. One server is killed in the middle, then PostgreSQL is restarted: every device gets its
/// certificate, and whatever anybody was told is there afterwards.
/// </summary>
internal sealed class NodesRun(NodesSettings settings, TimeProvider time, Action<string> say)
{
    private const int Nodes = 3;

    /// <summary>The one that dies: not the first, which the others' keys came from, and which could be special without our wanting it.</summary>
    private const int Victim = 1;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>A validation that a dead node had begun is another's after two minutes.</summary>
    private static readonly TimeSpan TakenOver = TimeSpan.FromSeconds(180);

    private readonly NodeNotes _notes = new();

    public async Task<NodesResult> Run(CancellationToken cancellation)
    {
        using var workplace = new Workplace(settings.Folder, time);
        var anchors = new VendorFolder(workplace.Folder("vendors"));
        var (vendors, _) = anchors.Init("bench");
        var ports = FreePorts.Take(4);
        await using var network = await HostNetwork.Start(new IPEndPoint(IPAddress.Loopback, ports[0]), ports[1], new TxtRecords(Path.Combine(workplace.Path, "dns-txt")), cancellation);
        say("starting PostgreSQL");
        await using var postgres = await PostgresServer.Start(time, cancellation);
        var front = $"https://localhost:{ports[2]}";
        var setups = Enumerable.Range(0, Nodes).Select(node => new ServerSetup(
            settings.Server ?? DotnetProgram.Server, workplace.Folder($"node{node + 1}"), anchors.Path, new IPEndPoint(IPAddress.Loopback, ports[0]), ports[1], [])
        {
            Ports = FreePorts.Take(3),
            Database = postgres.ConnectionString,
            FrontUrl = front,
            FrontStatusUrl = $"http://localhost:{ports[3]}",
            More = ["--android-status-list", anchors.StatusListPath],
        }).ToList();
        var servers = new List<ServerUnderTest>();
        try
        {
            foreach (var setup in setups)
            {
                say($"starting server {servers.Count + 1} of {Nodes}");
                if (servers.Count > 0)
                {
                    CopyKeys(setups[0].Data, setup.Data);
                }

                servers.Add(await ServerUnderTest.Start(setup, time, cancellation));
            }

            await using var proxy = await HaProxy.Start(workplace.Folder("haproxy"), (ports[2], ports[3]), [.. setups.Select(setup => (setup.Ports![0], setup.Ports[1]))], front, time, cancellation);
            using var http = TrustedRoot.Handler(proxy.Root);
            var surroundings = new NodeSurroundings(http, kind => Simulator.Enrollment.Devices.Directory(kind, front), vendors.InHaste(), network, time, _notes);
            return await Run(surroundings, servers[Victim], postgres, setups[0], cancellation);
        }
        finally
        {
            foreach (var server in servers)
            {
                await server.DisposeAsync();
            }
        }
    }

    private async Task<NodesResult> Run(NodeSurroundings surroundings, ServerUnderTest victim, PostgresServer postgres, ServerSetup left, CancellationToken cancellation)
    {
        var plan = FleetPlan.Make(settings.Mix, settings.Devices, 0, 0, 0, new Seed("bench:nodes"));
        List<PatientDevice> devices = [.. plan.Select(device => new PatientDevice(device, surroundings))];
        try
        {
            var begun = time.GetTimestamp();
            var working = All(devices, device => device.Enroll(cancellation), cancellation);
            await Until(settings.Devices / 3, working, cancellation);
            say($"{_notes.Done} of {settings.Devices} devices are through: kills a server");
            await victim.Kill();
            await Until(settings.Devices * 2 / 3, working, cancellation);
            say($"{_notes.Done} of {settings.Devices} devices are through: restarts PostgreSQL, away for {settings.Away.TotalSeconds:0.#} s");
            await postgres.Stop();
            await Task.Delay(settings.Away, time, cancellation);
            await postgres.Start(cancellation);
            await working;
            var elapsed = time.GetElapsedTime(begun);
            say($"all are through after {elapsed.TotalSeconds:0.0} s; asking for everything once more");
            await All(devices, device => device.Verify(cancellation), cancellation);
            await NothingIsStuck(postgres, cancellation);
            if (await StoreJudgement.Of(left, cancellation) is { } wrong)
            {
                _notes.Problem(wrong);
            }

            return await Result(devices, elapsed, postgres, cancellation);
        }
        finally
        {
            devices.ForEach(device => device.Dispose());
        }
    }

    private async Task<NodesResult> Result(List<PatientDevice> devices, TimeSpan elapsed, PostgresServer postgres, CancellationToken cancellation)
    {
        var (latencies, acknowledged) = (_notes.Latencies, devices.Sum(device => device.Certificates));
        var stored = await postgres.Count("SELECT count(*) FROM certificates", cancellation);
        if (stored < acknowledged)
        {
            _notes.Problem($"devices have {acknowledged} certificates, the store {stored}");
        }

        if (latencies.Count < devices.Count && _notes.Problems.Count == 0)
        {
            _notes.Problem($"{devices.Count - latencies.Count} devices have no certificate");
        }

        return new NodesResult
        {
            Devices = devices.Count,
            Enrolled = latencies.Count,
            Seconds = elapsed.TotalSeconds,
            MedianSeconds = latencies.Count == 0 ? 0 : latencies[latencies.Count / 2].TotalSeconds,
            LongestSeconds = latencies.Count == 0 ? 0 : latencies[^1].TotalSeconds,
            OrdersAcknowledged = devices.Sum(device => device.Orders),
            CertificatesAcknowledged = acknowledged,
            CertificatesStored = stored,
            TriedAgain = _notes.Troubles,
            Problems = [.. _notes.Problems],
        };
    }

    /// <summary>What a dead server had begun is brought to an end by the others.</summary>
    private async Task NothingIsStuck(PostgresServer postgres, CancellationToken cancellation)
    {
        const string UnderWay = "SELECT (SELECT count(*) FROM challenges WHERE status = 'processing') + (SELECT count(*) FROM orders WHERE status = 'processing')";
        var begun = time.GetTimestamp();
        for (var told = false; await postgres.Count(UnderWay, cancellation) is var count and > 0; told = true)
        {
            if (time.GetElapsedTime(begun) > TakenOver)
            {
                _notes.Problem($"{count} validations and issuances are stuck");
                return;
            }

            if (!told)
            {
                say($"waits until {count} validations of the dead server are taken over");
            }

            await Task.Delay(Look, time, cancellation);
        }
    }

    private async Task All(List<PatientDevice> devices, Func<PatientDevice, Task> action, CancellationToken cancellation)
    {
        var waiting = new ConcurrentQueue<PatientDevice>(devices);
        await Task.WhenAll(Enumerable.Range(0, settings.Concurrency).Select(_ => Task.Run(
            async () =>
            {
                while (waiting.TryDequeue(out var device))
                {
                    await action(device);
                    _notes.Through();
                }
            },
            cancellation)));
    }

    private async Task Until(int devices, Task working, CancellationToken cancellation)
    {
        while (_notes.Done < devices && !working.IsCompleted)
        {
            await Task.Delay(Look, time, cancellation);
        }
    }

    /// <summary>As docs/operations.md says: keys are not in the database.</summary>
    private static void CopyKeys(string from, string to)
    {
        foreach (var folder in new[] { "ca", "attestation-ca" }.Select(name => Path.Combine(from, name)).Where(Directory.Exists))
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(to, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }
    }
}
