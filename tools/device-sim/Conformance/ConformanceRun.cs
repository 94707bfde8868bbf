using System.Security.Cryptography;
using System.Text.Json;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Conformance;

/// <summary>What came of one case.</summary>
internal enum Mark
{
    Pass,
    Fail,
    NotApplicable,
}

/// <summary>One line of a report.</summary>
/// <param name="Row">What was done.</param>
/// <param name="Kind">The device that did it; empty where none could.</param>
/// <param name="Mark">What came of it.</param>
/// <param name="Found">What the server did, or why the case does not apply.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Exchanges">Requests and answers.</param>
internal sealed record ConformanceResult(Fault Row, string Kind, Mark Mark, string Found, TimeSpan Duration, IReadOnlyList<Exchange> Exchanges);

/// <summary>Plays what is right and every fault against the directories that were found.</summary>
/// <param name="targets">Kinds that were looked for, with what the server said to them.</param>
/// <param name="wanted">Kinds that somebody named: they must be taken.</param>
/// <param name="ours">Whether the server is DeviceAcme, whose reason codes are known.</param>
/// <param name="singleUse">A key of an external account that is good once; null for none.</param>
/// <param name="recorder">Sees requests and answers.</param>
internal sealed class ConformanceRun(
    IReadOnlyList<ConformanceTarget> targets, IReadOnlyList<string> wanted, bool ours, ExternalAccountCredential? singleUse, ExchangeRecorder recorder, TimeProvider time, TimeSpan limit)
{
    public const string Enrollment = "enrollment";

    // hundreds of orders in one account say little of a server, and cost it much
    private static readonly string[] Unfit = ["too-many-open-orders"];

    /// <summary>Every case that there is: what is right first.</summary>
    public static IReadOnlyList<Fault> All { get; } =
    [
        .. Devices.All.Select(kind => RightTrials.All.Single(row => row.Name == Enrollment) with { Name = $"{Enrollment}-{kind.Name}", Kinds = [kind.Name] }),
        .. RightTrials.All.Where(row => row.Name != Enrollment).Concat(FaultTable.All.Where(row => row.Expected.Problems.Count > 0)).Where(row => !Unfit.Contains(row.Name)),
    ];

    /// <summary>The cases for the kinds that were looked for. What only other kinds can do is left out.</summary>
    public IReadOnlyList<Fault> Rows { get; } = [.. All.Where(row => row.Name.StartsWith(Enrollment + "-", StringComparison.Ordinal)
        ? targets.Any(target => row.Kinds.Contains(target.Kind))
        : targets.Any(target => IsPlayable(target, wanted) && row.Kinds.Contains(target.Kind)))];

    /// <summary>Where a case is played: at the first directory that fits, with the first device that can.</summary>
    public ConformanceTarget? Target(Fault row)
    {
        var able = targets.Where(target => IsPlayable(target, wanted) && row.Kinds.Contains(target.Kind)).ToList();
        return row.Needs switch
        {
            Need.ExternalAccount or Need.SingleUseAccount => able.Find(target => target.Directory.WantsExternalAccounts) ?? able.Find(target => target.Directory.External is not null),
            Need.TermsOfService => able.Find(target => target.Directory.Meta?.TermsOfService is not null),
            _ => able.Find(target => !target.Directory.WantsExternalAccounts) ?? able.FirstOrDefault(),
        };
    }

    /// <param name="row">One of <see cref="Rows"/>.</param>
    /// <param name="start">Starts the device; it is given the name of the fault in its evidence.</param>
    /// <param name="begin">Brings the device to the directory.</param>
    /// <param name="cancellation">Ends the whole run.</param>
    public async Task<ConformanceResult> Play(
        Fault row, Func<ConformanceTarget, string?, CancellationToken, Task<IDevice>> start, Func<ConformanceTarget, IDevice, ExternalAccountCredential?, CancellationToken, Trial> begin, CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        if (Target(row) is not { } target)
        {
            return Unwelcome(row);
        }

        if (NotApplicable(row, target) is { } why)
        {
            return new ConformanceResult(row, target.Kind, Mark.NotApplicable, why, TimeSpan.Zero, []);
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        enough.CancelAfter(limit);
        recorder.Take();
        var (mark, found) = await Judge(row, evidence => start(target, evidence, enough.Token), device => begin(target, device, row.Needs == Need.SingleUseAccount ? singleUse : target.Directory.External, enough.Token), cancellation);
        return new ConformanceResult(row, target.Kind, mark, found, time.GetElapsedTime(begun), recorder.Take());
    }

    // whoever names a device wants to know what is wrong with it
    private static bool IsPlayable(ConformanceTarget target, IReadOnlyList<string> wanted) =>
        target.Welcome == Welcome.Enrolled || (target.Welcome == Welcome.Refused && wanted.Contains(target.Kind));

    private async Task<(Mark Mark, string Found)> Judge(Fault row, Func<string?, Task<IDevice>> start, Func<IDevice, Trial> begin, CancellationToken cancellation)
    {
        try
        {
            var outcome = await FaultRun.Play(row, start, begin);
            return row.Expected.Missed(outcome, ours) is not { } missed ? (Mark.Pass, outcome.ToString())
                : row.Recommended && !ours ? (Mark.NotApplicable, $"recommended, and not so here: {missed}")
                : (Mark.Fail, missed);
        }
        catch (SimulatorException cannot) when (cannot.NotApplicable)
        {
            return (Mark.NotApplicable, cannot.Message);
        }
        catch (SimulatorException failure)
        {
            return (Mark.Fail, failure.Message);
        }
        catch (AcmeClientException failure)
        {
            return (Mark.Fail, $"{failure.Step}: {failure.Message}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (Mark.Fail, $"no end within {limit.TotalSeconds:0} s");
        }
        catch (Exception unread) when (unread is JsonException or FormatException or CryptographicException or InvalidOperationException or KeyNotFoundException or UriFormatException)
        {
            // a wrong server may send anything; what cannot be read is its mistake
            return (Mark.Fail, $"what the server sent cannot be read: {unread.Message}");
        }
    }

    private ConformanceResult Unwelcome(Fault row)
    {
        if (!row.Name.StartsWith(Enrollment + "-", StringComparison.Ordinal))
        {
            return new ConformanceResult(row, "", Mark.NotApplicable, row.Needs == Need.TermsOfService ? "the directory has no terms of service" : "the directory wants no external accounts, or no key of one was given", TimeSpan.Zero, []);
        }

        var target = targets.First(target => row.Kinds.Contains(target.Kind));
        var must = wanted.Contains(target.Kind) || (target.Welcome == Welcome.Refused && !targets.Any(other => other.Welcome == Welcome.Enrolled && other.Kind != ServerHost.KindName));
        return new ConformanceResult(row, target.Kind, must ? Mark.Fail : Mark.NotApplicable, $"this kind of device is not taken: {target.Found}", TimeSpan.Zero, []);
    }

    private string? NotApplicable(Fault row, ConformanceTarget target) => row.Needs switch
    {
        Need.DeviceAcme when !ours => "it is about DeviceAcme's own URLs or limits",
        Need.ExternalAccount when target.Directory.External is null => "no key of an external account was given",
        Need.SingleUseAccount when singleUse is null => "no key of an external account that is good once was given (--eab-once-key-id)",
        Need.SoftwareTpm => "it needs a real software TPM: enroll --tpm swtpm --fault plays it",
        _ => null,
    };
}
