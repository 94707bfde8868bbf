using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>What a step is expected to lead to. Without any member: no refusal, and a certificate where the step asks for one.</summary>
internal sealed record Expected
{
    /// <summary>What the certificate must be; null asks nothing more of it than that it is for the device's key.</summary>
    public ExpectedCertificate? Certificate { get; init; }

    /// <summary>The step must be refused.</summary>
    public ExpectedRefusal? Refused { get; init; }

    /// <summary>The order must wait for an officer.</summary>
    public bool Waiting { get; init; }

    /// <summary>State of the device in the ledger afterwards; <c>unknown</c> for one that the ledger does not have.</summary>
    public string? Ledger { get; init; }
}

/// <summary>What a refusal must say. What is null is not looked at.</summary>
internal sealed record ExpectedRefusal
{
    /// <summary>Type of the problem without its namespace.</summary>
    public string? Problem { get; init; }

    /// <summary>Reason code.</summary>
    public string? Reason { get; init; }

    /// <summary>HTTP status.</summary>
    public int? Status { get; init; }

    /// <summary>Step of the protocol: newOrder, challenge, finalize.</summary>
    public string? At { get; init; }

    /// <summary>Glob over the detail.</summary>
    public string? Detail { get; init; }

    /// <summary>What differs; null where nothing does.</summary>
    public string? Missed(Outcome outcome)
    {
        var differs = new List<string>();
        if (Problem is not null && outcome.Problem != Problem)
        {
            differs.Add(Problem);
        }

        if (Reason is not null && outcome.Reason != Reason)
        {
            differs.Add($"reason {Reason}");
        }

        if (Status is not null && outcome.Status != Status)
        {
            differs.Add($"HTTP status {Status}");
        }

        if (At is not null && outcome.Step != At)
        {
            differs.Add($"at {At}");
        }

        if (Detail is not null && !Glob.Matches(Detail, outcome.Detail))
        {
            differs.Add($"detail '{Detail}'");
        }

        return differs.Count == 0 ? null : $"expected a refusal with {string.Join(", ", differs)}, found {outcome}";
    }
}
