using System.CommandLine;
using DeviceAcme.Simulator.Serve;
using DeviceAcme.Simulator.Serve.Judging;

namespace DeviceAcme.Simulator.Commands;

/// <summary><c>serve</c>: a test server for ACME clients, with chaos, a transcript and a judgement.</summary>
internal sealed class ServeCommand
{
    private readonly Option<string?> _file = new("--file") { Description = "YAML file with settings by the names of the options; options win" };
    private readonly IReadOnlyList<(ServeSetting Setting, Option<string?> Option)> _settings;
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    private ServeCommand(Terminal terminal, TimeProvider time)
    {
        _terminal = terminal;
        _time = time;
        _settings = [.. ServeSettingTable.All.Select(setting => (setting, Option(setting)))];
    }

    public static Command Make(Terminal terminal, TimeProvider time)
    {
        var serve = new ServeCommand(terminal, time);
        var command = new Command("serve", "a test server for ACME clients and MDM payloads: DeviceAcme with chaos, a transcript of what clients do, and a judgement by section of the standards") { serve._file };
        foreach (var (_, option) in serve._settings)
        {
            command.Add(option);
        }

        command.SetAction(serve.Run);
        return command;
    }

    private static Option<string?> Option(ServeSetting setting)
    {
        var standard = setting.Read(new ServeSettings());
        var option = new Option<string?>("--" + setting.Name)
        {
            Description = $"[{setting.Group}] {setting.Help}{(standard is null or "false" ? "" : $" (default: {standard})")}",
            HelpName = setting.ValueName ?? "true|false",
            // a flag needs no value
            Arity = setting.ValueName is null ? ArgumentArity.ZeroOrOne : ArgumentArity.ExactlyOne,
        };
        option.Validators.Add(result =>
        {
            try
            {
                setting.Apply(new ServeSettings(), result.Tokens is [var token, ..] ? token.Value : "true");
            }
            catch (FormatException mistake)
            {
                result.AddError($"--{setting.Name}: {mistake.Message}");
            }
        });
        return option;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken interrupted)
    {
        var settings = Settings(parsed);
        TrialRun run;
        try
        {
            run = await TrialRun.Start(settings, _time, interrupted);
        }
        catch (OperationCanceledException)
        {
            throw new SimulatorException("interrupted");
        }

        await using (run)
        {
            Tell(run);
            var ended = run.Ended;
            try
            {
                await ended.WaitAsync(interrupted);
                throw new SimulatorException($"the server behind ended: {run.Log}");
            }
            catch (OperationCanceledException)
            {
                return Judge(run);
            }
        }
    }

    private ServeSettings Settings(ParseResult parsed)
    {
        var settings = parsed.GetValue(_file) is { } file ? ServeSettingTable.ReadFile(file, new ServeSettings()) : new ServeSettings();
        foreach (var (setting, option) in _settings)
        {
            if (parsed.GetResult(option) is { Implicit: false } result)
            {
                settings = setting.Apply(settings, result.Tokens is [var token, ..] ? token.Value : "true");
            }
        }

        return settings;
    }

    private void Tell(TrialRun run)
    {
        var (state, management) = (run.State, $"http://localhost:{run.Settings.ManagementPort}");
        var width = run.Urls.Directories.Max(one => one.Profile.Length);
        foreach (var (profile, url) in run.Urls.Directories.DistinctBy(one => one.Url))
        {
            _terminal.Data($"{profile.PadRight(width)}  {url}");
        }

        _terminal.Say("device-sim: a test server for ACME clients: it trusts the simulator's vendors and serves any genuine device, for trials only");
        _terminal.Say($"device-sim: trust for TLS    {state.TlsRoot}");
        _terminal.Say($"device-sim: certificates of  {state.Root}");
        _terminal.Say($"device-sim: management       {management}/  (switches, transcript, report)");
        _terminal.Say($"device-sim: Apple payload    {management}/apple.mobileconfig");
        _terminal.Say($"device-sim: validations      http-01 on port {run.Settings.Http01Port}, tls-alpn-01 on {run.Settings.TlsAlpn01Port}; every name is this machine, TXT records are the lines of {state.TxtRecords}");
        _terminal.Say($"device-sim: a simulated Mac  device-sim enroll --kind mac --directory {run.Urls.Directories.FirstOrDefault(one => one.Profile == "apple-device", run.Urls.Directories[0]).Url} --ca {state.TlsRoot} --vendors {state.Vendors.Path}");
        _terminal.Say($"device-sim: switched on      {string.Join(", ", ServeSettingTable.All.Where(one => one.Group is not ("where" or "what") && one.Read(run.Settings) != one.Read(new ServeSettings())).Select(one => $"{one.Name} {one.Read(run.Settings)}").DefaultIfEmpty("nothing; --help lists the chaos"))}");
        _terminal.Say("device-sim: ready; Ctrl+C ends it with the report");
    }

    private int Judge(TrialRun run)
    {
        var report = run.Report(null, settled: true);
        foreach (var line in report.Lines())
        {
            _terminal.Data(line);
        }

        if (run.Settings.Report is { } folder)
        {
            report.Save(folder);
            _terminal.Say($"device-sim: report.json, report.html and report.xml are in {folder}");
        }

        _terminal.Say($"device-sim: {report.Exchanges.Count} exchanges; {report.Count(Mark.Pass)} rules pass, {report.Count(Mark.Fail)} fail, {report.Count(Mark.NotSeen)} not seen");
        return report.Fails(run.Parts.Switches.Strict) ? Exit.Refused : Exit.Done;
    }
}
