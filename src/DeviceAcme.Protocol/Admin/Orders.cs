using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Admin;

/// <summary>What a list and a record tell of an order.</summary>
public abstract record OrderDescription
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>RFC 8555 §7.1.6: <c>pending</c>, <c>ready</c>, <c>processing</c>, <c>valid</c>, <c>invalid</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    /// <summary>Lower-case hex SHA-256 of the profile's text: the version that the order was made under.</summary>
    [JsonPropertyName("profileHash")]
    public required string ProfileHash { get; init; }

    [JsonPropertyName("accountId")]
    public required string AccountId { get; init; }

    [JsonPropertyName("identifiers")]
    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }

    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends by itself; while it waits for an officer, when the waiting ends.</summary>
    [JsonPropertyName("expires")]
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The devices that its evidence proved.</summary>
    [JsonPropertyName("deviceIds")]
    public required IReadOnlyList<string> DeviceIds { get; init; }

    [JsonPropertyName("certificateId")]
    public string? CertificateId { get; init; }

    /// <summary>Why it is invalid, as the client sees it.</summary>
    [JsonPropertyName("error")]
    public Problem? Error { get; init; }

    /// <summary>What an officer is asked, or said; absent where nobody had to be asked.</summary>
    [JsonPropertyName("approval")]
    public ApprovalEntry? Approval { get; init; }
}

/// <summary>An order as <c>GET /admin/v1/orders</c> lists it.</summary>
public sealed record OrderEntry : OrderDescription;

/// <summary>An order with what hangs from it: answer of <c>GET /admin/v1/orders/{id}</c>, and of its approval and refusal.</summary>
public sealed record OrderRecord : OrderDescription
{
    /// <summary>For readers of JSON.</summary>
    [JsonConstructor]
    public OrderRecord()
    {
    }

    /// <summary>The entry with what hangs from it.</summary>
    [SetsRequiredMembers]
    public OrderRecord(OrderDescription entry, IReadOnlyList<OrderAuthorizationEntry> authorizations, IReadOnlyList<string> evidenceIds)
        : base(entry) => (Authorizations, EvidenceIds) = (authorizations, evidenceIds);

    [JsonPropertyName("authorizations")]
    public required IReadOnlyList<OrderAuthorizationEntry> Authorizations { get; init; }

    /// <summary>Stored verdicts about it and its authorizations, oldest first; see <c>GET /admin/v1/evidence/{id}</c>.</summary>
    [JsonPropertyName("evidenceIds")]
    public required IReadOnlyList<string> EvidenceIds { get; init; }
}

/// <summary>What an order needs for one identifier.</summary>
public sealed record OrderAuthorizationEntry
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("identifier")]
    public required AcmeIdentifier Identifier { get; init; }

    /// <summary>RFC 8555 §7.1.6.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("expires")]
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The device that evidence proved.</summary>
    [JsonPropertyName("deviceId")]
    public string? DeviceId { get; init; }
}

/// <summary>What an order waits or waited for.</summary>
public sealed record ApprovalEntry
{
    /// <summary><c>waiting</c> for an officer, <c>issuing</c>, or <c>closed</c>.</summary>
    [JsonPropertyName("state")]
    public required string State { get; init; }

    /// <summary>Why an officer is needed: <c>profile</c>, <c>unknown-device</c>.</summary>
    [JsonPropertyName("causes")]
    public required IReadOnlyList<string> Causes { get; init; }

    [JsonPropertyName("requestedAt")]
    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>When the waiting ends.</summary>
    [JsonPropertyName("expires")]
    public required DateTimeOffset Expires { get; init; }

    /// <summary><c>approved</c> or <c>refused</c>; absent while nobody said anything.</summary>
    [JsonPropertyName("decision")]
    public string? Decision { get; init; }

    [JsonPropertyName("decidedAt")]
    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>The officer.</summary>
    [JsonPropertyName("decidedBy")]
    public string? DecidedBy { get; init; }

    /// <summary>What the officer said about it.</summary>
    [JsonPropertyName("comment")]
    public string? Comment { get; init; }

    /// <summary>The serial number that the certificate will have, lower-case hex; absent before the first attempt to sign it.</summary>
    [JsonPropertyName("serial")]
    public string? Serial { get; init; }

    /// <summary>How often the signature was asked for.</summary>
    [JsonPropertyName("attempts")]
    public required int Attempts { get; init; }

    /// <summary>Why the last attempt led to nothing and is made again.</summary>
    [JsonPropertyName("failure")]
    public string? Failure { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/orders</c>, newest first.</summary>
public sealed record OrderList : IListPage<OrderEntry>
{
    [JsonPropertyName("orders")]
    public required IReadOnlyList<OrderEntry> Orders { get; init; }

    /// <summary>The <c>cursor</c> of the next page; absent on the last one.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }

    IReadOnlyList<OrderEntry> IListPage<OrderEntry>.Entries => Orders;
}

/// <summary>Body of <c>POST /admin/v1/orders/{id}/approve</c>.</summary>
public sealed record OrderApproval
{
    /// <summary>For the history; the client never sees it.</summary>
    [JsonPropertyName("comment")]
    public string? Comment { get; init; }
}

/// <summary>Body of <c>POST /admin/v1/orders/{id}/refuse</c>.</summary>
public sealed record OrderRefusal
{
    /// <summary>The client is told.</summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }

    /// <summary><c>leave</c> the device as it is (absent: the same), or <c>block</c> it.</summary>
    [JsonPropertyName("device")]
    public string? Device { get; init; }
}
