using DeviceAcme.Core;

namespace DeviceAcme.Server.Storage;

/// <summary>Which authorizations an order needs, in the order of its identifiers. An authorization may serve several orders.</summary>
internal sealed class OrderAuthorization
{
    public required OrderId OrderId { get; init; }
    public required AuthorizationId AuthorizationId { get; init; }
    public required int Position { get; init; }
}

/// <summary>CA certificates that go with issued certificates, DER one after the other; stored once for all of them.</summary>
internal sealed class StoredChain
{
    /// <summary>Lower-case hex SHA-256 of <see cref="Certificates"/>.</summary>
    public required string Hash { get; init; }

    public required byte[] Certificates { get; init; }
}

/// <summary>The newest CRL of one issuer key.</summary>
internal sealed class StoredCrl
{
    public required string IssuerKeyId { get; init; }
    public required long Number { get; set; }
    public required byte[] Der { get; set; }
    public required DateTimeOffset ThisUpdate { get; set; }
    public required DateTimeOffset NextUpdate { get; set; }
}

/// <summary>A key that an administrator handed out for external account binding (RFC 8555 §7.3.4).</summary>
internal sealed class ExternalAccountKey
{
    public required string KeyId { get; init; }
    public required byte[] MacKey { get; init; }

    /// <summary>The only profile it is good for; null for all.</summary>
    public string? Profile { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The account that used it; a key makes one account.</summary>
    public AccountId? AccountId { get; set; }
}
