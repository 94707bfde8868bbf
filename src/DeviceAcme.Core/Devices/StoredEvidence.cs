namespace DeviceAcme.Core.Devices;

/// <summary>A verdict with the bytes that it judged and everything that was in force then. Only its bytes ever change: they are dropped.</summary>
internal sealed class StoredEvidence
{
    public required EvidenceId Id { get; init; }

    /// <summary>What was judged: one of <see cref="Protocol.Admin.EvidenceKinds"/>.</summary>
    public required string Kind { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Whether the evidence was good; an anomaly can refuse what the verdict accepts.</summary>
    public required bool Accepted { get; init; }

    /// <summary>Reason code of the refusal.</summary>
    public string? Reason { get; init; }

    /// <summary>WebAuthn statement format name; empty where none could be read.</summary>
    public required string Format { get; init; }

    public required string Profile { get; init; }
    public required string ProfileHash { get; init; }

    /// <summary>Null where anchors played no part.</summary>
    public string? AnchorSetHash { get; init; }

    /// <summary>The identifier that had to be proven; null where there is none or more than one.</summary>
    public string? IdentifierType { get; init; }

    public string? IdentifierValue { get; init; }

    /// <summary>Null where no account asked.</summary>
    public AccountId? Account { get; init; }

    /// <summary>For a finalize. Evidence of a challenge belongs to the orders of its authorization.</summary>
    public OrderId? Order { get; init; }

    public AuthorizationId? Authorization { get; init; }
    public ChallengeId? Challenge { get; init; }

    /// <summary>Only for accepted evidence: refused evidence proves no device.</summary>
    public DeviceId? Device { get; init; }

    public string? Token { get; init; }

    /// <summary>Thumbprint of the account key in force.</summary>
    public string? Thumbprint { get; init; }

    /// <summary>What was unusual about it, JSON; null where nothing was.</summary>
    public string? Anomalies { get; init; }

    /// <summary>The verdict with its checks and facts, JSON.</summary>
    public required string Verdict { get; init; }

    /// <summary>What was judged, for example the CBOR attestation object; empty where the device sent none, null where it is not kept.</summary>
    public byte[]? Statement { get; set; }
}
