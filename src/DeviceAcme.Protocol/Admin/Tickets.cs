using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>Body of <c>POST /admin/v1/tickets</c>: leave to enroll is wanted for somebody.</summary>
public sealed record NewTicketRequest
{
    /// <summary>The only profile that it is good for; absent for any, and then it is an external account key and nothing else.</summary>
    [JsonPropertyName("profile")]
    public string? Profile { get; init; }

    /// <summary>What people shall know of it; at most 200 characters.</summary>
    [JsonPropertyName("note")]
    public string? Note { get; init; }

    /// <summary>How often it can be used; absent: once; 0: any number.</summary>
    [JsonPropertyName("uses")]
    public int? Uses { get; init; }

    /// <summary>How long it can be used: <c>12h</c>, <c>30d</c>; absent: until it is used up or revoked.</summary>
    [JsonPropertyName("expiresIn")]
    public string? ExpiresIn { get; init; }

    /// <summary>How long from now the accounts that come of it may order: <c>365d</c>; absent: without end.</summary>
    [JsonPropertyName("registrationEndsIn")]
    public string? RegistrationEndsIn { get; init; }

    /// <summary>The only device of the ledger that it is for: its id, or one of its identifiers.</summary>
    [JsonPropertyName("device")]
    public string? Device { get; init; }

    /// <summary>What its accounts may order, each <c>TYPE:PATTERN</c> as in profiles: <c>dns:.example.com</c>, <c>ip:10.0.0.0/8</c>; absent: what the profile allows.</summary>
    [JsonPropertyName("allowed")]
    public IReadOnlyList<string>? Allowed { get; init; }

    /// <summary>Facts <c>ticket.KEY</c> for the profile's rules and templates.</summary>
    [JsonPropertyName("attributes")]
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }
}

/// <summary>A ticket as it is listed. Its secrets are told once, when it is made or renewed.</summary>
public sealed record TicketEntry
{
    /// <summary>Also the key id for external account binding.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("profile")]
    public string? Profile { get; init; }

    /// <summary><c>open</c>, <c>used</c>, <c>expired</c> or <c>revoked</c>.</summary>
    [JsonPropertyName("state")]
    public required string State { get; init; }

    [JsonPropertyName("note")]
    public string? Note { get; init; }

    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    [JsonPropertyName("createdBy")]
    public required string CreatedBy { get; init; }

    [JsonPropertyName("expiresAt")]
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When its accounts can order no more.</summary>
    [JsonPropertyName("registrationEndsAt")]
    public DateTimeOffset? RegistrationEndsAt { get; init; }

    /// <summary>How often it can be used; absent for any number.</summary>
    [JsonPropertyName("uses")]
    public int? Uses { get; init; }

    [JsonPropertyName("used")]
    public required int Used { get; init; }

    [JsonPropertyName("lastUsedAt")]
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The account that used it last.</summary>
    [JsonPropertyName("accountId")]
    public string? AccountId { get; init; }

    [JsonPropertyName("deviceId")]
    public string? DeviceId { get; init; }

    [JsonPropertyName("allowed")]
    public IReadOnlyList<string>? Allowed { get; init; }

    [JsonPropertyName("attributes")]
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }

    [JsonPropertyName("revokedAt")]
    public DateTimeOffset? RevokedAt { get; init; }

    [JsonPropertyName("revocationReason")]
    public string? RevocationReason { get; init; }

    /// <summary>What to give to whom; only in the answer that made or renewed it.</summary>
    [JsonPropertyName("secrets")]
    public TicketSecretsEntry? Secrets { get; init; }
}

/// <summary>The three ways to present a ticket, as far as the profile takes them. Told once.</summary>
public sealed record TicketSecretsEntry
{
    /// <summary>Key id for external account binding (RFC 8555 §7.3.4).</summary>
    [JsonPropertyName("keyId")]
    public required string KeyId { get; init; }

    /// <summary>HMAC key for external account binding, base64url without padding.</summary>
    [JsonPropertyName("macKey")]
    public required string MacKey { get; init; }

