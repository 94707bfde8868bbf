using System.Net;
using DeviceAcme.Bench.Processes;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Fleet;
using DeviceAcme.Simulator.Vendors;
using DeviceAcme.Testing;

namespace DeviceAcme.Bench.Soak;

/// <summary>What a soak is.</summary>
internal sealed record SoakSettings
{
    public required int Minutes { get; init; }
    public required FleetMix Mix { get; init; }
    public required int Concurrency { get; init; }
    public string? Folder { get; init; }
    public string? Server { get; init; }
}

/// <summary>
/// Mixed load on one server for as long as it is asked for: devices of several kinds enroll, renew, revoke and make mistakes, and each minute the server is looked at. Nothing
/// but the database may grow.
/// </summary>
internal sealed class SoakRun(SoakSettings settings, TimeProvider time, Action<string> say)
{
    private const int Batch = 64;
    private const double Mistakes = 0.05;
    private const double Renewals = 0.2;
    private const double Revocations = 0.05;
    private const double Megabyte = 1024 * 1024;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private int _batches;

    public async Task<SoakResult> Run(Action<SoakMinute> told, CancellationToken cancellation)
    {
        using var workplace = new Workplace(settings.Folder, time);
        var anchors = new VendorFolder(workplace.Folder("vendors"));
        var (vendors, _) = anchors.Init("bench");
        var ports = FreePorts.Take(2);
        await using var network = await HostNetwork.Start(new IPEndPoint(IPAddress.Loopback, ports[0]), ports[1], new TxtRecords(Path.Combine(workplace.Path, "dns-txt")), cancellation);
        var setup = new ServerSetup(settings.Server ?? DotnetProgram.Server, workplace.Folder("data"), anchors.Path, new IPEndPoint(IPAddress.Loopback, ports[0]), ports[1], [])
        {
            More = ["--android-status-list", anchors.StatusListPath],
        };
        say("starting the server");
        var minutes = new List<SoakMinute>();
        string? unsound;
        await using (var server = await ServerUnderTest.Start(setup, time, cancellation))
        {
            var surroundings = new FleetSurroundings
            {
                Http = server.Client(),
                Directory = kind => Simulator.Enrollment.Devices.Directory(kind, server.Url),
                Vendors = vendors.InHaste(),
                Time = time,
                Network = network,
                Concurrency = settings.Concurrency,
            };
            surroundings.Http.Timeout = Timeout.InfiniteTimeSpan;
            using (surroundings.Http)
            {
                for (var minute = 1; minute <= settings.Minutes; minute++)
                {
                    var seen = await OneMinute(minute, surroundings, server, setup.Data, cancellation);
                    minutes.Add(seen);
                    told(seen);
                }
            }

            unsound = await StoreJudgement.Of(setup, cancellation);
        }

        return new SoakResult(minutes, [.. Flatness.Judge(minutes), .. unsound is null ? Array.Empty<string>() : [unsound]]);
    }

    private async Task<SoakMinute> OneMinute(int minute, FleetSurroundings surroundings, ServerUnderTest server, string data, CancellationToken cancellation)
    {
        var statistics = new FleetStatistics();
        var run = new FleetRun(surroundings, statistics);
        for (var begun = time.GetTimestamp(); time.GetElapsedTime(begun) < Minute;)
        {
            // a seed for each batch, and serial numbers of its own: no device comes twice
            var plan = FleetPlan.Make(settings.Mix, Batch, Mistakes, Renewals, Revocations, new Seed($"soak:{_batches}"));
            var first = _batches++ * Batch;
            await run.Run(plan.Select(device => device with { Serial = Renumbered(device, first) }), cancellation);
        }

        foreach (var failure in statistics.FailuresByReason())
        {
            say($"minute {minute}: {failure.Count} times {failure.What}: {failure.Example}");
        }

        foreach (var missed in statistics.Missed())
        {
            say($"minute {minute}: {missed}");
        }

        var latency = statistics.Latency();
        var file = Path.Combine(data, "acme.db");
        return new SoakMinute
        {
            Minute = minute,
            Enrollments = statistics.Enrolled + statistics.Renewed,
            Unexpected = statistics.Failed + statistics.FaultsMissed,
            P50Milliseconds = latency.P50,
            P99Milliseconds = latency.P99,
            ResidentMegabytes = server.ResidentBytes / Megabyte,
            Handles = server.Handles,
            Threads = server.Threads,
            DatabaseMegabytes = Size(file),
            LogMegabytes = Size(file + "-wal"),
        };
    }

    private static string Renumbered(FleetDevice device, int first) =>
        device.Serial.Replace($"{device.Number}", $"{first + device.Number}", StringComparison.Ordinal);

    private static double Size(string file) => File.Exists(file) ? new FileInfo(file).Length / Megabyte : 0;
}
