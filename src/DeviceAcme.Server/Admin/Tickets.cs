using System.Buffers.Text;
using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Revocation;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Revocation;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>Makes tickets, lists them and takes them back.</summary>
internal sealed class Tickets(AcmeDb db, ProfileVersions profiles, CrlPublisher crls, ServerOptions options, TimeProvider time)
{
    /// <summary>Makes a ticket; its secrets are told in this answer and never again.</summary>
    public Task<TicketEntry> Add(NewTicketRequest wanted, AdminCaller caller, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var profile = TicketWishes.Check(wanted, profiles, caller);
        return db.Commit(
            context =>
            {
                var (ticket, secrets, happened) = Ticket.Make(TicketWishes.Read(context, wanted, now), caller.Name, now);
                context.Tickets.Add(ticket);
                context.Record(happened);
                return Entry(ticket, now) with { Secrets = Told(ticket, secrets, profile) };
            },
            cancellation);
    }

    /// <summary>One page, newest first.</summary>
    public async Task<TicketPage> List(TicketFilter filter, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await using var context = db.Read();
        var found = await filter.Of(context.Tickets, now).OrderByDescending(ticket => ticket.CreatedAt).ThenByDescending(ticket => ticket.Id).Take(filter.Page.Rows).ToListAsync(cancellation);
        var (shown, next) = filter.Page.Cut(found, ticket => Place.Of(ticket.CreatedAt, ticket.Id.Value));
        return new TicketPage { Tickets = [.. shown.Select(ticket => Entry(ticket, now))], Next = next };
    }

    public async Task<TicketEntry> Show(string id, AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        return Entry(Require(context, id, caller), time.GetUtcNow());
    }

    /// <summary>New secrets for a ticket whose own were lost; the earlier ones are good for nothing.</summary>
    public Task<TicketEntry> Renew(string id, AdminCaller caller, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return db.Commit(
            context =>
            {
                var ticket = Require(context, id, caller);
                var (secrets, happened) = ticket.Renew(caller.Name, now);
                context.Record(happened);
                return Entry(ticket, now) with { Secrets = Told(ticket, secrets, ticket.Profile is null ? null : profiles.Find(ticket.Profile)) };
            },
            cancellation);
    }

    /// <summary>Takes a ticket back; with it, if that is asked for, what came of it.</summary>
    /// <remarks>A ticket that was taken back before can be asked again for its accounts and certificates.</remarks>
    public async Task<TicketRevocationReport> Revoke(string id, TicketRevocation wanted, AdminCaller caller, CancellationToken cancellation)
    {
        var reason = AdminText.Optional("reason", wanted.Reason);
        RevocationReasons.Require("revocationReason", wanted.RevocationReason);
        var now = time.GetUtcNow();
        var (report, issuers) = await db.Commit(
            context =>
            {
                var ticket = Require(context, id, caller);
                if (ticket.RevokedAt is null || (!wanted.Accounts && !wanted.Certificates))
                {
                    context.Record(ticket.Revoke(reason, caller.Name, now));
                }

                var all = context.Accounts.Where(account => account.Ticket == ticket.Id).OrderBy(account => account.CreatedAt).ToList();
                var ended = wanted.Accounts ? all.Where(account => account.Status == AccountStatus.Valid).ToList() : [];
                foreach (var account in ended)
                {
                    context.End(account, $"ticket {ticket.Id} was revoked{(reason is null ? "" : $": {reason}")}", caller.Name, now);
                }

                var revoked = wanted.Certificates ? CertificatesOf(context, ticket, all, now) : [];
                foreach (var certificate in revoked)
                {
                    context.Record(certificate.Revoke(wanted.RevocationReason, by: null, caller.Name, now));
                }

                return (
                    new TicketRevocationReport { Ticket = Entry(ticket, now), Accounts = [.. ended.Select(account => account.Id.Value)], Certificates = [.. revoked.Select(certificate => certificate.Id.Value)] },
                    revoked.Select(certificate => certificate.IssuerKeyId).Distinct().ToList());
            },
            cancellation);
        foreach (var issuer in issuers)
        {
            await crls.Publish(issuer);
        }

        return report;
    }

    internal static TicketEntry Entry(Ticket ticket, DateTimeOffset now) => new()
    {
        Id = ticket.Id.Value,
        Profile = ticket.Profile,
        State = ticket.StateAt(now).Name(),
        Note = ticket.Note,
        CreatedAt = ticket.CreatedAt,
        CreatedBy = ticket.CreatedBy,
        ExpiresAt = ticket.ExpiresAt,
        RegistrationEndsAt = ticket.RegistrationEndsAt,
        Uses = ticket.Uses,
        Used = ticket.Used,
        LastUsedAt = ticket.LastUsedAt,
        AccountId = ticket.Account?.Value,
        DeviceId = ticket.Device?.Value,
        Allowed = ticket.Allowed.Count > 0 ? ticket.Allowed : null,
        Attributes = ticket.Attributes.Count > 0 ? ticket.Attributes : null,
        RevokedAt = ticket.RevokedAt,
        RevocationReason = ticket.RevocationReason,
    };

    private static Ticket Require(AcmeContext context, string id, AdminCaller caller)
    {
        var ticket = context.Tickets.FirstOrDefault(ticket => ticket.Id == new TicketId(id))
            ?? throw Problems.Malformed("ticket-not-found", "path: there is no ticket with this id", StatusCodes.Status404NotFound);
        caller.RequireProfile(ticket.Profile);
        return ticket;
    }

    /// <summary>The certificates of a ticket's accounts, and of an earlier account that used its code.</summary>
    private static List<StoredCertificate> CertificatesOf(AcmeContext context, Ticket ticket, IEnumerable<Account> accounts, DateTimeOffset now)
    {
        var ofAccounts = accounts.SelectMany(account => context.Certificates.Where(row => row.Account == account.Id && row.RevokedAt == null && row.NotAfter > now)).ToList();
        var byCode = context.Authorizations.Where(row => row.Ticket == ticket.Id).Select(row => row.Id).ToList()
            .SelectMany(id => context.OrderAuthorizations.Where(link => link.AuthorizationId == id).Select(link => link.OrderId).ToList())
            .SelectMany(id => context.Certificates.Where(row => row.Order == id && row.RevokedAt == null && row.NotAfter > now).ToList());
        return [.. ofAccounts.Concat(byCode).DistinctBy(certificate => certificate.Id)];
    }

    private TicketSecretsEntry Told(Ticket ticket, TicketSecrets secrets, CertificateProfile? profile) => new()
    {
        KeyId = ticket.Id.Value,
        MacKey = Base64Url.EncodeToString(secrets.MacKey),
        ClientIdentifier = profile?.TakesClientIdentifier == true ? secrets.Code : null,
        DirectoryUrl = profile is null || profile.TicketUrl == TicketUrlMode.None ? null : $"{options.BaseUrl}/acme/{profile.Name}/{secrets.Code}/directory",
    };
}
