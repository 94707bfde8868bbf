using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>What a list and a record tell of an account.</summary>
public abstract record AccountDescription
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The profile whose directory it was made in.</summary>
    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    /// <summary>RFC 8555 §7.1.6: <c>valid</c>, <c>deactivated</c>, <c>revoked</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    [JsonPropertyName("contact")]
    public required IReadOnlyList<string> Contact { get; init; }

    /// <summary>RFC 7638 thumbprint of its key, base64url.</summary>
    [JsonPropertyName("thumbprint")]
    public required string Thumbprint { get; init; }

    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The external account that vouched for it (RFC 8555 §7.3.4).</summary>
    [JsonPropertyName("externalAccountKeyId")]
    public string? ExternalAccountKeyId { get; init; }

    /// <summary>The ticket that it came of, or that it used first; its rules are those of the account.</summary>
    [JsonPropertyName("ticketId")]
    public string? TicketId { get; init; }
}

/// <summary>An account as <c>GET /admin/v1/accounts</c> lists it.</summary>
public sealed record AccountEntry : AccountDescription;

/// <summary>An account with what hangs from it: answer of <c>GET /admin/v1/accounts/{id}</c> and of its deactivation.</summary>
public sealed record AccountRecord : AccountDescription
{
    /// <summary>For readers of JSON.</summary>
    [JsonConstructor]
    public AccountRecord()
    {
    }

    /// <summary>The entry with what hangs from it.</summary>
    [SetsRequiredMembers]
    public AccountRecord(AccountDescription entry, IReadOnlyList<string> deviceIds, IReadOnlyList<string> orderIds, IReadOnlyList<string> certificateIds)
        : base(entry) => (DeviceIds, OrderIds, CertificateIds) = (deviceIds, orderIds, certificateIds);

    /// <summary>The terms of service that it agreed to.</summary>
    [JsonPropertyName("agreedTerms")]
    public string? AgreedTerms { get; init; }

    /// <summary>The devices that it proved, at most a hundred; see <c>GET /admin/v1/devices</c>.</summary>
    [JsonPropertyName("deviceIds")]
    public required IReadOnlyList<string> DeviceIds { get; init; }

    /// <summary>Its newest orders, at most a hundred; see <c>GET /admin/v1/orders?account=ID</c>.</summary>
    [JsonPropertyName("orderIds")]
    public required IReadOnlyList<string> OrderIds { get; init; }

    /// <summary>Its newest certificates, at most a hundred; see <c>GET /admin/v1/certificates?account=ID</c>.</summary>
    [JsonPropertyName("certificateIds")]
    public required IReadOnlyList<string> CertificateIds { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/accounts</c>, newest first.</summary>
public sealed record AccountList : IListPage<AccountEntry>
{
    [JsonPropertyName("accounts")]
    public required IReadOnlyList<AccountEntry> Accounts { get; init; }

    /// <summary>The <c>cursor</c> of the next page; absent on the last one.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }

    IReadOnlyList<AccountEntry> IListPage<AccountEntry>.Entries => Accounts;
}

/// <summary>Body of <c>POST /admin/v1/accounts/{id}/deactivate</c>.</summary>
public sealed record AccountDeactivation
{
    /// <summary>For the history.</summary>
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }
}
