using DeviceAcme.Core.Administration;

namespace DeviceAcme.Server.Storage;

/// <summary>A token for administration over the network. The row stays when the token is over: the audit log speaks of its name.</summary>
internal sealed class StoredAdminToken
{
    public required string Id { get; init; }
    public required string Name { get; init; }

    /// <summary>Lower-case hex SHA-256 of the token, which has 256 random bits: a slow hash would add nothing.</summary>
    public required string Hash { get; init; }

    public required AdminRoles Roles { get; init; }

    /// <summary>The only profiles that it is good for; null for all.</summary>
    public IReadOnlyList<string>? Profiles { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>The answer to a request that had an idempotency key.</summary>
internal sealed class StoredAnswer
{
    /// <summary>Lower-case hex SHA-256 of who asked where with which key.</summary>
    public required string KeyHash { get; init; }

    /// <summary>Lower-case hex SHA-256 of the body that was sent.</summary>
    public required string RequestHash { get; init; }

    public required int Status { get; init; }
    public string? ContentType { get; init; }

    /// <summary>Encrypted under the client's key, which the server does not keep.</summary>
    public required byte[] Answer { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }
}
