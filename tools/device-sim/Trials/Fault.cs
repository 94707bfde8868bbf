namespace DeviceAcme.Simulator.Trials;

/// <summary>Where a fault shows.</summary>
internal enum FaultArea
{
    /// <summary>In the answer to device-attest-01.</summary>
    Evidence,

    /// <summary>In what a TPM shows to get its attestation key certified.</summary>
    AttestationCa,

    /// <summary>In requests of ACME itself.</summary>
    Protocol,
}

/// <summary>One thing that a device or its client does wrong, and what a right server answers; <see cref="FaultTable"/> has all of them.</summary>
internal sealed record Fault
{
    /// <summary>Kebab-case; a kind of device has each name once.</summary>
    public required string Name { get; init; }
    public required FaultArea Area { get; init; }

    /// <summary>Kinds of device that can have it.</summary>
    public required IReadOnlyList<string> Kinds { get; init; }

    /// <summary>What is wrong, as the end of "one thing is wrong: …".</summary>
    public required string Description { get; init; }

    /// <summary>The section that a server breaks which answers otherwise.</summary>
    public required string Section { get; init; }
    public required Expectation Expected { get; init; }

    /// <summary>What else it takes; null where nothing does.</summary>
    public Need? Needs { get; init; }

    /// <summary>The section says SHOULD: a server that does otherwise is no wrong one. DeviceAcme does what it should.</summary>
    public bool Recommended { get; init; }

    /// <summary>Plays a fault of the protocol; null for one that stands in the evidence and is made by an enrollment.</summary>
    public Func<Trial, Task<Outcome>>? Play { get; init; }
}

/// <summary>What it takes to play a fault, beside a device and a directory.</summary>
internal enum Need
{
    /// <summary>A directory that wants external accounts (RFC 8555 §7.3.4), and a key of one.</summary>
    ExternalAccount,

    /// <summary>The same, with a key that is good for one account.</summary>
    SingleUseAccount,

    /// <summary>A directory with terms of service.</summary>
    TermsOfService,

    /// <summary>DeviceAcme: the fault is about its own URLs or limits.</summary>
    DeviceAcme,

    /// <summary>A real software TPM.</summary>
    SoftwareTpm,
}

/// <summary>What a right server does about a fault.</summary>
internal sealed record Expectation
{
    /// <summary>Types of problem (RFC 8555 §6.7) that a right server may answer with, DeviceAcme's first; none where it must not refuse.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>HTTP status, where a standard fixes it.</summary>
    public int? Status { get; init; }

    /// <summary>The reason code that DeviceAcme gives; null where nothing is refused.</summary>
    public string? Reason { get; init; }

    /// <summary>Classes of refusal that a right verifier may answer with, in the words of shared test data; none for faults of the protocol.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    public static Expectation Accepted { get; } = new() { Problems = [] };

    public static Expectation Refused(string problem, string reason, int? status = null, params string[] others) =>
        new() { Problems = [problem, .. others], Reason = reason, Status = status };

    /// <summary>What differs between what was expected and what happened; null where nothing does.</summary>
    /// <param name="outcome">What happened.</param>
    /// <param name="ours">Whether the server is DeviceAcme, whose reason codes are known.</param>
    public string? Missed(Outcome outcome, bool ours = true)
    {
        if (Problems.Count == 0)
        {
            return outcome.Problem is null ? null : $"expected no refusal, found {outcome}";
        }

        if (outcome.Problem is null || !Problems.Contains(outcome.Problem))
        {
            return $"expected {this}, found {outcome}";
        }

        if (ours && (outcome.Problem != Problems[0] || outcome.Reason != Reason))
        {
            return $"expected {this}, found {outcome}";
        }

        return Status is { } status && outcome.Status != status ? $"expected HTTP status {status}, found {outcome}" : null;
    }

    public override string ToString() => Problems.Count == 0 ? "no refusal" : $"{string.Join(" or ", Problems)}{(Reason is null ? "" : $" ({Reason})")}{(Status is null ? "" : $" with {Status}")}";
}

/// <summary>What a server did.</summary>
/// <param name="Step">The last step, see <see cref="DeviceAcme.Protocol.Client.AcmeStep"/>.</param>
/// <param name="Status">HTTP status; null where the refusal stood in an object that was looked at.</param>
/// <param name="Problem">The problem's type without the namespace of ACME; null where nothing was refused.</param>
/// <param name="Reason">The reason code, where the server gives one.</param>
/// <param name="Detail">The problem's detail, or what else there is to say.</param>
internal sealed record Outcome(string Step, int? Status, string? Problem, string? Reason, string Detail)
{
    public override string ToString() => Problem is null
        ? $"no refusal at {Step}"
        : $"{Problem}{(Reason is null ? "" : $" ({Reason})")}{(Status is null ? "" : $" with {Status}")} at {Step}: {Detail}";
}
