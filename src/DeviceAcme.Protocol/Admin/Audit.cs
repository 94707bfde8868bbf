using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>One event of the audit log: a row of the store, a line of an export.</summary>
/// <remarks>
/// <see cref="Hash"/> is the SHA-256 of the other members as canonical JSON (RFC 8785), <see cref="Previous"/> among them: each row holds the
/// one before it in place.
/// </remarks>
public sealed record AuditRecord
{
    /// <summary>1 for the first event, then without gaps.</summary>
    [JsonPropertyName("sequence")]
    public required long Sequence { get; init; }

    /// <summary>RFC 3339 in UTC with three decimals; text, because the hash is over this text.</summary>
    [JsonPropertyName("at")]
    public required string At { get; init; }

    /// <summary>Stable dotted name, for example <c>order.created</c>.</summary>
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    /// <summary>Which administrator, or which part of the server by itself; absent for what clients do.</summary>
    [JsonPropertyName("actor")]
    public string? Actor { get; init; }

    [JsonPropertyName("profile")]
    public string? Profile { get; init; }

    [JsonPropertyName("account")]
    public string? Account { get; init; }

    [JsonPropertyName("order")]
    public string? Order { get; init; }

    [JsonPropertyName("authorization")]
    public string? Authorization { get; init; }

    [JsonPropertyName("certificate")]
    public string? Certificate { get; init; }

    [JsonPropertyName("device")]
    public string? Device { get; init; }

    /// <summary>Reason code of a refusal.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    [JsonPropertyName("detail")]
    public string? Detail { get; init; }

    /// <summary>Lower-case hex: the hash of the event before; 64 zeros for the first.</summary>
    [JsonPropertyName("previous")]
    public required string Previous { get; init; }

    /// <summary>Lower-case hex SHA-256.</summary>
    [JsonPropertyName("hash")]
    public required string Hash { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/audit/head</c>: whoever keeps it elsewhere can show later that nothing before it was changed or cut off.</summary>
public sealed record AuditHead
{
    /// <summary>Sequence of the last event; 0 where there is none.</summary>
    [JsonPropertyName("sequence")]
    public required long Sequence { get; init; }

    /// <summary>Its hash, lower-case hex.</summary>
    [JsonPropertyName("hash")]
    public required string Hash { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/audit</c>, newest first.</summary>
public sealed record AuditPage : IListPage<AuditRecord>
{
    [JsonPropertyName("events")]
    public required IReadOnlyList<AuditRecord> Events { get; init; }

    /// <summary>The <c>cursor</c> of the next page; absent on the last one.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }

    IReadOnlyList<AuditRecord> IListPage<AuditRecord>.Entries => Events;
}
