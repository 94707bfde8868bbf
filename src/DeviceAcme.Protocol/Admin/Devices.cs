using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>What somebody says about a device; what is absent stays as it is.</summary>
public abstract record DeviceWords
{
    /// <summary>What people call it; an empty text takes it away.</summary>
    [JsonPropertyName("label")]
    public string? Label { get; init; }

    /// <summary>Whose it is; an empty text takes it away.</summary>
    [JsonPropertyName("owner")]
    public string? Owner { get; init; }

    /// <summary>All of its groups: the list replaces the one before.</summary>
    [JsonPropertyName("groups")]
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>Free keys and values; an empty value takes its key away, keys that are not named stay.</summary>
    [JsonPropertyName("attributes")]
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }
}

/// <summary>Body of <c>POST /admin/v1/devices</c>: somebody expects a device.</summary>
public sealed record NewDevice : DeviceWords
{
    /// <summary>By kind: <c>serial</c>, <c>udid</c>, <c>imei</c>, <c>meid</c>, <c>ek</c>, <c>hardware-module</c>, <c>permanent-identifier</c>, <c>host</c>.</summary>
    [JsonPropertyName("identifiers")]
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Identifiers { get; init; }

    /// <summary><c>expected</c> if it is absent.</summary>
    [JsonPropertyName("state")]
    public string? State { get; init; }
}

/// <summary>Body of <c>PATCH /admin/v1/devices/{id}</c>.</summary>
public sealed record DeviceEdit : DeviceWords
{
    [JsonPropertyName("addIdentifiers")]
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? AddIdentifiers { get; init; }

    /// <summary>One identifier must be left.</summary>
    [JsonPropertyName("removeIdentifiers")]
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? RemoveIdentifiers { get; init; }
}

/// <summary>Body of <c>POST /admin/v1/devices/{id}/block</c>, <c>unblock</c>, <c>quarantine</c>, <c>retire</c>, <c>replace</c> and <c>revoke-all</c>.</summary>
public sealed record DeviceMove
{
    /// <summary>Why, for the history and for who looks at the device.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>Revoke all of its valid certificates in the same commit; not with <c>unblock</c>.</summary>
    [JsonPropertyName("revoke")]
    public bool Revoke { get; init; }

    /// <summary>CRL reason code of RFC 5280 §5.3.1: 0, 1, 3, 4 or 5; absent for none.</summary>
    [JsonPropertyName("revocationReason")]
    public int? RevocationReason { get; init; }

    /// <summary>Id of the device that takes its place; <c>replace</c> alone.</summary>
    [JsonPropertyName("successor")]
    public string? Successor { get; init; }
}

