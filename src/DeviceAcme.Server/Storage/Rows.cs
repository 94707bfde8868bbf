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
