using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>What the ticket of an account lets it order, and whether an ordered code is that of a ticket (newOrder and newAuthz).</summary>
internal sealed class TicketRules
{
    private readonly AcmeContext _context;
    private readonly AcmeRequest _request;
    private readonly Ticket? _ticket;
    private readonly AllowedIdentifiers? _allowed;

    private TicketRules(AcmeContext context, AcmeRequest request, Ticket? ticket)
    {
        _context = context;
        _request = request;
        _ticket = ticket;
        _allowed = ticket is null ? null : AllowedIdentifiers.Parse(ticket.Allowed, out _);
    }

    /// <summary>The ticket that the account came of; null where it came of none.</summary>
    public Ticket? Ticket => _ticket;

    /// <exception cref="ProblemException">The account's registration has ended.</exception>
    public static TicketRules Of(AcmeContext context, AcmeRequest request)
    {
        var ticket = request.Account.Ticket is { } id ? context.Tickets.FirstOrDefault(ticket => ticket.Id == id) : null;
        return ticket?.RegistrationEndsAt is { } end && end <= request.Now
            ? throw Problems.Unauthorized("registration-expired", $"account: its registration ended at {end:u} (ticket {ticket.Id}); ask the administrator for a new one")
            : new TicketRules(context, request, ticket);
    }

    /// <summary>Refuses an identifier that a ticket speaks against.</summary>
    public void Require(CertificateProfile profile, AcmeIdentifier identifier)
    {
        var question = _context.AskTickets(profile, identifier, _request.Account, _request.Now);
        if (question.ByCode)
        {
            RequireUsable(question);
            return;
        }

        if (_allowed?.Objection(identifier) is { } why)
        {
            throw Problems.RejectedIdentifier("identifier-not-of-ticket", $"identifier: the ticket {_ticket!.Id} of this account does not allow {identifier}: {why}");
        }

        if (identifier.Type is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule)
        {
            if (question.Device is not null)
            {
                var names = profile.KeysOf(identifier);
                TicketCheck.RequireDevice(question, _context.Match(names), names);
            }
        }
        else if (question.Device is { } device)
        {
            Admission.RequireNothingAgainst(new LedgerMatch([device]));
        }
    }

    // a quick refusal: what is decided, is decided when the evidence comes
    private static void RequireUsable(TicketQuestion question)
    {
        var reason = question.Presented is { } ticket ? ticket.Objection(question.Profile, question.Account, question.Now) : TicketReasons.Unknown;
        if (reason is not null)
        {
            throw Problems.RejectedIdentifier(reason.Code, $"identifier: {question.Presented?.Explain(reason) ?? "no ticket has this value"}. {reason.Advice}");
        }

        if (question.Device is { } device)
        {
            Admission.RequireNothingAgainst(new LedgerMatch([device]));
        }
    }
}
