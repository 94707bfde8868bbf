using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Fleet;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Commands;

/// <summary><c>fleet</c>: many devices enroll, renew, revoke and make mistakes.</summary>
internal sealed class FleetCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(1);

    private readonly Option<int> _devices = new("--devices") { Description = "how many", DefaultValueFactory = _ => 100 };
    private readonly Option<string> _mix = new("--mix") { Description = "kinds and their weights", DefaultValueFactory = _ => "apple=60,tpm=30,server=10" };
    private readonly Option<int> _concurrency = new("--concurrency") { Description = "how many at a time", DefaultValueFactory = _ => 32 };
    private readonly Option<double> _faults = Share("--faults", "share of devices that do one thing wrong", "2%");
    private readonly Option<double> _renew = Share("--renew", "share of devices that renew", "10%");
    private readonly Option<double> _revoke = Share("--revoke", "share of devices that revoke their certificate", "2%");
    private readonly Option<string> _server = new("--server") { Description = "base URL of a DeviceAcme with the shipped profiles", DefaultValueFactory = _ => "https://localhost:14000" };
    private readonly Option<string[]> _directories = new("--directory") { Description = "KIND=URL: another directory for a kind; can be repeated", DefaultValueFactory = _ => [] };
    private readonly Option<string> _ca = new("--ca") { Description = "PEM file of the root that the server's TLS certificate must lead to", DefaultValueFactory = _ => Defaults.Ca };
    private readonly Option<string> _vendors = new("--vendors") { Description = "folder of the fake vendors (default: .dev/vendors)", DefaultValueFactory = _ => Defaults.Vendors };
    private readonly Option<string> _seed = new("--seed") { Description = "decides who does what; the same seed, the same fleet", DefaultValueFactory = _ => "fleet" };
    private readonly Option<string?> _inventory = new("--inventory") { Description = "write the fleet as an inventory for the server's --devices, and end" };
    private readonly Option<string> _out = new("--out") { Description = "folder for report.json and report.html", DefaultValueFactory = _ => Path.Combine(".dev", "fleet") };
    private readonly Option<IPEndPoint> _dnsListen = Options.EndPoint("--dns-listen", "hosts: where to answer DNS meanwhile", "127.0.0.1:8053");
    private readonly Option<int> _httpPort = new("--http-port") { Description = "hosts: where to answer http-01", DefaultValueFactory = _ => 5002 };
    private readonly Option<int> _timeout = new("--timeout") { Description = "seconds for all of it", DefaultValueFactory = _ => 3600 };
    private readonly Option<bool> _json = new("--json") { Description = "the report as one JSON object on stdout" };
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    private FleetCommand(Terminal terminal, TimeProvider time)
    {
        _terminal = terminal;
        _time = time;
        foreach (var (option, most) in new[] { (_devices, 1_000_000), (_concurrency, 1000), (_httpPort, 65535), (_timeout, 86400) })
        {
            option.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() is var value && (value < 1 || value > most))
                {
                    result.AddError($"{option.Name}: expected 1 to {most}");
                }
            });
        }
    }

    public static Command Make(Terminal terminal, TimeProvider time)
    {
        var fleet = new FleetCommand(terminal, time);
        var command = new Command("fleet", "enroll many devices at once, renew, revoke, make mistakes, and report")
        {
            fleet._devices, fleet._mix, fleet._concurrency, fleet._faults, fleet._renew, fleet._revoke, fleet._server, fleet._directories, fleet._ca, fleet._vendors, fleet._seed, fleet._inventory,
            fleet._out, fleet._dnsListen, fleet._httpPort, fleet._timeout, fleet._json,
        };
        command.SetAction(fleet.Run);
        return command;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken interrupted)
    {
        var mix = FleetMix.Parse(parsed.GetRequiredValue(_mix));
        var plan = FleetPlan.Make(
            mix, parsed.GetValue(_devices), parsed.GetValue(_faults), parsed.GetValue(_renew), parsed.GetValue(_revoke), new Seed("fleet:" + parsed.GetRequiredValue(_seed)));
        var vendors = new VendorFolder(parsed.GetRequiredValue(_vendors)).Open();
        if (parsed.GetValue(_inventory) is { } inventory)
        {
            var count = FleetInventory.Write(inventory, plan, vendors);
            _terminal.Say($"device-sim: {count} devices in {inventory}; the server takes them with --devices {inventory}");
            return Exit.Done;
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(parsed.GetValue(_timeout)), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(interrupted, limit.Token);
        using var http = TrustedRoot.Client(parsed.GetRequiredValue(_ca));
        // the ACME client has a patience of its own for each request
        http.Timeout = Timeout.InfiniteTimeSpan;
        var hosts = mix.Parts.Any(part => part.Kind == ServerHost.KindName);
        await using var network = hosts
            ? await HostNetwork.Start(parsed.GetRequiredValue(_dnsListen), parsed.GetValue(_httpPort), new TxtRecords(Defaults.TxtRecords), either.Token)
            : null;
        return await Run(parsed, plan, mix, new FleetSurroundings
        {
            Http = http,
            Directory = Directories(parsed),
            Vendors = vendors.InHaste(),
            Time = _time,
            Network = network,
            Concurrency = parsed.GetValue(_concurrency),
        }, either.Token);
    }

    private async Task<int> Run(ParseResult parsed, IReadOnlyList<FleetDevice> plan, FleetMix mix, FleetSurroundings surroundings, CancellationToken cancellation)
    {
        var statistics = new FleetStatistics();
        var run = new FleetRun(surroundings, statistics);
        await Look(run, mix, cancellation);
        var (started, start, processor) = (_time.GetUtcNow(), _time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        using (var done = new CancellationTokenSource())
        {
            var progress = Tell(statistics, plan.Count, start, done.Token);
            try
            {
                await run.Run(plan, cancellation);
            }
            catch (OperationCanceledException)
            {
                _terminal.Error($"ended after {statistics.DevicesDone} of {plan.Count} devices", "--timeout gives more time");
            }

            await done.CancelAsync();
            await progress;
        }

        using var process = Process.GetCurrentProcess();
        var report = new FleetReport
        {
            Started = started,
            Duration = _time.GetElapsedTime(start),
            Server = parsed.GetRequiredValue(_server),
            Mix = mix,
            Devices = plan.Count,
            Concurrency = surroundings.Concurrency,
            Statistics = statistics,
            Processor = Environment.CpuUsage.TotalTime - processor,
            PeakBytes = process.PeakWorkingSet64,
        };
        Write(parsed, report);
        return report.AsExpected ? Exit.Done : Exit.Refused;
    }

    private static async Task Look(FleetRun run, FleetMix mix, CancellationToken cancellation)
    {
        try
        {
            await run.Look(mix.Parts.Select(part => part.Kind), cancellation);
        }
        catch (AcmeClientException failure)
        {
            throw new SimulatorException(failure.Message, failure.Status is null ? "does the server run, and are --server and --ca right?" : "is --server a DeviceAcme with the shipped profiles? --directory KIND=URL names another directory");
        }
        catch (OperationCanceledException)
        {
            throw new SimulatorException("the server did not answer in time", "--timeout gives more time");
        }
    }

    private Func<string, string> Directories(ParseResult parsed)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in parsed.GetRequiredValue(_directories).Select(text => text.Split('=', 2)))
        {
            if (pair.Length != 2 || !Devices.Kinds.Contains(pair[0]))
            {
                throw new SimulatorException($"--directory: expected KIND=URL, found '{string.Join('=', pair)}'");
            }

            given[pair[0]] = pair[1];
        }

        var server = parsed.GetRequiredValue(_server).TrimEnd('/');
        return kind => given.GetValueOrDefault(kind) ?? Devices.Directory(kind, server);
    }

    private async Task Tell(FleetStatistics statistics, int devices, long start, CancellationToken done)
    {
        var before = 0;
        using var timer = new PeriodicTimer(Progress, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(done))
            {
                var latency = statistics.Latency();
                _terminal.Say(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_time.GetElapsedTime(start).TotalSeconds,5:0} s  {statistics.DevicesDone}/{devices}  {latency.Count - before}/s  p50 {latency.P50:0} ms  p95 {latency.P95:0} ms  p99 {latency.P99:0} ms  faults as expected {statistics.FaultsMet}, missed {statistics.FaultsMissed}{Failing(statistics)}"));
                before = latency.Count;
            }
        }
        catch (OperationCanceledException)
        {
            // the run is over; the report says the rest
            return;
        }
    }

    private static string Failing(FleetStatistics statistics) => string.Concat(statistics.FailuresByReason().Take(3).Select(failure => $"  {failure.What}: {failure.Count}"));

    private void Write(ParseResult parsed, FleetReport report)
    {
        var folder = parsed.GetRequiredValue(_out);
        Directory.CreateDirectory(folder);
        var (json, page) = (Path.Combine(folder, "report.json"), Path.Combine(folder, "report.html"));
        var text = report.ToJson().ToJsonString(Indented);
        File.WriteAllText(json, text + "\n");
        File.WriteAllText(page, FleetPage.Write(report));
        foreach (var missed in report.Statistics.Missed())
        {
            _terminal.Error(missed, null);
        }

        if (parsed.GetValue(_json))
        {
            _terminal.Data(text);
            return;
        }

        var latency = report.Statistics.Latency();
        Line("result", report.AsExpected ? "as expected" : $"{report.Statistics.Failed + report.Statistics.FaultsMissed} missed, {report.Devices - report.Statistics.DevicesDone} not done");
        Line("devices", $"{report.Statistics.DevicesDone} of {report.Devices} ({report.Mix})");
        Line("certificates", string.Create(CultureInfo.InvariantCulture, $"{report.Statistics.Enrolled} enrolled, {report.Statistics.Renewed} renewed, {report.Statistics.Revoked} revoked, {report.PerSecond:0.0} a second"));
        Line("faults", $"{report.Statistics.FaultsMet} as expected, {report.Statistics.FaultsMissed} missed");
        Line("enrollment", string.Create(CultureInfo.InvariantCulture, $"p50 {latency.P50:0} ms, p95 {latency.P95:0} ms, p99 {latency.P99:0} ms, longest {latency.Longest:0} ms"));
        Line("simulator", string.Create(CultureInfo.InvariantCulture, $"{report.ProcessorMilliseconds:0.00} ms processor time for each, at most {report.PeakMegabytes:0} MB"));
        Line("report", json);
        Line("page", page);
    }

    private void Line(string name, string value) => _terminal.Data($"{name,-13} {value}");

    private static Option<double> Share(string name, string description, string standard) => new(name)
    {
        Description = $"{description} (default: {standard})",
        DefaultValueFactory = _ => Percent(standard) ?? 0,
        CustomParser = result =>
        {
            if (Percent(result.Tokens[0].Value) is { } share)
            {
                return share;
            }

            result.AddError($"{name}: expected 0% to 100%, found '{result.Tokens[0].Value}'");
            return 0;
        },
    };

    private static double? Percent(string text) =>
        text.EndsWith('%') && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is >= 0 and <= 100 ? percent / 100 : null;
}
