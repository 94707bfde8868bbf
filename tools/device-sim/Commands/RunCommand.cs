using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Scenarios;
using DeviceAcme.Simulator.Servers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Commands;

/// <summary><c>run FILE…</c>: plays scenario files against a server, its own or a given one.</summary>
internal sealed class RunCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Argument<string[]> _files = new("FILE") { Description = "scenario files, or folders of them", Arity = ArgumentArity.OneOrMore };
    private readonly Option<bool> _check = new("--check", "--dry-run") { Description = "read the files and say what is wrong with them; no server is asked" };
    private readonly Option<string[]> _only = new("--only") { Description = "scenarios whose name, or whose file's name, fits this glob; can be repeated", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _profiles = new("--profiles") { Description = "own server: folder of the profiles (default: those that come with the server)" };
    private readonly Option<string?> _program = new("--server-program") { Description = $"own server: its program (default: {ServerFiles.Variable}, or what is built in this repository)" };
    private readonly Option<string?> _data = new("--data") { Description = "a running server of this machine: its data directory, where URL, root and token are found" };
    private readonly Option<string?> _server = new("--server") { Description = "a running DeviceAcme: its base URL" };
    private readonly Option<string?> _directory = new("--directory") { Description = "any running server: the one ACME directory that all devices use" };
    private readonly Option<string?> _admin = new("--admin") { Description = "running server: URL of its admin listener, for scenarios with a ledger or tickets" };
    private readonly Option<string?> _token = new("--admin-token-file") { Description = "running server: file with an administrator's or officer's token" };
    private readonly Option<string?> _ca = new("--ca") { Description = $"running server: PEM file of the root that its TLS certificate must lead to (default: {Defaults.Ca})" };
    private readonly Option<string> _vendors = new("--vendors") { Description = "running server: folder of the fake vendors, whose roots it must trust", DefaultValueFactory = _ => Defaults.Vendors };
    private readonly Option<IPEndPoint> _dnsListen = Options.EndPoint("--dns-listen", "running server: where to answer DNS meanwhile", "127.0.0.1:8053");
    private readonly Option<int> _httpPort = new("--http-port") { Description = "running server: where to answer http-01", DefaultValueFactory = _ => 5002 };
    private readonly Option<string?> _junit = new("--junit") { Description = "write JUnit XML to this file" };
    private readonly Option<bool> _json = new("--json") { Description = "one JSON object on stdout" };
    private readonly Option<int> _timeout = new("--timeout") { Description = "seconds for all of it", DefaultValueFactory = _ => 600 };
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    private RunCommand(Terminal terminal, TimeProvider time)
    {
        _terminal = terminal;
        _time = time;
    }

    public static Command Make(Terminal terminal, TimeProvider time)
    {
        var run = new RunCommand(terminal, time);
        var command = new Command("run", "play scenario files: devices, what they do, and what is expected of the server")
        {
            run._files, run._check, run._only, run._profiles, run._program, run._data, run._server, run._directory, run._admin, run._token, run._ca, run._vendors, run._dnsListen, run._httpPort,
            run._junit, run._json, run._timeout,
        };
        command.Validators.Add(result =>
        {
            if (new Option[] { run._data, run._server, run._directory }.Count(option => result.GetResult(option) is not null) > 1)
            {
                result.AddError("only one of --data, --server and --directory names a running server");
            }

            if (new Option[] { run._data, run._server, run._directory }.Any(option => result.GetResult(option) is not null) && (result.GetResult(run._profiles) ?? result.GetResult(run._program)) is not null)
            {
                result.AddError("--profiles and --server-program are for a server that this command starts itself");
            }
        });
        command.SetAction(run.Run);
        return command;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken interrupted)
    {
        var files = ScenarioReader.ReadAll(parsed.GetRequiredValue(_files));
        var wanted = parsed.GetRequiredValue(_only);
        var chosen = files.SelectMany(file => file.Scenarios.Select(scenario => (File: file, Scenario: scenario)))
            .Where(pair => wanted.Length == 0 || wanted.Any(glob => Glob.Matches(glob, pair.Scenario.Name) || Glob.Matches(glob, pair.File.Name))).ToList();
        if (chosen.Count == 0)
        {
            throw new SimulatorException($"--only: no scenario fits {string.Join(", ", wanted)}", $"there are {string.Join("; ", files.SelectMany(file => file.Scenarios).Select(scenario => scenario.Name).Take(8))}");
        }

        if (parsed.GetValue(_check))
        {
            _terminal.Say($"device-sim: {chosen.Count} scenarios in {files.Count} files are right");
            return Exit.Done;
        }

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(parsed.GetValue(_timeout)), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(interrupted, limit.Token);
        try
        {
            return await Play(parsed, chosen, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new SimulatorException($"not done within {parsed.GetValue(_timeout)} s", "--timeout gives more time");
        }
        catch (OperationCanceledException)
        {
            throw new SimulatorException("interrupted");
        }
    }

    private async Task<int> Play(ParseResult parsed, IReadOnlyList<(ScenarioFile File, Scenario Scenario)> chosen, CancellationToken cancellation)
    {
        if (parsed.GetValue(_data) is null && parsed.GetValue(_server) is null && parsed.GetValue(_directory) is null)
        {
            _terminal.Say("device-sim: starts a server in a folder of its own");
            await using var own = await LocalServer.Start(parsed.GetValue(_program), parsed.GetValue(_profiles), cancellation);
            using var http = TrustedRoot.Client(own.Root);
            using var administrator = Administrator.At(own.AdminUrl, own.AdminToken, new SocketsHttpHandler());
            await using var answers = await Network(chosen, own.Dns, own.HttpPort, cancellation);
            return await Play(parsed, chosen, new ScenarioSurroundings { Http = http, Vendors = own.Vendors, Time = _time, Server = own.Url, Administrator = administrator, Network = answers }, cancellation);
        }

        var running = Given(parsed);
        using var client = TrustedRoot.Client(running.Ca);
        using var officer = running is { Admin: { } admin, Token: { } token } ? Administrator.At(admin, token, TrustedRoot.Handler(running.Ca)) : null;
        if (officer is null && chosen.FirstOrDefault(pair => pair.File.NeedsAdministrator).File is { } file)
        {
            throw new SimulatorException($"{file.Path} is about the ledger or tickets", "--data, or --admin and --admin-token-file, let the simulator administer the server");
        }

        await using var network = await Network(chosen, parsed.GetRequiredValue(_dnsListen), parsed.GetValue(_httpPort), cancellation);
        return await Play(parsed, chosen, new ScenarioSurroundings
        {
            Http = client,
            Vendors = new VendorFolder(parsed.GetRequiredValue(_vendors)).Open(),
            Time = _time,
            Server = running.Server,
            Directory = parsed.GetValue(_directory),
            Administrator = officer,
            Network = network,
        }, cancellation);
    }

    private async Task<int> Play(ParseResult parsed, IReadOnlyList<(ScenarioFile File, Scenario Scenario)> chosen, ScenarioSurroundings around, CancellationToken cancellation)
    {
        LedgerConflicts.Check([.. chosen.Select(pair => pair.File).Distinct()], around.Vendors);
        await Look(around, chosen[0].File, cancellation);
        var run = new ScenarioRun(around);
        var results = new List<ScenarioResult>();
        var json = parsed.GetValue(_json);
        foreach (var (file, scenario) in chosen)
        {
            var result = await run.Play(file, scenario, cancellation);
            results.Add(result);
            foreach (var line in ScenarioReport.Lines(result))
            {
                if (json)
                {
                    _terminal.Say(line);
                }
                else
                {
                    _terminal.Data(line);
                }
            }
        }

        var report = new ScenarioReport(around.Directory ?? around.Server, _time.GetUtcNow(), results);
        if (parsed.GetValue(_junit) is { } junit)
        {
            using var file = new StreamWriter(junit);
            report.WriteJUnit(file);
        }

        if (json)
        {
            _terminal.Data(report.ToJson().ToJsonString(Indented));
        }

        _terminal.Say($"device-sim: {results.Count - report.Missed} scenarios as expected, {report.Missed} missed");
        return report.Missed == 0 ? Exit.Done : Exit.Refused;
    }

    // a server that is not there is said once, and not as many scenarios that were missed
    private async Task Look(ScenarioSurroundings around, ScenarioFile file, CancellationToken cancellation)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var device = file.Devices.Values.First();
        try
        {
            await new EnrollmentRun(around.Http, around.DirectoryOf(device.File.Directory, file.Profile, device.Kind), key, _time).Client.Directory(cancellation);
        }
        catch (AcmeClientException failure)
        {
            throw new SimulatorException(failure.Message, failure.Status is null ? "does the server run, and is --ca right?" : $"{file.Path} says 'profile: {file.Profile}': does the server have it?");
        }
    }

    private static async Task<HostNetwork?> Network(IReadOnlyList<(ScenarioFile File, Scenario Scenario)> chosen, IPEndPoint dns, int httpPort, CancellationToken cancellation) =>
        chosen.SelectMany(pair => pair.File.Devices.Values).Any(device => device.File.Kind == ServerHost.KindName)
            ? await HostNetwork.Start(dns, httpPort, new TxtRecords(Defaults.TxtRecords), cancellation)
            : null;

    private (string Server, string Ca, string? Admin, string? Token) Given(ParseResult parsed)
    {
        var ca = parsed.GetValue(_ca);
        if (parsed.GetValue(_data) is not { } data)
        {
            var server = parsed.GetValue(_server) ?? parsed.GetValue(_directory)!;
            return Uri.TryCreate(server, UriKind.Absolute, out var url) && url.Scheme is "https" or "http"
                ? (server.TrimEnd('/'), ca ?? Defaults.Ca, parsed.GetValue(_admin), parsed.GetValue(_token))
                : throw new SimulatorException($"expected an https URL, found '{server}'", "--server is the base URL of a DeviceAcme, --directory that of an ACME directory");
        }

        return RunningServer.Read(Path.Combine(data, RunningServer.FileName)) is { Url: { } found } running
            ? (found.ToString().TrimEnd('/'), ca ?? Path.Combine(data, "ca", "root.pem"), parsed.GetValue(_admin) ?? running.AdminUrl?.ToString(), parsed.GetValue(_token) ?? Path.Combine(data, RunningServer.TokenFileName))
            : throw new SimulatorException($"no server has run in {data}", "--data is the data directory of a server on this machine");
    }
}
