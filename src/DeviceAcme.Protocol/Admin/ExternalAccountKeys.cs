using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>Body of <c>POST /admin/v1/external-account-keys</c>: a key for external account binding (RFC 8555 §7.3.4) is wanted.</summary>
public sealed record NewExternalAccountKey
{
    /// <summary>The only profile that the key is good for; absent for all.</summary>
    [JsonPropertyName("profile")]
    public string? Profile { get; init; }

    /// <summary>How long the key can be used, as in profiles: <c>30d</c>, <c>12h</c>; absent: until it is removed.</summary>
    [JsonPropertyName("expiresIn")]
    public string? ExpiresIn { get; init; }
}

/// <summary>A key for external account binding as it is listed. The MAC key itself is told once, when the key is made.</summary>
public sealed record ExternalAccountKeyEntry
{
    [JsonPropertyName("keyId")]
    public required string KeyId { get; init; }

    /// <summary>The MAC key, base64url without padding; only in the answer that made it.</summary>
    [JsonPropertyName("macKey")]
    public string? MacKey { get; init; }

    [JsonPropertyName("profile")]
    public string? Profile { get; init; }

    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    [JsonPropertyName("expiresAt")]
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The account that the key made; a key makes one.</summary>
    [JsonPropertyName("accountId")]
    public string? AccountId { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/external-account-keys</c>, oldest first.</summary>
public sealed record ExternalAccountKeyList
{
    [JsonPropertyName("keys")]
    public required IReadOnlyList<ExternalAccountKeyEntry> Keys { get; init; }
}

/// <summary>JSON of the admin listener; absent members stay away.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(RunningServer))]
[JsonSerializable(typeof(NewExternalAccountKey))]
[JsonSerializable(typeof(ExternalAccountKeyEntry))]
[JsonSerializable(typeof(ExternalAccountKeyList))]
[JsonSerializable(typeof(AttestationKeyEntry))]
[JsonSerializable(typeof(AttestationKeyList))]
[JsonSerializable(typeof(EvidenceRecord))]
[JsonSerializable(typeof(EvidenceList))]
[JsonSerializable(typeof(AnchorVersionList))]
[JsonSerializable(typeof(AnchorListing))]
[JsonSerializable(typeof(AnchorImportRequest))]
[JsonSerializable(typeof(AnchorImportReport))]
[JsonSerializable(typeof(AnchorDistrustRequest))]
[JsonSerializable(typeof(AnchorChanges))]
[JsonSerializable(typeof(AnchorExport))]
[JsonSerializable(typeof(AnchorSetEntry))]
[JsonSerializable(typeof(IReadOnlyList<AnomalyEntry>))]
[JsonSerializable(typeof(AcknowledgedAnomalies))]
[JsonSerializable(typeof(OrderExplanation))]
[JsonSerializable(typeof(AuditRecord))]
[JsonSerializable(typeof(AuditHead))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(NewAdminToken))]
[JsonSerializable(typeof(AdminTokenEntry))]
[JsonSerializable(typeof(AdminTokenList))]
[JsonSerializable(typeof(AdminSelf))]
[JsonSerializable(typeof(NewTicketRequest))]
[JsonSerializable(typeof(TicketEntry))]
[JsonSerializable(typeof(TicketPage))]
[JsonSerializable(typeof(TicketRevocation))]
[JsonSerializable(typeof(TicketRevocationReport))]
[JsonSerializable(typeof(NewRegistration))]
[JsonSerializable(typeof(RegisteredAccount))]
[JsonSerializable(typeof(ProfileListing))]
[JsonSerializable(typeof(ProfileVersionText))]
[JsonSerializable(typeof(ProfileVersionList))]
[JsonSerializable(typeof(ProfileFiles))]
[JsonSerializable(typeof(ProfileRollback))]
[JsonSerializable(typeof(ProfileReason))]
[JsonSerializable(typeof(ProfileCheckReport))]
[JsonSerializable(typeof(ProfileActivationReport))]
[JsonSerializable(typeof(NewDevice))]
[JsonSerializable(typeof(DeviceEdit))]
[JsonSerializable(typeof(DeviceMove))]
[JsonSerializable(typeof(DeviceEntry))]
[JsonSerializable(typeof(DeviceList))]
[JsonSerializable(typeof(DeviceChange))]
[JsonSerializable(typeof(DeviceEnrollments))]
[JsonSerializable(typeof(DeviceImportProgress))]
[JsonSerializable(typeof(WebhookListing))]
[JsonSerializable(typeof(SyncListing))]
[JsonSerializable(typeof(SyncSourceEntry))]
[JsonSerializable(typeof(SyncRunRequest))]
[JsonSerializable(typeof(WebhookDeliveryPage))]
[JsonSerializable(typeof(WebhookDeliveryRecord))]
[JsonSerializable(typeof(OrderRecord))]
[JsonSerializable(typeof(OrderList))]
[JsonSerializable(typeof(OrderApproval))]
[JsonSerializable(typeof(OrderRefusal))]
[JsonSerializable(typeof(AccountRecord))]
[JsonSerializable(typeof(AccountList))]
[JsonSerializable(typeof(AccountDeactivation))]
[JsonSerializable(typeof(CertificateRecord))]
[JsonSerializable(typeof(CertificateList))]
[JsonSerializable(typeof(CertificateRevocation))]
public sealed partial class AdminJson : JsonSerializerContext;
