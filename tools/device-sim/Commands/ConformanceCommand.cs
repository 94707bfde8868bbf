using System.CommandLine;
using System.Globalization;
using System.Net;
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
    // a server that says nothing three times says nothing more
    private const int Silences = 3;

    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(2);

    private readonly Option<string[]> _directories = new("--directory") { Description = "the ACME directory; can be repeated for a server that has several", DefaultValueFactory = _ => [] };
    private readonly Option<string[]> _kinds = new("--kind") { Description = $"a device that the server must take, can be repeated: {string.Join(", ", Devices.Kinds)} (default: all that it takes, by asking)", DefaultValueFactory = _ => [] };
    private readonly Option<string> _ca = new("--ca") { Description = "PEM file of the root that the server's TLS certificate must lead to", DefaultValueFactory = _ => Defaults.Ca };
    private readonly Option<string> _vendors = new("--vendor-roots", "--vendors") { Description = "folder of the fake vendors (vendor init makes it), whose roots the server must trust (default: .dev/vendors)", DefaultValueFactory = _ => Defaults.Vendors };
    private readonly Option<string?> _serial = new("--serial") { Description = "serial number of the device, where the server must know it; with one --kind" };
    private readonly Option<string?> _clientIdentifier = new("--client-identifier") { Description = "byod: the code of a ticket that may be used again and again" };
    private readonly Option<string[]> _names = new("--name") { Description = "server: DNS name or IP address; can be repeated", DefaultValueFactory = _ => ["host.example"] };
    private readonly Option<string[]> _only = new("--only") { Description = "cases by name; can be repeated", DefaultValueFactory = _ => [] };
    private readonly Option<bool> _list = new("--list") { Description = "list the cases and ask nobody" };
    private readonly Option<bool> _ours = new("--deviceacme") { Description = "the server is DeviceAcme: its reason codes must be right too" };
    private readonly Option<string?> _eabKeyId = new("--eab-key-id") { Description = "key identifier of an external account that may be used again and again" };
    private readonly Option<string?> _eabKey = new("--eab-key") { Description = "MAC key of the external account, base64url" };
    private readonly Option<string?> _onceKeyId = new("--eab-once-key-id") { Description = "key identifier of an external account that is good for one account" };
    private readonly Option<string?> _onceKey = new("--eab-once-key") { Description = "its MAC key, base64url" };
    private readonly Option<string[]> _headers = new("--header") { Description = "'Name: value' to send with every request; can be repeated", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _junit = new("--junit") { Description = "write JUnit XML to this file" };
    private readonly Option<string?> _html = new("--html") { Description = "write a page with all requests and answers to this file" };
    private readonly Option<string?> _transcript = new("--transcript") { Description = "write all requests and answers to this file, as text" };
    private readonly Option<string[]> _show = new("--show") { Description = "show requests and answers of this case, or of all; can be repeated", DefaultValueFactory = _ => [] };
    private readonly Option<bool> _json = new("--json") { Description = "one JSON object on stdout" };
    private readonly Option<IPEndPoint> _dnsListen = Options.EndPoint("--dns-listen", "server: where to answer DNS meanwhile", "127.0.0.1:8053");
    private readonly Option<int> _httpPort = new("--http-port") { Description = "server: where to answer http-01", DefaultValueFactory = _ => 5002 };
    private readonly Option<int> _caseTimeout = new("--case-timeout") { Description = "seconds for one case", DefaultValueFactory = _ => 60 };
    private readonly Option<int> _timeout = new("--timeout") { Description = "seconds for all of it", DefaultValueFactory = _ => 900 };
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    private ConformanceCommand(Terminal terminal, TimeProvider time)
    {
        _terminal = terminal;
        _time = time;
        _kinds.AcceptOnlyFromAmong([.. Devices.Kinds]);
    }

    public static Command Make(Terminal terminal, TimeProvider time)
    {
        var conformance = new ConformanceCommand(terminal, time);
        var command = new Command("conformance", "play what is right and every fault against an ACME server with device-attest-01, and report by section of the standards")
        {
            conformance._directories, conformance._kinds, conformance._ca, conformance._vendors, conformance._serial, conformance._clientIdentifier, conformance._names, conformance._only, conformance._list,
            conformance._ours, conformance._eabKeyId, conformance._eabKey, conformance._onceKeyId, conformance._onceKey, conformance._headers, conformance._junit, conformance._html, conformance._transcript,
            conformance._show, conformance._json, conformance._dnsListen, conformance._httpPort, conformance._caseTimeout, conformance._timeout,
        };
        command.SetAction(conformance.Run);
        return command;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken interrupted)
    {
        Check(parsed);
        if (parsed.GetValue(_list))
        {
            return List(parsed);
        }

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

    // everything that can be told before anybody is asked
    private void Check(ParseResult parsed)
    {
        var names = ConformanceRun.All.Select(row => row.Name).ToHashSet(StringComparer.Ordinal);
        var unknown = parsed.GetRequiredValue(_only).Concat(parsed.GetRequiredValue(_show).Where(name => name != "all")).FirstOrDefault(name => !names.Contains(name));
        if (unknown is not null)
        {
            throw new SimulatorException($"there is no case '{unknown}'", "--list lists them");
        }

        if (!parsed.GetValue(_list) && parsed.GetRequiredValue(_directories).Length == 0)
        {
            throw new SimulatorException("no --directory was named", "give the URL of an ACME directory");
        }
    }

    private int List(ParseResult parsed)
    {
        var kinds = parsed.GetRequiredValue(_kinds);
        foreach (var section in ConformanceReport.BySection(ConformanceRun.All.Where(row => kinds.Length == 0 || row.Kinds.Any(kinds.Contains)), row => row))
        {
            _terminal.Data(section.Section);
            foreach (var row in section.Rows)
            {
                _terminal.Data($"  {row.Name,-38} {row.Description}");
            }
        }

        return Exit.Done;
    }

    private async Task<int> Play(ParseResult parsed, CancellationToken cancellation)
    {
        var vendors = new VendorFolder(parsed.GetRequiredValue(_vendors)).Open().InHaste();
        var external = ExternalAccount(parsed, _eabKeyId, _eabKey);
        var singleUse = ExternalAccount(parsed, _onceKeyId, _onceKey);
        var limit = TimeSpan.FromSeconds(parsed.GetValue(_caseTimeout));
        using var recorder = new ExchangeRecorder(TrustedRoot.Handler(parsed.GetRequiredValue(_ca)));
        using var http = new HttpClient(recorder);
        foreach (var header in parsed.GetRequiredValue(_headers))
        {
            AddHeader(http, header);
        }

        Task<IDevice> Start(string kind, string directory, string? evidence, CancellationToken token) =>
            Devices.Start(Settings(parsed, http, kind, directory, evidence), () => vendors, _time.GetUtcNow(), token);

        var directories = parsed.GetRequiredValue(_directories);
        var targets = await Targets(parsed, new Discovery(http, _time, limit, cancellation), directories, external, Start);
        var run = new ConformanceRun(targets, parsed.GetRequiredValue(_kinds), parsed.GetValue(_ours), singleUse, recorder, _time, limit);
        var rows = run.Rows.Where(row => Wanted(parsed, row)).ToList();
        var results = new List<ConformanceResult>();
        var report = new ConformanceReport(directories, _time.GetUtcNow(), results);
        var (told, silent) = (_time.GetTimestamp(), 0);
        var begun = told;
        foreach (var row in rows)
        {
            var result = await run.Play(
                row,
                (target, evidence, token) => Start(target.Kind, target.Directory.Url, evidence, token),
                (target, device, account, token) => new Trial(http, target.Directory.Url, device, _time, token) { ExternalAccount = account },
                cancellation);
            results.Add(result);
            silent = result.Mark == Mark.Fail && result.Exchanges.Count == 0 ? silent + 1 : 0;
            if (silent == Silences)
            {
                Write(parsed, report);
                throw new SimulatorException($"the server answers no more, after {results.Count} of {rows.Count} cases: {result.Found}", "does it still run?");
            }

            if (_time.GetElapsedTime(told) >= Progress)
            {
                told = _time.GetTimestamp();
                _terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{_time.GetElapsedTime(begun).TotalSeconds,5:0} s  {results.Count}/{rows.Count}  {report.Summary}  {row.Name}"));
            }
        }

        Write(parsed, report);
        return report.Count(Mark.Fail) == 0 ? Exit.Done : Exit.Refused;
    }

    private bool Wanted(ParseResult parsed, Fault row)
    {
        var only = parsed.GetRequiredValue(_only);
        return only.Length == 0 || only.Contains(row.Name);
    }

    private async Task<IReadOnlyList<ConformanceTarget>> Targets(
        ParseResult parsed, Discovery discovery, string[] urls, ExternalAccountCredential? external, Func<string, string, string?, CancellationToken, Task<IDevice>> start)
    {
        var directories = new List<ConformanceDirectory>();
        foreach (var url in urls)
        {
            directories.Add(await discovery.Look(url, external, urls.Length == 1));
        }

        var named = parsed.GetRequiredValue(_kinds);
        var targets = new List<ConformanceTarget>();
        foreach (var kind in Devices.All.Where(kind => named.Length == 0 || named.Contains(kind.Name)))
        {
            if (!kind.NamesItself && parsed.GetValue(_clientIdentifier) is null)
            {
                targets.Add(new ConformanceTarget(kind.Name, directories[0], Welcome.NoOrder, "it needs --client-identifier, the code of a ticket"));
                continue;
            }

            // once where anybody may have an account, and once where one must be known
            foreach (var group in directories.GroupBy(directory => directory.WantsExternalAccounts).OrderBy(group => group.Key))
            {
                var target = await discovery.Find(kind.Name, [.. group], (directory, token) => start(kind.Name, directory.Url, null, token));
                targets.RemoveAll(other => other.Kind == target.Kind && other.Welcome < target.Welcome);
                if (target.Welcome == Welcome.Enrolled || !targets.Exists(other => other.Kind == target.Kind))
                {
                    targets.Add(target);
                }
            }
        }

        var attested = targets.Where(target => target.Kind != ServerHost.KindName).ToList();
        if (!named.Contains(ServerHost.KindName) && attested.TrueForAll(target => target.Welcome is Welcome.NoOrder or Welcome.NoChallenge))
        {
            throw new SimulatorException(
                $"no device-attest-01 at {string.Join(", ", urls)}: {attested.MaxBy(target => target.Welcome)!.Found}", "--kind server asks for what a host with http-01 can have");
        }

        return targets;
    }

    private DeviceSettings Settings(ParseResult parsed, HttpClient http, string kind, string directory, string? evidence) => new()
    {
        Kind = kind,
        Serial = parsed.GetRequiredValue(_kinds).Length == 1 ? parsed.GetValue(_serial) : null,
        Ordered = Devices.Find(kind).NamesItself ? null : parsed.GetValue(_clientIdentifier),
        Names = parsed.GetRequiredValue(_names),
        Fault = evidence,
        DnsListen = parsed.GetRequiredValue(_dnsListen),
        HttpPort = parsed.GetValue(_httpPort),
        AttestationCa = kind == ActivatedTpm.KindName ? new ActivationClient(http, Trial.AttestationCaOf(directory), new AcmeClientOptions { Time = _time, UserAgent = "device-sim" }) : null,
    };

    private static void AddHeader(HttpClient http, string header)
    {
        var colon = header.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || !http.DefaultRequestHeaders.TryAddWithoutValidation(header[..colon].Trim(), header[(colon + 1)..].Trim()))
        {
            throw new SimulatorException($"--header: '{header}' is none", "give a name, a colon and a value");
        }
    }

    private static ExternalAccountCredential? ExternalAccount(ParseResult parsed, Option<string?> keyId, Option<string?> key) => (parsed.GetValue(keyId), parsed.GetValue(key)) switch
    {
        (null, null) => null,
        ({ } id, { } text) when Base64Url.TryDecode(text, 1024, out var octets) => new ExternalAccountCredential(id, octets),
        _ => throw new SimulatorException($"{keyId.Name} and {key.Name} go together, and the key is base64url without padding"),
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

        if (parsed.GetValue(_transcript) is { } transcript)
        {
            File.WriteAllLines(transcript, report.Transcript());
        }

        if (parsed.GetValue(_json))
        {
            _terminal.Data(report.ToJson());
        }
        else
        {
            foreach (var line in report.Lines(parsed.GetRequiredValue(_show)))
            {
                _terminal.Data(line);
            }
        }

        _terminal.Say($"device-sim: {report.Summary}");
    }
}
