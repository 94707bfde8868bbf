using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Orders;

/// <summary>A request for one certificate (RFC 8555 §7.1.3).</summary>
/// <remarks>Each event has one method: guard, change, audit event. The status follows from the authorizations in <see cref="Follow"/>.</remarks>
internal sealed class Order
{
    private Order()
    {
    }

    public OrderId Id { get; private init; }
    public AccountId AccountId { get; private init; }

    /// <summary>The profile that rules the certificate; differs from the account's directory only where the client named another.</summary>
    public string Profile { get; private init; } = "";

    /// <summary>Content hash of the profile version that the order was made under.</summary>
    public string ProfileHash { get; private init; } = "";

    public OrderStatus Status { get; private set; }

    /// <summary>As ordered, wildcards with their <c>*.</c>; never changes (RFC 8555 §7.1.3).</summary>
    public IReadOnlyList<AcmeIdentifier> Identifiers { get; private init; } = [];

    public DateTimeOffset? NotBefore { get; private init; }
    public DateTimeOffset? NotAfter { get; private init; }
    /// <summary>When it ends by itself; while it is processed, when the waiting ends.</summary>
    public DateTimeOffset Expires { get; private set; }

    public DateTimeOffset CreatedAt { get; private init; }
    public CertificateId? CertificateId { get; private set; }
    public Problem? Error { get; private set; }
    public int Version { get; private set; }

    public static (Order Order, AuditEvent Event) Create(NewOrder wanted, DateTimeOffset now)
    {
        var order = new Order
        {
            Id = new OrderId(Secrets.Id(now)),
            AccountId = wanted.Account,
            Profile = wanted.Profile,
            ProfileHash = wanted.ProfileHash,
            Identifiers = wanted.Identifiers,
            NotBefore = wanted.NotBefore,
            NotAfter = wanted.NotAfter,
            CreatedAt = now,
            Expires = now + wanted.Lifetime,
        };
        return (order, order.Event("order.created", now, null, string.Join(", ", wanted.Identifiers)));
    }

    /// <summary>One that can be changed without the other.</summary>
    public Order Copy() => (Order)MemberwiseClone();

    /// <summary>The status at a time: an order that was not finished ends when it expires.</summary>
    public OrderStatus StatusAt(DateTimeOffset now) =>
        Status is OrderStatus.Pending or OrderStatus.Ready && now >= Expires ? OrderStatus.Invalid : Status;

    /// <summary>The status at a time as the authorizations make it: one of them can expire without an event (RFC 8555 §7.1.6).</summary>
    public OrderStatus StatusAt(IReadOnlyCollection<Authorization> authorizations, DateTimeOffset now) =>
        Status is OrderStatus.Pending or OrderStatus.Ready && Lost(authorizations, now) is not null ? OrderStatus.Invalid : StatusAt(now);

    /// <summary>
    /// Brings the status in line with the authorizations (RFC 8555 §7.1.6): total and idempotent. All valid makes a pending
    /// order ready; one that failed, expired or was given up makes a pending or ready order invalid. A processing order was finalized in time:
    /// only one that was given up ends it.
    /// </summary>
    /// <returns>The event of a change, or null where nothing changed.</returns>
    public AuditEvent? Follow(IReadOnlyCollection<Authorization> authorizations, DateTimeOffset now)
    {
        if (Status == OrderStatus.Processing)
        {
            return Withdrawn(authorizations) is { } withdrawn ? Fail(NotValid(withdrawn, now), now) : null;
        }

        if (Status is not (OrderStatus.Pending or OrderStatus.Ready))
        {
            return null;
        }

        if (Lost(authorizations, now) is { } lost)
        {
            var cause = lost.Challenges.FirstOrDefault(challenge => challenge.Error is not null)?.Error;
            return Fail(cause ?? NotValid(lost, now), now);
        }

        if (Status == OrderStatus.Pending && authorizations.All(authorization => authorization.StatusAt(now) == AuthorizationStatus.Valid))
        {
            Status = OrderStatus.Ready;
            return Event("order.ready", now, null, null);
        }

        return null;
    }

