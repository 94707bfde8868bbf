namespace DeviceAcme.Core.Orders;

/// <summary>A certificate that was issued, with its chains and its revocation.</summary>
internal sealed class StoredCertificate
{
    public required CertificateId Id { get; init; }
    public required OrderId Order { get; init; }
    public required AccountId Account { get; init; }
    public DeviceId? Device { get; init; }
    public required string Profile { get; init; }

    /// <summary>Lower-case hex; unique per issuer.</summary>
    public required string Serial { get; init; }

    /// <summary>Lower-case hex of the issuer's subject key identifier.</summary>
    public required string IssuerKeyId { get; init; }

    /// <summary>DER.</summary>
    public required byte[] Certificate { get; init; }

    /// <summary>Hashes of the chains that go with it, in order; the chains themselves are stored once.</summary>
    public required IReadOnlyList<string> Chains { get; init; }

    public required DateTimeOffset NotBefore { get; init; }
    public required DateTimeOffset NotAfter { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>RFC 5280 §5.3.1 reasonCode; null where none was given.</summary>
    public int? RevocationReason { get; set; }
}
