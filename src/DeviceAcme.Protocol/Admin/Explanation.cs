using System.Text.Json.Serialization;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Admin;

/// <summary>Answer of <c>GET /admin/v1/orders/{id}/explain</c>: what became of an order and why.</summary>
public sealed record OrderExplanation
{
    /// <summary>One sentence.</summary>
    [JsonPropertyName("summary")]
    public required string Summary { get; init; }

    /// <summary>What would help, the most likely first; empty where nothing is wrong.</summary>
    [JsonPropertyName("help")]
    public required IReadOnlyList<string> Help { get; init; }

    /// <summary>Absent where there is no order: an authorization that none uses, or a request to the TPM attestation CA.</summary>
    [JsonPropertyName("order")]
    public ExplainedOrder? Order { get; init; }

    /// <summary>Every challenge and every finalize, in the order in which they were decided; what still waits stands last.</summary>
    [JsonPropertyName("steps")]
    public required IReadOnlyList<ExplainedStep> Steps { get; init; }

    /// <summary>What the ledger says, oldest first.</summary>
    [JsonPropertyName("history")]
    public required IReadOnlyList<HistoryEntry> History { get; init; }
}

/// <summary>The order that is explained.</summary>
public sealed record ExplainedOrder
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>RFC 8555 §7.1.6.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    /// <summary>The profile version that rules it.</summary>
    [JsonPropertyName("profileHash")]
    public required string ProfileHash { get; init; }

    /// <summary>True while that version is the one in force.</summary>
    [JsonPropertyName("profileInForce")]
    public required bool ProfileInForce { get; init; }

    [JsonPropertyName("accountId")]
    public required string AccountId { get; init; }

    [JsonPropertyName("identifiers")]
    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }

    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    [JsonPropertyName("expires")]
    public required DateTimeOffset Expires { get; init; }

    [JsonPropertyName("certificateId")]
    public string? CertificateId { get; init; }

    /// <summary>What the client is told.</summary>
    [JsonPropertyName("error")]
    public Problem? Error { get; init; }
}

/// <summary>One decision, or one that is still to come.</summary>
public sealed record ExplainedStep
{
    /// <summary><c>challenge</c>, <c>finalize</c>, <c>approval</c>, <c>issuance</c> or <c>tpm-attestation</c>.</summary>
    [JsonPropertyName("step")]
    public required string Step { get; init; }

    /// <summary><c>accepted</c>, <c>observed</c> (refused, and let through because the profile merely observes), <c>refused</c>, <c>processing</c> or <c>waiting</c>.</summary>
    [JsonPropertyName("outcome")]
    public required string Outcome { get; init; }

    [JsonPropertyName("at")]
    public DateTimeOffset? At { get; init; }

    /// <summary>What was to be proven; absent for a finalize.</summary>
    [JsonPropertyName("identifier")]
    public AcmeIdentifier? Identifier { get; init; }

    [JsonPropertyName("challengeType")]
    public string? ChallengeType { get; init; }

    [JsonPropertyName("challengeId")]
    public string? ChallengeId { get; init; }

    [JsonPropertyName("authorizationId")]
    public string? AuthorizationId { get; init; }

    /// <summary>The stored verdict; absent where there is none, or none any more.</summary>
    [JsonPropertyName("evidenceId")]
    public string? EvidenceId { get; init; }

    /// <summary>Statement format, where one could be read.</summary>
    [JsonPropertyName("format")]
    public string? Format { get; init; }

    /// <summary>Reason code of the refusal.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>Class of the reason.</summary>
    [JsonPropertyName("class")]
    public string? Class { get; init; }

    /// <summary>In the order in which they were made.</summary>
    [JsonPropertyName("checks")]
    public required IReadOnlyList<ExplainedCheck> Checks { get; init; }

    /// <summary>What the evidence says.</summary>
    [JsonPropertyName("facts")]
    public IReadOnlyList<ExplainedFact>? Facts { get; init; }

    /// <summary>What was unusual beside earlier evidence.</summary>
    [JsonPropertyName("anomalies")]
    public IReadOnlyList<AnomalyEntry>? Anomalies { get; init; }

    /// <summary>Something that a reader must know, for example that the verdict is no longer kept.</summary>
    [JsonPropertyName("note")]
    public string? Note { get; init; }
}

/// <summary>One named check.</summary>
public sealed record ExplainedCheck
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary><c>passed</c>, <c>failed</c> or <c>not-reached</c>.</summary>
    [JsonPropertyName("outcome")]
    public required string Outcome { get; init; }

    /// <summary>What must hold.</summary>
    [JsonPropertyName("rule")]
    public required string Rule { get; init; }

    /// <summary>What was compared with what.</summary>
    [JsonPropertyName("found")]
    public string? Found { get; init; }

    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    [JsonPropertyName("class")]
    public string? Class { get; init; }

    /// <summary>What would help.</summary>
    [JsonPropertyName("advice")]
    public string? Advice { get; init; }
}

/// <summary>One fact, as rules and templates see it.</summary>
public sealed record ExplainedFact
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>Null where the fact is there but blank: the vendor could not verify it.</summary>
    [JsonPropertyName("value")]
    public string? Value { get; init; }

    /// <summary>False where the chain that vouches for it did not verify.</summary>
    [JsonPropertyName("proven")]
    public required bool Proven { get; init; }
}

/// <summary>One event of the ledger.</summary>
public sealed record HistoryEntry
{
    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    /// <summary>For example <c>order.created</c>.</summary>
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    [JsonPropertyName("detail")]
    public string? Detail { get; init; }
}