    /// <summary>Refuses anything but an order that is ready to be finalized (RFC 8555 §7.4: 403).</summary>
    public void RequireReady(IReadOnlyCollection<Authorization> authorizations, DateTimeOffset now)
    {
        var status = StatusAt(authorizations, now);
#if PLANTED_DEFECTS
        if (DeviceAcme.Attestation.Planted.Overlooks($"order-not-ready-{status.Wire()}"))
        {
            return;
        }
#endif
        if (status != OrderStatus.Ready)
        {
            var expired = status == OrderStatus.Invalid && Error is null ? "; it or one of its authorizations expired, make a new order" : "";
            throw Problems.OrderNotReady("order-not-ready", $"order status: expected ready, found {status.Wire()}{expired}");
        }
    }

    /// <summary>The CSR is good, and issuing takes time (RFC 8555 §7.1.6): what is still to be done stands in a <see cref="PendingIssuance"/>.</summary>
    /// <param name="until">When the waiting ends; the order's own end counts no more, nor that of its authorizations.</param>
    /// <param name="why">What it waits for.</param>
    public AuditEvent Process(IReadOnlyCollection<Authorization> authorizations, DateTimeOffset until, string why, DateTimeOffset now)
    {
        RequireReady(authorizations, now);
        Status = OrderStatus.Processing;
        Expires = until;
        return Event("order.processing", now, null, why);
    }

    /// <summary>The certificate exists: the caller commits both together.</summary>
    public AuditEvent Complete(CertificateId certificate, IReadOnlyCollection<Authorization> authorizations, DateTimeOffset now)
    {
        // RFC 8555 §7.5.2: an authorization that was deactivated meanwhile cannot support issuance
        if (Status != OrderStatus.Processing)
        {
            RequireReady(authorizations, now);
        }
        else if (Withdrawn(authorizations) is { } withdrawn)
        {
            throw new ProblemException(NotValid(withdrawn, now));
        }

        Status = OrderStatus.Valid;
        CertificateId = certificate;
        return Event("order.valid", now, null, null, certificate);
    }

    /// <summary>Nothing will come of this order.</summary>
    public AuditEvent Fail(Problem error, DateTimeOffset now)
    {
        if (Status is OrderStatus.Valid or OrderStatus.Invalid)
        {
            throw new InvalidOperationException($"order {Id} is {Status.Wire()} and cannot fail");
        }

        Status = OrderStatus.Invalid;
        Error = error;
        return Event("order.invalid", now, error.Reason, error.Detail);
    }

    // whether it expired since counts no more: it was valid when the client finalized
    private static Authorization? Withdrawn(IReadOnlyCollection<Authorization> authorizations) =>
        authorizations.FirstOrDefault(authorization => authorization.Status != AuthorizationStatus.Valid);

    private static Problem NotValid(Authorization authorization, DateTimeOffset now) =>
        Problems.Unauthorized("authorization-not-valid", $"the authorization for {authorization.Identifier} is {authorization.StatusAt(now).Wire()}").Problem;

    private static Authorization? Lost(IReadOnlyCollection<Authorization> authorizations, DateTimeOffset now) =>
        authorizations.FirstOrDefault(authorization => authorization.StatusAt(now) is not (AuthorizationStatus.Pending or AuthorizationStatus.Valid));

    private AuditEvent Event(string kind, DateTimeOffset now, string? reason, string? detail, CertificateId? certificate = null) => new()
    {
        At = now,
        Kind = kind,
        Profile = Profile,
        Account = AccountId,
        Order = Id,
        Certificate = certificate,
        Reason = reason,
        Detail = detail,
    };
}

/// <summary>What a new order is made from, after every rule was applied.</summary>
internal sealed record NewOrder
{
    public required AccountId Account { get; init; }
    public required string Profile { get; init; }
    public required string ProfileHash { get; init; }
    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }
    public DateTimeOffset? NotBefore { get; init; }
    public DateTimeOffset? NotAfter { get; init; }
    public required TimeSpan Lifetime { get; init; }
}