/// <summary>A device of the ledger. Its ETag is <see cref="Version"/>.</summary>
public sealed record DeviceEntry
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>By kind.</summary>
    [JsonPropertyName("identifiers")]
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Identifiers { get; init; }

    [JsonPropertyName("label")]
    public string? Label { get; init; }

    [JsonPropertyName("owner")]
    public string? Owner { get; init; }

    [JsonPropertyName("groups")]
    public required IReadOnlyList<string> Groups { get; init; }

    [JsonPropertyName("attributes")]
    public required IReadOnlyDictionary<string, string> Attributes { get; init; }

    /// <summary><c>expected</c>, <c>active</c>, <c>quarantined</c>, <c>blocked</c> or <c>retired</c>.</summary>
    [JsonPropertyName("state")]
    public required string State { get; init; }

    [JsonPropertyName("stateSince")]
    public required DateTimeOffset StateSince { get; init; }

    [JsonPropertyName("stateReason")]
    public string? StateReason { get; init; }

    /// <summary>Id of its successor.</summary>
    [JsonPropertyName("replacedBy")]
    public string? ReplacedBy { get; init; }

    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When evidence for it was last accepted; absent for one that never showed any.</summary>
    [JsonPropertyName("lastSeenAt")]
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>When it last got a certificate, by evidence or by a ticket that is for it; absent for one that never got any.</summary>
    [JsonPropertyName("lastEnrolledAt")]
    public DateTimeOffset? LastEnrolledAt { get; init; }

    [JsonPropertyName("version")]
    public required int Version { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/devices</c>, newest first.</summary>
public sealed record DeviceList : IListPage<DeviceEntry>
{
    [JsonPropertyName("devices")]
    public required IReadOnlyList<DeviceEntry> Devices { get; init; }

    IReadOnlyList<DeviceEntry> IListPage<DeviceEntry>.Entries => Devices;

    /// <summary>The <c>cursor</c> of the next page; absent on the last one.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }
}

/// <summary>What became of a device: how it is now, and which certificates were revoked with it.</summary>
public sealed record DeviceChange
{
    [JsonPropertyName("device")]
    public required DeviceEntry Device { get; init; }

    /// <summary>Revoked in the same commit; empty where that was not asked for, or where none was valid.</summary>
    [JsonPropertyName("revoked")]
    public required IReadOnlyList<DeviceCertificateEntry> Revoked { get; init; }

    /// <summary>Certificates of its TPM's attestation keys that were revoked with them.</summary>
    [JsonPropertyName("revokedAttestationKeys")]
    public required IReadOnlyList<AttestationKeyEntry> RevokedAttestationKeys { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/devices/{id}/enrollments</c>: what hangs from a device, the newest of each, within the caller's profiles.</summary>
public sealed record DeviceEnrollments
{
    [JsonPropertyName("deviceId")]
    public required string DeviceId { get; init; }

    /// <summary>The accounts that proved to be on the device.</summary>
    [JsonPropertyName("accounts")]
    public required IReadOnlyList<DeviceAccountEntry> Accounts { get; init; }

    [JsonPropertyName("orders")]
    public required IReadOnlyList<DeviceOrderEntry> Orders { get; init; }

    [JsonPropertyName("evidence")]
    public required IReadOnlyList<EvidenceEntry> Evidence { get; init; }

    [JsonPropertyName("certificates")]
    public required IReadOnlyList<DeviceCertificateEntry> Certificates { get; init; }

    /// <summary>True where there are more of one kind than are shown.</summary>
    [JsonPropertyName("more")]
    public required bool More { get; init; }
}

/// <summary>An account that proved to be on a device.</summary>
public sealed record DeviceAccountEntry
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>An order that a device proved.</summary>
public sealed record DeviceOrderEntry
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("accountId")]
    public required string AccountId { get; init; }

    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Of the challenge: the evidence that proved the device for this order; it may have been dropped since.</summary>
    [JsonPropertyName("evidenceId")]
    public string? EvidenceId { get; init; }

    [JsonPropertyName("certificateId")]
    public string? CertificateId { get; init; }
}

/// <summary>A certificate of a device.</summary>
public sealed record DeviceCertificateEntry
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("orderId")]
    public required string OrderId { get; init; }

    [JsonPropertyName("accountId")]
    public required string AccountId { get; init; }

    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    /// <summary>Lower-case hex.</summary>
    [JsonPropertyName("serial")]
    public required string Serial { get; init; }

    [JsonPropertyName("notBefore")]
    public required DateTimeOffset NotBefore { get; init; }

    [JsonPropertyName("notAfter")]
    public required DateTimeOffset NotAfter { get; init; }

    [JsonPropertyName("revokedAt")]
    public DateTimeOffset? RevokedAt { get; init; }
}

/// <summary>A line of the answer of <c>POST /admin/v1/devices/imports</c>: how far it is, and in the last line what came of it.</summary>
public sealed record DeviceImportProgress
{
    /// <summary>Devices that were looked at.</summary>
    [JsonPropertyName("done")]
    public required int Done { get; init; }

    [JsonPropertyName("total")]
    public required int Total { get; init; }

    /// <summary>Only in the last line.</summary>
    [JsonPropertyName("report")]
    public DeviceImportReport? Report { get; init; }
}

/// <summary>What an import did, or would do.</summary>
public sealed record DeviceImportReport
{
    [JsonPropertyName("dryRun")]
    public required bool DryRun { get; init; }

    [JsonPropertyName("added")]
    public required int Added { get; init; }

    [JsonPropertyName("changed")]
    public required int Changed { get; init; }

    [JsonPropertyName("unchanged")]
    public required int Unchanged { get; init; }

    /// <summary>Lines whose devices somebody else changed meanwhile, so that they could not be taken over; usually none.</summary>
    [JsonPropertyName("leftOut")]
    public required IReadOnlyList<string> LeftOut { get; init; }
}
