using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>Body of <c>POST /admin/v1/tokens</c>: a token for somebody or something that administers over the network.</summary>
public sealed record NewAdminToken
{
    /// <summary>What the audit log will call its holder; lower-case letters, digits, hyphens and dots, at most 64. No two tokens share one.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary><c>administrator</c>, <c>officer</c>, <c>auditor</c>; one or more.</summary>
    [JsonPropertyName("roles")]
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>The only profiles that it is good for; absent for all. An administrator has all.</summary>
    [JsonPropertyName("profiles")]
    public IReadOnlyList<string>? Profiles { get; init; }

    /// <summary>How long it can be used: <c>12h</c>, <c>30d</c>; absent: 90 days.</summary>
    [JsonPropertyName("expiresIn")]
    public string? ExpiresIn { get; init; }
}

/// <summary>A token as it is listed. The token itself is told once, when it is made; the server keeps its SHA-256.</summary>
public sealed record AdminTokenEntry
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>What goes behind <c>Authorization: Bearer</c>; only in the answer that made it.</summary>
    [JsonPropertyName("token")]
    public string? Token { get; init; }

    [JsonPropertyName("roles")]
    public required IReadOnlyList<string> Roles { get; init; }

    [JsonPropertyName("profiles")]
    public IReadOnlyList<string>? Profiles { get; init; }

    [JsonPropertyName("createdAt")]
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    [JsonPropertyName("createdBy")]
    public required string CreatedBy { get; init; }

    [JsonPropertyName("expiresAt")]
    public required DateTimeOffset ExpiresAt { get; init; }

    [JsonPropertyName("revokedAt")]
    public DateTimeOffset? RevokedAt { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/tokens</c>, oldest first, those that expired or were revoked among them.</summary>
public sealed record AdminTokenList : IListPage<AdminTokenEntry>
{
    [JsonPropertyName("tokens")]
    public required IReadOnlyList<AdminTokenEntry> Tokens { get; init; }

    /// <summary>The <c>cursor</c> of the next page; absent on the last one.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }

    IReadOnlyList<AdminTokenEntry> IListPage<AdminTokenEntry>.Entries => Tokens;
}

/// <summary>Answer of <c>GET /admin/v1/self</c>: who the server takes the caller for.</summary>
public sealed record AdminSelf
{
    /// <summary>As the audit log calls them.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("roles")]
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>The only profiles that they may work with; absent for all.</summary>
    [JsonPropertyName("profiles")]
    public IReadOnlyList<string>? Profiles { get; init; }
}
