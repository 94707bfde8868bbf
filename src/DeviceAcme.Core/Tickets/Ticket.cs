using DeviceAcme.Attestation;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Tickets;

/// <summary>
/// Leave to enroll, given beforehand: where, for what, how often, until when. One record that is presented as an external account key,
/// as a one-time ClientIdentifier, or as a directory of its own; or that a registered account key has from the beginning.
/// </summary>
/// <remarks>Each event has one method: guard, change, audit event.</remarks>
internal sealed class Ticket
{
    private Ticket()
    {
    }

    public TicketId Id { get; private init; }

    /// <summary>The only profile that it is good for; null for any, and then only as an external account key.</summary>
    public string? Profile { get; private init; }

    public string? Note { get; private init; }

    /// <summary>Who made it, as the audit log calls them.</summary>
    public string CreatedBy { get; private init; } = "";

    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>It can be used before then; null for ever.</summary>
    public DateTimeOffset? ExpiresAt { get; private init; }

    /// <summary>The accounts that came of it order nothing from then on; null where they go on.</summary>
    public DateTimeOffset? RegistrationEndsAt { get; private init; }

    /// <summary>How often it can be used; null for any number.</summary>
    public int? Uses { get; private init; }

    public int Used { get; private set; }
    public DateTimeOffset? LastUsedAt { get; private set; }

    /// <summary>The account that used it last.</summary>
    public AccountId? Account { get; private set; }

    /// <summary>The only device of the ledger that it is for.</summary>
    public DeviceId? Device { get; private init; }

    /// <summary>What its accounts may order, as <c>type:pattern</c>; empty for whatever the profile allows.</summary>
    public IReadOnlyList<string> Allowed { get; private init; } = [];

    /// <summary>Free keys and values, facts <c>ticket.KEY</c> for rules and templates.</summary>
    public IReadOnlyDictionary<string, string> Attributes { get; private init; } = new Dictionary<string, string>();

    /// <summary>The external account's MAC key, as it is: a hash of it could verify nothing. Null where an account key was registered.</summary>
    public byte[]? MacKey { get; private set; }

    /// <summary>SHA-256 of the <see cref="TicketCode"/>, hex; null where it has none.</summary>
    public string? CodeHash { get; private set; }

    public DateTimeOffset? RevokedAt { get; private set; }
    public string? RevocationReason { get; private set; }
    public int Version { get; private set; }

    /// <summary>A ticket to give out.</summary>
    public static (Ticket Ticket, TicketSecrets Secrets, AuditEvent Happened) Make(NewTicket wanted, string actor, DateTimeOffset now)
    {
        var ticket = Of(wanted, actor, now);
        var secrets = ticket.Refresh();
        return (ticket, secrets, ticket.Event("ticket.added", now, actor, ticket.Summary));
    }

    /// <summary>An account for a key that is known beforehand, and the ticket that it has used by that.</summary>
    public static (Account Account, AuditEvent Created, Ticket Ticket, AuditEvent Registered) RegisterAccount(
        NewTicket wanted, string thumbprint, string key, IReadOnlyList<string> contact, string actor, DateTimeOffset now)
    {
        var ticket = Of(wanted with { Uses = 1 }, actor, now);
        var (account, created) = Accounts.Account.Create(wanted.Profile!, thumbprint, key, contact, null, new AccountOrigin(ticket.Id, ticket.Profile), now);
        ticket.Count(account.Id, now);
        return (account, created, ticket, ticket.Event("account.registered", now, actor, $"key {thumbprint}; {ticket.Summary}"));
    }

    /// <summary>What it is good for at a time.</summary>
    public TicketState StateAt(DateTimeOffset now) =>
        RevokedAt is not null ? TicketState.Revoked
        : Used >= Uses ? TicketState.Used
        : now >= ExpiresAt ? TicketState.Expired
        : TicketState.Open;

    /// <summary>Why it cannot be used, by whom it is presented; null where it can.</summary>
    /// <param name="account">Null where an account is only about to be made.</param>
    public Reason? Objection(string profile, AccountId? account, DateTimeOffset now) => StateAt(now) switch
    {
        _ when Profile is not null && Profile != profile => TicketReasons.OtherProfile,
        TicketState.Revoked => TicketReasons.Revoked,
        TicketState.Used when account is not null && Account != account => TicketReasons.OtherAccount,
        TicketState.Used => TicketReasons.Used,
        TicketState.Expired => TicketReasons.Expired,
        _ => null,
    };

    /// <summary>Whether it names this very identifier, and not a pattern of many, at this profile. What it may still be used for does not matter; that it was revoked does.</summary>
    public bool NamesFor(string profile, AcmeIdentifier identifier) => Profile == profile && RevokedAt is null && AllowedIdentifiers.Parse(Allowed, out _).Names(identifier);

