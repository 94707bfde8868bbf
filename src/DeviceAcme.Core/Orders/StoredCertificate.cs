using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Acme;

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
    public DateTimeOffset? RevokedAt { get; private set; }

    /// <summary>RFC 5280 §5.3.1 reasonCode; null where none was given.</summary>
    public int? RevocationReason { get; private set; }

    /// <summary>It is good no more; the caller publishes the issuer's CRL after the commit.</summary>
    /// <param name="reason">RFC 5280 §5.3.1, of those that <see cref="Revocation.RevocationReasons"/> lets pass.</param>
    /// <param name="by">The account that asked; null for its own key and for administrators.</param>
    /// <param name="actor">The administrator; null for clients.</param>
    /// <param name="now">The time.</param>
    /// <param name="comment">What the administrator said about it, for the history.</param>
    public AuditEvent Revoke(int? reason, AccountId? by, string? actor, DateTimeOffset now, string? comment = null)
    {
        if (RevokedAt is not null)
        {
            throw Problems.AlreadyRevoked("certificate-already-revoked", "certificate: it has been revoked already");
        }

        RevokedAt = now;
        // RFC 5280 §5.3.1: unspecified is said by leaving the reason out
        RevocationReason = reason is 0 ? null : reason;
        return new AuditEvent
        {
            At = now,
            Kind = "certificate.revoked",
            Actor = actor,
            Profile = Profile,
            Account = by,
            Order = Order,
            Certificate = Id,
            Device = Device,
            Detail = reason is null && comment is null ? null : string.Join("; ", new[] { reason is null ? null : $"reason {reason}", comment }.OfType<string>()),
        };
    }
}
