using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Accounts;

internal enum AccountStatus
{
    Valid,
    Deactivated,
    Revoked,
}

/// <summary>An ACME account (RFC 8555 §7.1.2), scoped to one profile's directory.</summary>
internal sealed class Account
{
    private Account()
    {
    }

    public AccountId Id { get; private init; }

    /// <summary>Name of the profile whose directory the account was made in.</summary>
    public string Profile { get; private init; } = "";

    /// <summary>RFC 7638 thumbprint of the current key, base64url; unique within the profile.</summary>
    public string Thumbprint { get; private set; } = "";

    /// <summary>The current public key, canonical JWK.</summary>
    public string Key { get; private set; } = "";

    public AccountStatus Status { get; private set; }
    public IReadOnlyList<string> Contact { get; private set; } = [];

    /// <summary>The terms of service that were agreed to, as their URL; null where none were, empty where the server had none.</summary>
    public string? AgreedTerms { get; private set; }

    /// <summary>Key id of the external account that vouched, and its JWS as the client sent it (RFC 8555 §7.3.4).</summary>
    public string? ExternalAccountKeyId { get; private init; }

    public string? ExternalAccountBinding { get; private init; }

    /// <summary>The only profile that the external account or the ticket is good for; null for all.</summary>
    public string? ExternalAccountProfile { get; private set; }

    /// <summary>The ticket that it came of, or that it used first: whose rules its orders are under.</summary>
    public TicketId? Ticket { get; private set; }

    /// <summary>The ticket whose own directory it lives in; empty for the profile's.</summary>
    public string Directory { get; private init; } = "";

    /// <summary>Whether somebody vouched for it at this profile.</summary>
    public bool IsVouchedFor(string profile) => (Ticket is not null || ExternalAccountKeyId is not null) && (ExternalAccountProfile ?? profile) == profile;

    public DateTimeOffset CreatedAt { get; private init; }
    public int Version { get; private set; }

    public static (Account Account, AuditEvent Event) Create(
        string profile, string thumbprint, string key, IReadOnlyList<string> contact, string? agreedTerms, AccountOrigin? origin, DateTimeOffset now)
    {
        var account = new Account
        {
            Id = new AccountId(Secrets.Id(now)),
            Profile = profile,
            Thumbprint = thumbprint,
            Key = key,
            Contact = contact,
            AgreedTerms = agreedTerms,
            ExternalAccountKeyId = origin?.Binding is null ? null : origin.Ticket.Value,
            ExternalAccountBinding = origin?.Binding,
            ExternalAccountProfile = origin?.Profile,
            Ticket = origin?.Ticket,
            Directory = origin is { InItsDirectory: true } ? origin.Ticket.Value : "",
            CreatedAt = now,
        };
        var detail = origin switch
        {
            null => null,
            { Binding: not null } => $"bound to external account {origin.Ticket}",
            _ => $"with ticket {origin.Ticket}",
        };
        return (account, account.Event("account.created", now, detail));
    }

    /// <summary>Replaces the contacts (RFC 8555 §7.3.2).</summary>
    public AuditEvent Update(IReadOnlyList<string> contact, DateTimeOffset now)
    {
        RequireValid();
        Contact = contact;
        return Event("account.updated", now, null);
    }

    /// <summary>Agrees to the terms that are in force now (RFC 8555 §7.3.3).</summary>
    public AuditEvent AgreeTo(string terms, DateTimeOffset now)
    {
        RequireValid();
        AgreedTerms = terms;
        return Event("account.terms-agreed", now, terms);
    }

    /// <summary>The first ticket that it uses: from now on its orders are under that ticket's rules.</summary>
    public void Bind(TicketId ticket, string profile)
    {
        if (Ticket is null)
        {
            Ticket = ticket;
            ExternalAccountProfile = profile;
        }
    }

    /// <summary>RFC 8555 §7.3.6: the account and its key are of no use afterwards.</summary>
    public AuditEvent Deactivate(DateTimeOffset now)
    {
        RequireValid();
        Status = AccountStatus.Deactivated;
        return Event("account.deactivated", now, null);
    }

    /// <summary>The server ends it (RFC 8555 §7.1.6: <c>revoked</c>); for the account it is the same.</summary>
    public AuditEvent Revoke(string reason, string actor, DateTimeOffset now)
    {
        RequireValid();
        Status = AccountStatus.Revoked;
        return new AuditEvent { At = now, Kind = "account.revoked", Actor = actor, Profile = Profile, Account = Id, Detail = reason };
    }

    /// <summary>RFC 8555 §7.3.5: pending orders and authorizations stay as they are.</summary>
    public AuditEvent ChangeKey(string thumbprint, string key, DateTimeOffset now)
    {
        RequireValid();
        var old = Thumbprint;
        Thumbprint = thumbprint;
        Key = key;
        return Event("account.key-changed", now, $"thumbprint {old} became {thumbprint}");
    }

    /// <summary>Refuses an account that was deactivated or revoked (RFC 8555 §7.3.6: 401).</summary>
    public void RequireValid()
    {
#if PLANTED_DEFECTS
        if (DeviceAcme.Attestation.Planted.Overlooks("account-not-valid"))
        {
            return;
        }
#endif
        if (Status != AccountStatus.Valid)
        {
            throw Problems.Unauthorized("account-not-valid", $"account status: expected valid, found {Status.ToString().ToLowerInvariant()}", 401);
        }
    }

    private AuditEvent Event(string kind, DateTimeOffset now, string? detail) =>
        new() { At = now, Kind = kind, Profile = Profile, Account = Id, Detail = detail };
}

/// <summary>The ticket that vouched for a new account.</summary>
/// <param name="Profile">The only profile that it is good for; null for all.</param>
/// <param name="Binding">The JWS as the client sent it, where the ticket was presented as an external account key.</param>
/// <param name="InItsDirectory">The account lives in the ticket's own directory.</param>
internal sealed record AccountOrigin(TicketId Ticket, string? Profile, string? Binding = null, bool InItsDirectory = false);