    /// <summary>Refuses where it cannot make an account.</summary>
    /// <param name="place">Where it was presented: the field that the refusal names.</param>
    public void RequireUsable(string place, string profile, DateTimeOffset now)
    {
        if (Objection(profile, null, now) is { } reason)
        {
            throw Problems.Unauthorized(reason.Code, $"{place}: {Explain(reason)}. {reason.Advice}");
        }
    }

    /// <summary>What is held against it, in words.</summary>
    public string Explain(Reason reason) =>
        reason == TicketReasons.Revoked ? $"the ticket {Id} was revoked at {RevokedAt:u}"
        : reason == TicketReasons.Expired ? $"the ticket {Id} expired at {ExpiresAt:u}"
        : reason == TicketReasons.OtherProfile ? $"the ticket {Id} is of another profile"
        : $"the ticket {Id} was used {Used} of {Uses} times, last at {LastUsedAt:u}";

    /// <summary>One use of it; belongs into the commit of what it is used for.</summary>
    public AuditEvent Use(AccountId account, TicketPresentation how, string profile, DateTimeOffset now)
    {
        if (Objection(profile, account, now) is { } reason)
        {
            throw Problems.Unauthorized(reason.Code, $"ticket: {Explain(reason)}. {reason.Advice}");
        }

        Count(account, now);
        return Event("ticket.used", now, null, $"{how.Name()}, {Used} of {Uses?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any number"}", profile, account);
    }

    /// <summary>From now on nobody can use it. What came of it goes on until somebody ends that too.</summary>
    public AuditEvent Revoke(string? reason, string actor, DateTimeOffset now)
    {
        if (RevokedAt is not null)
        {
            throw Problems.Malformed(TicketReasons.Revoked.Code, $"path: the ticket was revoked at {RevokedAt:u}", 409);
        }

        RevokedAt = now;
        RevocationReason = reason;
        return Event("ticket.revoked", now, actor, reason);
    }

    /// <summary>New secrets, told once; the earlier ones are good for nothing.</summary>
    public (TicketSecrets Secrets, AuditEvent Happened) Renew(string actor, DateTimeOffset now)
    {
        if (StateAt(now) is var state and not TicketState.Open)
        {
            throw Problems.Malformed("ticket-not-open", $"path: expected a ticket that can still be used; this one is {state.Name()}", 409);
        }

        return (Refresh(), Event("ticket.renewed", now, actor, null));
    }

    private string Summary => string.Join("; ", new[]
    {
        Uses is { } uses ? $"{uses} use{(uses == 1 ? "" : "s")}" : "any number of uses",
        ExpiresAt is { } end ? $"until {end:u}" : null,
        RegistrationEndsAt is { } last ? $"accounts until {last:u}" : null,
        Device is { } device ? $"for device {device}" : null,
        Allowed.Count > 0 ? $"allows {string.Join(", ", Allowed)}" : null,
        Note,
    }.OfType<string>());

    private static Ticket Of(NewTicket wanted, string actor, DateTimeOffset now) => new()
    {
        Id = new TicketId(Secrets.Id(now)),
        Profile = wanted.Profile,
        Note = wanted.Note,
        CreatedBy = actor,
        CreatedAt = now,
        ExpiresAt = wanted.ExpiresAt,
        RegistrationEndsAt = wanted.RegistrationEndsAt,
        Uses = wanted.Uses,
        Device = wanted.Device,
        Allowed = wanted.Allowed,
        Attributes = wanted.Attributes,
    };

    private TicketSecrets Refresh()
    {
        var code = Profile is null ? null : TicketCode.New();
        MacKey = Secrets.MacKey();
        CodeHash = code is null ? null : TicketCode.Hash(code);
        return new TicketSecrets(MacKey, code);
    }

    private void Count(AccountId account, DateTimeOffset now)
    {
        Used++;
        LastUsedAt = now;
        Account = account;
    }

    private AuditEvent Event(string kind, DateTimeOffset now, string? actor, string? detail, string? profile = null, AccountId? account = null) => new()
    {
        At = now,
        Kind = kind,
        Actor = actor,
        Profile = profile ?? Profile,
        Account = account ?? Account,
        Device = Device,
        Detail = detail is null ? Id.Value : $"{Id}: {detail}",
    };
}

/// <summary>What is told once about a ticket.</summary>
/// <param name="MacKey">For external account binding.</param>
/// <param name="Code">The ClientIdentifier, and the part of the directory's URL; null where it is of no single profile.</param>
internal sealed record TicketSecrets(byte[] MacKey, string? Code);

/// <summary>What a ticket is made from, after every rule was applied.</summary>
internal sealed record NewTicket
{
    public string? Profile { get; init; }
    public string? Note { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? RegistrationEndsAt { get; init; }
    public int? Uses { get; init; } = 1;
    public DeviceId? Device { get; init; }
    public IReadOnlyList<string> Allowed { get; init; } = [];
    public IReadOnlyDictionary<string, string> Attributes { get; init; } = new Dictionary<string, string>();
}
