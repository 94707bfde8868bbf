using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Orders;

/// <summary>The right to a certificate for one identifier (RFC 8555 §7.1.4), with what the evidence proved.</summary>
/// <remarks>Each event has one method: guard, change, audit event. There are no silent no-ops.</remarks>
internal sealed class Authorization
{
    private List<Challenge> _challenges = [];

    private Authorization()
    {
    }

    public AuthorizationId Id { get; private init; }
    public AccountId AccountId { get; private init; }
    public string Profile { get; private init; } = "";
    public string IdentifierType { get; private init; } = "";

    /// <summary>The identifier's value, for a wildcard without its <c>*.</c> (RFC 8555 §7.1.4).</summary>
    public string IdentifierValue { get; private init; } = "";

    public bool Wildcard { get; private init; }

    /// <summary>True for one made by newAuthz, which later orders may use (RFC 8555 §7.4.1).</summary>
    public bool PreAuthorization { get; private init; }

    public AuthorizationStatus Status { get; private set; }
    public DateTimeOffset Expires { get; private set; }
    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>The attested public key, DER SubjectPublicKeyInfo: finalize takes no other (device-attest §5).</summary>
    public byte[]? AttestedKey { get; private set; }

    /// <summary>The facts of the accepted verdict, JSON.</summary>
    public string? Facts { get; private set; }

    public EvidenceId? EvidenceId { get; private set; }

    /// <summary>The device that accepted evidence proved.</summary>
    public DeviceId? Device { get; private set; }

    /// <summary>The ticket that was used for it, or that stands for its challenge.</summary>
    public TicketId? Ticket { get; private set; }

    public int Version { get; private set; }
    public IReadOnlyList<Challenge> Challenges => _challenges;
    public AcmeIdentifier Identifier => new(IdentifierType, IdentifierValue);

    public static Authorization Create(
        AccountId account, string profile, AcmeIdentifier identifier, bool wildcard, bool preAuthorization, IReadOnlyList<string> challengeTypes, DateTimeOffset now, TimeSpan lifetime)
    {
        var id = new AuthorizationId(Secrets.Id(now));
        var authorization = new Authorization
        {
            Id = id,
            AccountId = account,
            Profile = profile,
            IdentifierType = identifier.Type,
            IdentifierValue = identifier.Value,
            Wildcard = wildcard,
            PreAuthorization = preAuthorization,
            CreatedAt = now,
            Expires = now + lifetime,
        };
        authorization._challenges.AddRange(challengeTypes.Select((type, position) => Challenge.Create(id, type, position, now)));
        return authorization;
    }

    /// <summary>One that needs no challenge: a ticket names this very identifier, and the profile lets it stand for the proof.</summary>
    public static (Authorization Authorization, AuditEvent Happened) PreValidated(
        AccountId account, string profile, AcmeIdentifier identifier, TicketId ticket, DateTimeOffset now, TimeSpan lifetime)
    {
        var authorization = Create(account, profile, identifier, false, false, [], now, lifetime);
        authorization.Status = AuthorizationStatus.Valid;
        authorization.Ticket = ticket;
        return (authorization, authorization.Event("authorization.pre-validated", now, null, $"{identifier}: ticket {ticket} names it, and the profile lets that stand for a challenge"));
    }

    /// <summary>One that can be changed, with its challenges, without the other.</summary>
    public Authorization Copy()
    {
        var copy = (Authorization)MemberwiseClone();
        copy._challenges = _challenges.ConvertAll(challenge => challenge.Copy());
        return copy;
    }

    /// <summary>The status at a time: a pending or valid authorization ends by itself when it expires.</summary>
    public AuthorizationStatus StatusAt(DateTimeOffset now) =>
        Status is AuthorizationStatus.Pending or AuthorizationStatus.Valid && now >= Expires ? AuthorizationStatus.Expired : Status;

    public Challenge Find(ChallengeId id) => _challenges.Single(challenge => challenge.Id == id);

    /// <summary>The client answered a network challenge: the worker takes it from here.</summary>
    public AuditEvent Respond(Challenge challenge, string keyAuthorization, DateTimeOffset now)
    {
        RequireOpen(challenge, now);
        challenge.Begin(keyAuthorization, now);
        return Event("challenge.answered", now, null, challenge.Type);
    }

