namespace DeviceAcme.Core.Devices;

/// <summary>The bytes a device sent, with everything that was in force when they were judged.</summary>
internal sealed class StoredEvidence
{
    public required EvidenceId Id { get; init; }
    public required ChallengeId Challenge { get; init; }
    public required AccountId Account { get; init; }

    /// <summary>Only for accepted evidence: refused evidence proves no device.</summary>
    public DeviceId? Device { get; init; }

    /// <summary>WebAuthn statement format name; empty where none could be read.</summary>
    public required string Format { get; init; }

    /// <summary>The attestation object, CBOR; empty where the device sent none.</summary>
    public required byte[] Statement { get; init; }

    public required string Token { get; init; }

    /// <summary>Thumbprint of the account key in force.</summary>
    public required string Thumbprint { get; init; }

    public required string AnchorSetHash { get; init; }
    public required string ProfileHash { get; init; }
    public required DateTimeOffset At { get; init; }
    public required bool Accepted { get; init; }
    public string? Reason { get; init; }

    /// <summary>The verdict with its checks and facts, JSON.</summary>
    public required string Verdict { get; init; }
}
