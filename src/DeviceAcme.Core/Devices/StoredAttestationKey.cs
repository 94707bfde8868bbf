namespace DeviceAcme.Core.Devices;

/// <summary>A TPM's attestation key that this server has certified, with its revocation.</summary>
internal sealed class StoredAttestationKey
{
    public required CertificateId Id { get; init; }
    public required string Profile { get; init; }
    public required DeviceId Device { get; init; }

    /// <summary>What it was certified on.</summary>
    public required EvidenceId Evidence { get; init; }

    /// <summary>Lower-case hex SHA-256 of the endorsement key's SubjectPublicKeyInfo.</summary>
    public required string EndorsementKeyHash { get; init; }

    /// <summary>Lower-case hex; unique per issuer.</summary>
    public required string Serial { get; init; }

    /// <summary>Lower-case hex of the attestation CA's key id.</summary>
    public required string IssuerKeyId { get; init; }

    /// <summary>DER.</summary>
    public required byte[] Certificate { get; init; }

    /// <summary>Lower-case hex SHA-256 of <see cref="Certificate"/>.</summary>
    public required string Fingerprint { get; init; }

    public required DateTimeOffset NotBefore { get; init; }
    public required DateTimeOffset NotAfter { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>RFC 5280 §5.3.1 reasonCode; null where none was given.</summary>
    public int? RevocationReason { get; set; }
}
