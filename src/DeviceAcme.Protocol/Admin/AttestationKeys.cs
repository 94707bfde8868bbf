using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>The certificate of a TPM's attestation key, as <c>GET /admin/v1/attestation-keys</c> lists it.</summary>
public sealed record AttestationKeyEntry
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The profile whose attestation CA certified it.</summary>
    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    /// <summary>The device that it is in.</summary>
    [JsonPropertyName("deviceId")]
    public required string DeviceId { get; init; }

    /// <summary>The TPM's permanent identifier.</summary>
    [JsonPropertyName("identifier")]
    public required string Identifier { get; init; }

    /// <summary>Serial number of the certificate, lower-case hex.</summary>
    [JsonPropertyName("serial")]
    public required string Serial { get; init; }

    /// <summary>Lower-case hex SHA-256 of the DER certificate.</summary>
    [JsonPropertyName("fingerprint")]
    public required string Fingerprint { get; init; }

    /// <summary>What it was certified on.</summary>
    [JsonPropertyName("evidenceId")]
    public required string EvidenceId { get; init; }

    [JsonPropertyName("notBefore")]
    public required DateTimeOffset NotBefore { get; init; }

    [JsonPropertyName("notAfter")]
    public required DateTimeOffset NotAfter { get; init; }

    [JsonPropertyName("revokedAt")]
    public DateTimeOffset? RevokedAt { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/attestation-keys</c>, newest first.</summary>
public sealed record AttestationKeyList : IListPage<AttestationKeyEntry>
{
    [JsonPropertyName("keys")]
    public required IReadOnlyList<AttestationKeyEntry> Keys { get; init; }

    /// <summary>The <c>cursor</c> of the next page; absent on the last one.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }

    IReadOnlyList<AttestationKeyEntry> IListPage<AttestationKeyEntry>.Entries => Keys;
}
