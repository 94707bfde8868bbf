using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Storage;

/// <summary>How tickets are found.</summary>
internal static class TicketQueries
{
    /// <summary>The ticket that an account came of.</summary>
    public static Ticket? TicketOf(this AcmeContext context, AccountId account) =>
        context.Hot.TicketOfAccount(context, account) is { } id ? context.Tickets.FirstOrDefault(ticket => ticket.Id == id) : null;

    /// <summary>The hash of the code in the account's URL, where it lives in the directory of a ticket.</summary>
    public static string? TicketHashOf(this AcmeContext context, Account account) =>
        account.Directory.Length == 0 ? null : context.Tickets.Where(ticket => ticket.Id == new TicketId(account.Directory)).Select(ticket => ticket.CodeHash).FirstOrDefault();

    /// <summary>The ticket whose code this is.</summary>
    public static Ticket? TicketByCode(this AcmeContext context, string code)
    {
        var hash = TicketCode.Hash(code);
        return context.Tickets.FirstOrDefault(ticket => ticket.CodeHash == hash);
    }

    /// <summary>The tickets that an order stands on: those of its authorizations, and the one that its account came of.</summary>
    public static IReadOnlyList<Ticket> TicketsOf(this AcmeContext context, OrderWithAuthorizations found)
    {
        var ofAccount = context.TicketOf(found.Order.AccountId);
        var ids = found.Authorizations.Select(authorization => authorization.Ticket).OfType<TicketId>().Where(id => id != ofAccount?.Id).Distinct().ToList();
        return [.. ids.Select(id => context.Tickets.Single(ticket => ticket.Id == id)), .. ofAccount is null ? [] : new[] { ofAccount }];
    }

    /// <summary>What the challenge for an identifier has to do with tickets, by the store's word on the account: for whoever decides.</summary>
    public static TicketQuestion AskTickets(this AcmeContext context, CertificateProfile profile, AcmeIdentifier identifier, AccountId account, DateTimeOffset now) =>
        context.AskTickets(profile, identifier, account, context.TicketOf(account), now);

    /// <summary>The same for an account as its request found it: what it says is asked again before anything is decided.</summary>
    public static TicketQuestion AskTickets(this AcmeContext context, CertificateProfile profile, AcmeIdentifier identifier, Account account, DateTimeOffset now) =>
        context.AskTickets(profile, identifier, account.Id, account.Ticket is { } id ? context.Tickets.FirstOrDefault(ticket => ticket.Id == id) : null, now);

    private static TicketQuestion AskTickets(this AcmeContext context, CertificateProfile profile, AcmeIdentifier identifier, AccountId account, Ticket? ofAccount, DateTimeOffset now)
    {
        var byCode = profile.IsByTicket(identifier);
        var presented = byCode ? context.TicketByCode(identifier.Value) : null;
        var device = (presented?.Device ?? ofAccount?.Device) is { } id ? context.Hot.Device(context, id) : null;
        return new TicketQuestion
        {
            ByCode = byCode,
            Presented = presented,
            OfAccount = ofAccount,
            Device = device,
            DeviceNames = device is null ? [] : [.. context.DeviceIdentifiers.Where(name => name.Device == device.Id).Select(name => new DeviceKey(name.Kind, name.Value))],
            Account = account,
            Profile = profile.Name,
            Now = now,
        };
    }
}
