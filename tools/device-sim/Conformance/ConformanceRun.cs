using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Conformance;

/// <summary>What came of one row.</summary>
internal enum Mark
{
    Pass,
    Fail,
    NotApplicable,
}

/// <summary>One row of a report.</summary>
/// <param name="Row">What was done.</param>
/// <param name="Mark">What came of it.</param>
/// <param name="Found">What the server did, or why the row does not apply.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Exchanges">Requests and answers.</param>
internal sealed record ConformanceResult(Fault Row, Mark Mark, string Found, TimeSpan Duration, IReadOnlyList<Exchange> Exchanges)
{
    /// <summary>Whether it is about something that is right: then nothing may be refused.</summary>
    public bool Positive => Row.Expected.Problems.Count == 0;
}

/// <summary>Plays what is right and every fault of a kind of device against one directory.</summary>
/// <param name="kind">The kind of device.</param>
/// <param name="ours">Whether the server is DeviceAcme, whose reason codes are known.</param>
/// <param name="external">Whether the directory wants external accounts and a key of one is at hand.</param>
/// <param name="recorder">Sees requests and answers.</param>
/// <param name="time">The clock.</param>
internal sealed class ConformanceRun(string kind, bool ours, bool external, ExchangeRecorder recorder, TimeProvider time)
{
    // hundreds of orders in one account say little of a server, and cost it much
    private static readonly string[] Unfit = ["too-many-open-orders"];

    /// <summary>The rows that there are for the kind: what is right first.</summary>
    public IReadOnlyList<Fault> Rows { get; } =
        [.. RightTrials.All.Concat(FaultTable.All.Where(row => row.Expected.Problems.Count > 0)).Where(row => row.Kinds.Contains(kind) && !Unfit.Contains(row.Name))];

    /// <param name="row">One of <see cref="Rows"/>.</param>
    /// <param name="start">Starts the device; it is given the name of the fault in its evidence.</param>
    /// <param name="begin">Brings the device to the directory.</param>
    public async Task<ConformanceResult> Play(Fault row, Func<string?, Task<IDevice>> start, Func<IDevice, Trial> begin)
    {
        var begun = time.GetTimestamp();
        if (NotApplicable(row) is { } why)
        {
            return new ConformanceResult(row, Mark.NotApplicable, why, TimeSpan.Zero, []);
        }

        try
        {
            var outcome = await FaultRun.Play(row, start, begin);
            var missed = row.Expected.Missed(outcome, ours);
            return new ConformanceResult(row, missed is null ? Mark.Pass : Mark.Fail, missed ?? outcome.ToString(), time.GetElapsedTime(begun), recorder.Take());
        }
        catch (SimulatorException cannot)
        {
            return new ConformanceResult(row, Mark.NotApplicable, cannot.Message, time.GetElapsedTime(begun), recorder.Take());
        }
        catch (AcmeClientException failure)
        {
            return new ConformanceResult(row, Mark.Fail, failure.Message, time.GetElapsedTime(begun), recorder.Take());
        }
    }

    private string? NotApplicable(Fault row) => row.Needs switch
    {
        Need.DeviceAcme when !ours => "it is about DeviceAcme's own URLs or limits",
        Need.ExternalAccount when !external => "the directory wants no external accounts, or no key of one was given",
        Need.SoftwareTpm => "it needs a real software TPM",
        _ => null,
    };
}
