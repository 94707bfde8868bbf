using System.CommandLine;
using System.CommandLine.Parsing;
using DeviceAcme.Bench.Crashes;
using DeviceAcme.Bench.Floors;
using DeviceAcme.Bench.Imports;
using DeviceAcme.Bench.Nodes;
using DeviceAcme.Bench.Processes;
using DeviceAcme.Bench.Reports;
using DeviceAcme.Bench.Soak;
using DeviceAcme.Bench.Stores;
using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Bench.Commands;

/// <summary>The command line: stdout has the tables, stderr the progress.</summary>
internal sealed class BenchCommand
{
    private const int Done = 0;
    private const int Failed = 1;
    private const int Wrong = 2;

    /// <summary>To end the server and remove the folder after Ctrl+C.</summary>
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(30);

    private readonly Argument<string?> _filter = new("FILTER") { Description = $"part of a measurement's name: {string.Join(", ", BenchSettings.Measurements)}", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<int?> _enrollments = new Option<int?>("--enrollments") { Description = "enrollments for each kind and number of clients (default: 500, with --quick 50)" }
        .Must(count => count is null or (> 0 and <= 1_000_000), "expected 1 to 1000000");

    private readonly Option<bool> _quick = new("--quick") { Description = "a short run: to see that it works, not to compare" };
    private readonly Option<bool> _syncs = new("--syncs") { Description = "count the server's syncs, in a run of its own under strace (without --quick they are counted wherever strace is installed)" };
    private readonly Option<bool> _full = new("--full") { Description = "go on to 20,000 enrollments and look at the memory on the way: some seven minutes" };
    private readonly Option<int?> _store = new Option<int?>("--store") { Description = "fill the store with this many devices and measure what that changes, and nothing else" }
        .Must(count => count is null or (>= 1000 and <= 10_000_000), "expected 1000 to 10000000");

    private readonly Option<string?> _folder = BenchOptions.Folder("the server's data stands while it is measured: choose the disk that matters");
    private readonly Option<string?> _server = BenchOptions.Server();
    private readonly Option<bool> _json = BenchOptions.Json();

    public static async Task<int> Run(string[] arguments, TimeProvider time)
    {
        var parsed = new BenchCommand().Root(time).Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                Say($"error: {error.Message}");
            }

            Say("hint: --help lists the options and the measurements");
            return Wrong;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeToEnd });
        }
        catch (BenchFailure failure)
        {
            return Report(failure.Message, failure.Hint);
        }
        catch (SimulatorException failure)
        {
            return Report(failure.Message, null);
        }
        catch (OperationCanceledException)
        {
            return Report("interrupted", null);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or HttpRequestException)
        {
            return Report(failure.Message, null);
        }
    }

    private RootCommand Root(TimeProvider time)
    {
        _filter.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } filter && !BenchSettings.Measurements.Any(name => name.Contains(filter, StringComparison.OrdinalIgnoreCase)))
            {
                result.AddError($"no measurement's name has '{filter}' in it; they are {string.Join(", ", BenchSettings.Measurements)}");
            }
        });
        var root = new RootCommand("Enrollments per second of the real server, and how far its processor time is from what the cryptography, the connections and the disk cost at least.")
        {
            _filter, _enrollments, _quick, _syncs, _full, _store, _folder, _server, _json, FloorServer.Command(), CrashCommand.Make(time, Say), ImportCommand.Make(time, Say), NodesCommand.Make(time, Say), SoakCommand.Make(time, Say),
        };
        root.SetAction((parsed, cancellation) => Measure(parsed, time, cancellation));
        return root;
    }

    private async Task<int> Measure(ParseResult parsed, TimeProvider time, CancellationToken cancellation)
    {
        var quick = parsed.GetValue(_quick);
        var settings = new BenchSettings
        {
            Filter = parsed.GetValue(_filter),
            Enrollments = parsed.GetValue(_enrollments) ?? (quick ? 50 : 500),
            WarmUp = quick ? 60 : 1500,
            Repetition = TimeSpan.FromMilliseconds(quick ? 60 : 400),
            Syncs = parsed.GetValue(_syncs) || (!quick && Strace.IsInstalled),
            Full = parsed.GetValue(_full),
            Store = parsed.GetValue(_store),
            Folder = parsed.GetValue(_folder),
            Server = parsed.GetValue(_server),
        };
        WarnOfDebugBuild();
        if (settings.Store is { } count)
        {
            var growth = await new StoreRun(settings, new FakeVendors("bench"), time, Say).Run(count, cancellation);
            Console.Out.Write(parsed.GetValue(_json) ? ReportJson.Write(growth) : growth.Text());
            return Done;
        }

        var report = await new BenchRun(settings, time, Say).Run(cancellation);
        Console.Out.Write(parsed.GetValue(_json) ? ReportJson.Write(report) : ReportText.Write(report));
        if (report.FirstError is { } error)
        {
            Say($"error: {report.Errors} enrollments failed; the first one: {error}");
            return Failed;
        }

        return Done;
    }

    [System.Diagnostics.Conditional("DEBUG")]
    private static void WarnOfDebugBuild() => Say("warning: this is a debug build, its figures mean little; ./dev bench makes a release build");

    private static int Report(string message, string? hint)
    {
        Say($"error: {message}");
        if (hint is not null)
        {
            Say($"hint: {hint}");
        }

        return Failed;
    }

    private static void Say(string line) => Console.Error.WriteLine($"bench: {line}");
}
