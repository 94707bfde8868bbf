namespace DeviceAcme.Attestation;

/// <summary>What became of one step of a verification.</summary>
public enum CheckOutcome
{
    /// <summary>The rule holds.</summary>
    Passed,

    /// <summary>The rule does not hold; <see cref="Check.Reason"/> says why.</summary>
    Failed,

    /// <summary>A check that this one depends on failed, or its input was not given.</summary>
    NotReached,

    /// <summary>The rule does not hold, but the profile only observes it: nothing follows from it; <see cref="Check.Reason"/> says why.</summary>
    Observed,
}

/// <summary>One named step of a verification with its input, rule and outcome.</summary>
/// <param name="Name">Stable kebab-case name, for example <c>chain</c>, <c>freshness</c>, <c>identifier</c>.</param>
/// <param name="Rule">What must hold, in one sentence.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Found">What was compared with what; never a secret.</param>
/// <param name="Reason">The reason of a failure; null otherwise.</param>
/// <param name="Advice">What would help; null where nothing can be said.</param>
public sealed record Check(
    string Name, string Rule, CheckOutcome Outcome, string? Found = null, Reason? Reason = null, string? Advice = null);

/// <summary>Accepted, refused, or incomplete: everything given was right, but a binding was not given.</summary>
public enum VerdictOutcome
{
    /// <summary>All checks passed and all bindings were made.</summary>
    Accepted,

    /// <summary>At least one check failed.</summary>
    Refused,

    /// <summary>No check failed, but the input of a binding was not given (offline verification only).</summary>
    Incomplete,
}

/// <summary>The result of a verification: outcome, the ordered checks and the facts, also when it refuses.</summary>
public sealed class Verdict
{
    /// <summary>The statement format that was verified, for example <c>apple</c>; empty where none could be read.</summary>
    public required string Format { get; init; }

    /// <summary>Accepted, refused or incomplete.</summary>
    public required VerdictOutcome Outcome { get; init; }

    /// <summary>All checks in order, those that were not reached among them.</summary>
    public required IReadOnlyList<Check> Checks { get; init; }

    /// <summary>What the evidence says; facts below a failed chain are marked unproven.</summary>
    public required FactSet Facts { get; init; }

    /// <summary>The device and key that were proven; present if and only if evidence was accepted; the verdict on a CSR has none.</summary>
    public AttestedDevice? Device { get; init; }

    /// <summary>The first failed check's reason; null unless refused.</summary>
    public Reason? Reason => Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Failed)?.Reason;
}

/// <summary>What an accepted verdict proves.</summary>
public sealed record AttestedDevice
{
    /// <summary>The attested public key, DER SubjectPublicKeyInfo. The key of the CSR must be this one (device-attest §5).</summary>
    public required ReadOnlyMemory<byte> PublicKey { get; init; }

    /// <summary>The identifier value that the evidence proves, octet for octet the one that was ordered; where a ticket was ordered, its own, or empty if it has none.</summary>
    public required string Identifier { get; init; }

    /// <summary>What the freshness value was made from.</summary>
    public required FreshnessBinding Binding { get; init; }
}

/// <summary>What the evidence's freshness value was made from (device-attest §5).</summary>
public enum FreshnessBinding
{
    /// <summary>The challenge token alone: fresh, but not bound to the account key.</summary>
    Token,

    /// <summary>The key authorization: fresh and bound to the account key.</summary>
    KeyAuthorization,

    /// <summary>A secret of the server that only the TPM with the endorsement key could read: fresh, and bound to that TPM (TPM2_ActivateCredential).</summary>
    Activation,
}