    /// <summary>One valid challenge is enough (RFC 8555 §7.1.6).</summary>
    /// <param name="lifetime">How long the authorization stays usable from now on.</param>
    public AuditEvent Accept(Challenge challenge, AttestationOutcome? attestation, DateTimeOffset now, TimeSpan lifetime)
    {
        RequireOpen(challenge, now);
        challenge.Accept(now);
        Status = AuthorizationStatus.Valid;
        Expires = now + lifetime;
        AttestedKey = attestation?.Key;
        Facts = attestation?.Facts;
        EvidenceId = attestation?.Evidence;
        Device = attestation?.Device;
        Ticket = attestation?.Ticket;
        return Event("authorization.valid", now, null, challenge.Type);
    }

    /// <summary>The ledger vouches for the identifier.</summary>
    /// <param name="of">The authorization that proved the device: what is certified is its attested key. Null where a ticket speaks for the device.</param>
    public AuditEvent Vouch(Challenge challenge, DeviceId device, Authorization? of, DateTimeOffset now, TimeSpan lifetime)
    {
        RequireOpen(challenge, now);
        challenge.Accept(now);
        Status = AuthorizationStatus.Valid;
        Expires = now + lifetime;
        AttestedKey = of?.AttestedKey;
        Facts = of?.Facts;
        EvidenceId = of?.EvidenceId;
        Device = device;
        return Event("authorization.valid", now, null, $"{challenge.Type}, device {device}{(of is null ? " by ticket" : $" by authorization {of.Id}")}");
    }

    /// <summary>The profile merely observes: evidence that it would refuse was let through, and the history says so.</summary>
    public AuditEvent Observed(string reason, DateTimeOffset now) =>
        Event("attestation.observed", now, reason, "attestation mode is observe: the refusal was recorded and not enforced");

    /// <summary>The device vouches for its key, and nothing proves where the key is kept: the history and the certificate say so.</summary>
    public AuditEvent ResidencyUnproven(string format, DateTimeOffset now) =>
        Event("attestation.key-residency-unproven", now, null, $"{format}: the origin of the key is proven, that it lives in protected hardware is not");

    /// <summary>A challenge failed: it is not tried again, so the authorization fails with it (RFC 8555 §7.1.6).</summary>
    /// <param name="reason">The true reason for the history, where the client is told less.</param>
    public AuditEvent Reject(Challenge challenge, Problem error, EvidenceId? evidence, DateTimeOffset now, string? reason = null)
    {
        RequireOpen(challenge, now);
        challenge.Reject(error);
        Status = AuthorizationStatus.Invalid;
        EvidenceId = evidence;
        return Event("authorization.invalid", now, reason ?? error.Reason, error.Detail);
    }

    /// <summary>A validation ended after its authorization: the result counts for nothing, and the challenge is closed.</summary>
    public AuditEvent Abandon(Challenge challenge, DateTimeOffset now)
    {
        var status = StatusAt(now);
        if (status == AuthorizationStatus.Pending || challenge.Status != ChallengeStatus.Processing)
        {
            throw new InvalidOperationException($"challenge {challenge.Id} is {challenge.Status.Wire()} in an authorization that is {status.Wire()} and cannot be abandoned");
        }

        challenge.Reject(Problems.Malformed("authorization-not-pending", $"the authorization became {status.Wire()} before the validation ended").Problem);
        return Event("challenge.abandoned", now, "authorization-not-pending", challenge.Type);
    }

    /// <summary>RFC 8555 §7.5.2.</summary>
    public AuditEvent Deactivate(DateTimeOffset now)
    {
        var status = StatusAt(now);
        if (status is not (AuthorizationStatus.Pending or AuthorizationStatus.Valid))
        {
            throw Problems.Malformed("authorization-not-active", $"status: only a pending or valid authorization can be deactivated, this one is {status.Wire()}");
        }

        Status = AuthorizationStatus.Deactivated;
        return Event("authorization.deactivated", now, null, null);
    }

    private void RequireOpen(Challenge challenge, DateTimeOffset now)
    {
        var status = StatusAt(now);
        if (status != AuthorizationStatus.Pending || challenge.Status is not (ChallengeStatus.Pending or ChallengeStatus.Processing))
        {
            throw Problems.Malformed("challenge-not-pending",
                $"challenge: expected one that is pending, found challenge {challenge.Status.Wire()} in an authorization that is {status.Wire()}; make a new order");
        }
    }

    private AuditEvent Event(string kind, DateTimeOffset now, string? reason, string? detail) =>
        new() { At = now, Kind = kind, Profile = Profile, Account = AccountId, Authorization = Id, Reason = reason, Detail = detail };
}

/// <summary>What an attestation leaves on its authorization; the key is null only where the profile merely observes.</summary>
internal sealed record AttestationOutcome(byte[]? Key, string Facts, EvidenceId Evidence, DeviceId? Device, TicketId? Ticket = null);