    /// <summary>The one-time ClientIdentifier, where the profile says <c>proves: ticket</c>.</summary>
    [JsonPropertyName("clientIdentifier")]
    public string? ClientIdentifier { get; init; }

    /// <summary>The ticket's own directory.</summary>
    [JsonPropertyName("directoryUrl")]
    public string? DirectoryUrl { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/tickets</c>: one page, newest first.</summary>
public sealed record TicketPage : IListPage<TicketEntry>
{
    [JsonPropertyName("tickets")]
    public required IReadOnlyList<TicketEntry> Tickets { get; init; }

    /// <summary>For <c>cursor</c> of the next page; absent on the last.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }

    IReadOnlyList<TicketEntry> IListPage<TicketEntry>.Entries => Tickets;
}

/// <summary>Body of <c>POST /admin/v1/tickets/{id}/revoke</c>.</summary>
public sealed record TicketRevocation
{
    /// <summary>For the history.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>Ends the accounts that came of it, too.</summary>
    [JsonPropertyName("accounts")]
    public bool Accounts { get; init; }

    /// <summary>Revokes the certificates of those accounts, too.</summary>
    [JsonPropertyName("certificates")]
    public bool Certificates { get; init; }

    /// <summary>Of the certificates (RFC 5280 §5.3.1): 0, 1, 3, 4 or 5; absent for none.</summary>
    [JsonPropertyName("revocationReason")]
    public int? RevocationReason { get; init; }
}

/// <summary>Answer of <c>POST /admin/v1/tickets/{id}/revoke</c>: what ended.</summary>
public sealed record TicketRevocationReport
{
    [JsonPropertyName("ticket")]
    public required TicketEntry Ticket { get; init; }

    /// <summary>Ids of the accounts that were ended.</summary>
    [JsonPropertyName("accounts")]
    public required IReadOnlyList<string> Accounts { get; init; }

    /// <summary>Ids of the certificates that were revoked.</summary>
    [JsonPropertyName("certificates")]
    public required IReadOnlyList<string> Certificates { get; init; }
}

/// <summary>Body of <c>POST /admin/v1/accounts</c>: an account for a key that is known beforehand.</summary>
public sealed record NewRegistration
{
    /// <summary>The profile in whose directory the account lives.</summary>
    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    /// <summary>The public key: a JWK as JSON text, or PEM (<c>PUBLIC KEY</c>).</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>Addresses, <c>mailto:…</c>.</summary>
    [JsonPropertyName("contact")]
    public IReadOnlyList<string>? Contact { get; init; }

    /// <summary>How long from now it may order: <c>365d</c>; absent: without end.</summary>
    [JsonPropertyName("registrationEndsIn")]
    public string? RegistrationEndsIn { get; init; }

    /// <summary>The only device of the ledger that it is for: its id, or one of its identifiers.</summary>
    [JsonPropertyName("device")]
    public string? Device { get; init; }

    /// <summary>What it may order, each <c>TYPE:PATTERN</c>; absent: what the profile allows.</summary>
    [JsonPropertyName("allowed")]
    public IReadOnlyList<string>? Allowed { get; init; }

    /// <summary>Facts <c>ticket.KEY</c> for the profile's rules and templates.</summary>
    [JsonPropertyName("attributes")]
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }

    [JsonPropertyName("note")]
    public string? Note { get; init; }
}

/// <summary>Answer of <c>POST /admin/v1/accounts</c>.</summary>
public sealed record RegisteredAccount
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The account's URL, the <c>kid</c> of its requests.</summary>
    [JsonPropertyName("url")]
    public required string Url { get; init; }

    /// <summary>RFC 7638 thumbprint of the key, base64url.</summary>
    [JsonPropertyName("thumbprint")]
    public required string Thumbprint { get; init; }

    /// <summary>What it may order and until when; revoking it with its accounts ends the account.</summary>
    [JsonPropertyName("ticket")]
    public required TicketEntry Ticket { get; init; }
}
