using System.CommandLine;
using System.Net;
using System.Text.Json;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Conformance;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Trials;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Commands;

/// <summary><c>conformance</c>: what is right and every fault, against any ACME server, with a report by section.</summary>
internal sealed class ConformanceCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Option<string> _directory = new("--directory") { Description = "the ACME directory", Required = true };
    private readonly Option<string> _kind = new("--kind") { Description = $"the device to do it with: {string.Join(", ", Devices.Kinds)}", DefaultValueFactory = _ => "mac" };
    private readonly Option<string> _ca = new("--ca") { Description = "PEM file of the root that the server's TLS certificate must lead to", DefaultValueFactory = _ => Defaults.Ca };
    private readonly Option<string> _vendors = new("--vendors") { Description = "folder of the fake vendors, whose roots the server must trust (default: .dev/vendors)", DefaultValueFactory = _ => Defaults.Vendors };
    private readonly Option<string?> _serial = new("--serial") { Description = "serial number of the device, where the server must know it" };
    private readonly Option<string[]> _names = new("--name") { Description = "server: DNS name or IP address; can be repeated", DefaultValueFactory = _ => ["host.example"] };
    private readonly Option<string[]> _only = new("--only") { Description = "rows by name; can be repeated", DefaultValueFactory = _ => [] };
    private readonly Option<bool> _ours = new("--deviceacme") { Description = "the server is DeviceAcme: its reason codes must be right too" };
    private readonly Option<string?> _eabKeyId = new("--eab-key-id") { Description = "key identifier of an external account that may be used again and again" };
    private readonly Option<string?> _eabKey = new("--eab-key") { Description = "MAC key of the external account, base64url" };
    private readonly Option<string?> _junit = new("--junit") { Description = "write JUnit XML to this file" };
    private readonly Option<string?> _html = new("--html") { Description = "write a page with all requests and answers to this file" };
    private readonly Option<bool> _exchanges = new("--exchanges") { Description = "show requests and answers" };
    private readonly Option<bool> _json = new("--json") { Description = "one JSON object on stdout" };
    private readonly Option<IPEndPoint> _dnsListen = Options.EndPoint("--dns-listen", "server: where to answer DNS meanwhile", "127.0.0.1:8053");
    private readonly Option<int> _httpPort = new("--http-port") { Description = "server: where to answer http-01", DefaultValueFactory = _ => 5002 };
    private readonly Option<int> _timeout = new("--timeout") { Description = "seconds for all of it", DefaultValueFactory = _ => 900 };
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    private ConformanceCommand(Terminal terminal, TimeProvider time)
    {
        _terminal = terminal;
        _time = time;
        _kind.AcceptOnlyFromAmong([.. Devices.Kinds]);
    }

    public static Command Make(Terminal terminal, TimeProvider time)
    {
        var conformance = new ConformanceCommand(terminal, time);
        var command = new Command("conformance", "play what is right and every fault against an ACME server, and report by section of the standards")
        {
            conformance._directory, conformance._kind, conformance._ca, conformance._vendors, conformance._serial, conformance._names, conformance._only, conformance._ours, conformance._eabKeyId, conformance._eabKey,
            conformance._junit, conformance._html, conformance._exchanges, conformance._json, conformance._dnsListen, conformance._httpPort, conformance._timeout,
        };
        command.SetAction(conformance.Run);
        return command;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken interrupted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(parsed.GetValue(_timeout)), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(interrupted, limit.Token);
        try
        {
            return await Play(parsed, either.Token);
        }
        catch (OperationCanceledException)
        {
            throw new SimulatorException($"not done within {parsed.GetValue(_timeout)} s", "--timeout gives more time");
        }
    }

    private async Task<int> Play(ParseResult parsed, CancellationToken cancellation)
    {
        var (directory, kind) = (parsed.GetRequiredValue(_directory), parsed.GetRequiredValue(_kind));
        var vendors = new VendorFolder(parsed.GetRequiredValue(_vendors)).Open();
        var external = ExternalAccount(parsed);
        using var recorder = new ExchangeRecorder(TrustedRoot.Handler(parsed.GetRequiredValue(_ca)));
        using var http = new HttpClient(recorder);
        await Look(http, directory, cancellation);
        var run = new ConformanceRun(kind, parsed.GetValue(_ours), external is not null, recorder, _time);
        var wanted = parsed.GetRequiredValue(_only);
        var results = new List<ConformanceResult>();
        foreach (var row in run.Rows.Where(row => wanted.Length == 0 || wanted.Contains(row.Name)))
        {
            recorder.Take();
            results.Add(await run.Play(
                row, evidence => Devices.Start(Settings(parsed, http, kind, directory, evidence), () => vendors, _time.GetUtcNow(), cancellation),
                device => new Trial(http, directory, device, _time, cancellation) { ExternalAccount = external }));
        }

        var report = new ConformanceReport(directory, kind, _time.GetUtcNow(), results);
        Write(parsed, report);
        return report.Count(Mark.Fail) == 0 ? Exit.Done : Exit.Refused;
    }

    // said once, and not as hundreds of rows that fail
    private async Task Look(HttpClient http, string directory, CancellationToken cancellation)
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        try
        {
            await new EnrollmentRun(http, directory, key, _time).Client.Directory(cancellation);
        }
        catch (AcmeClientException failure)
        {
            throw new SimulatorException(failure.Message, failure.Status is null ? "does the server run, and are --directory and --ca right?" : "is --directory the URL of an ACME directory?");
        }
    }

    private DeviceSettings Settings(ParseResult parsed, HttpClient http, string kind, string directory, string? evidence) => new()
    {
        Kind = kind,
        Serial = parsed.GetValue(_serial),
        Names = parsed.GetRequiredValue(_names),
        Fault = evidence,
        DnsListen = parsed.GetRequiredValue(_dnsListen),
        HttpPort = parsed.GetValue(_httpPort),
        AttestationCa = kind == ActivatedTpm.KindName ? new ActivationClient(http, Trial.AttestationCaOf(directory), new AcmeClientOptions { Time = _time, UserAgent = "device-sim" }) : null,
    };

    private ExternalAccountCredential? ExternalAccount(ParseResult parsed) => (parsed.GetValue(_eabKeyId), parsed.GetValue(_eabKey)) switch
    {
        (null, null) => null,
        ({ } id, { } key) when Base64Url.TryDecode(key, 1024, out var octets) => new ExternalAccountCredential(id, octets),
        _ => throw new SimulatorException("--eab-key-id and --eab-key go together, and the key is base64url without padding"),
    };

    private void Write(ParseResult parsed, ConformanceReport report)
    {
        if (parsed.GetValue(_junit) is { } junit)
        {
            using var file = new StreamWriter(junit);
            report.WriteJUnit(file);
        }

        if (parsed.GetValue(_html) is { } html)
        {
            File.WriteAllText(html, report.ToHtml());
        }

        if (parsed.GetValue(_json))
        {
            _terminal.Data(report.ToJson().ToJsonString(Indented));
        }
        else
        {
            foreach (var line in report.Lines(parsed.GetValue(_exchanges)))
            {
                _terminal.Data(line);
            }
        }

        _terminal.Say($"device-sim: {report.Count(Mark.Pass)} pass, {report.Count(Mark.Fail)} fail, {report.Count(Mark.NotApplicable)} not applicable");
    }
}
