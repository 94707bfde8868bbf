using DeviceAcme.Core;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Admin;

/// <summary>Which tickets are asked for, and which page of them.</summary>
internal sealed record TicketFilter
{
    public required Page Page { get; init; }
    public string? Profile { get; init; }
    public TicketState? State { get; init; }
    public DeviceId? Device { get; init; }

    /// <summary>The profiles whose tickets the caller may see; null for all.</summary>
    public IReadOnlyList<string>? Within { get; init; }

    public IQueryable<Ticket> Of(IQueryable<Ticket> tickets, DateTimeOffset now)
    {
        tickets = Page.Behind is { At: var at, Id: var id } ? tickets.Where(ticket => ticket.CreatedAt <= at && (ticket.CreatedAt < at || ticket.Id < new TicketId(id))) : tickets;
        tickets = Profile is { } profile ? tickets.Where(ticket => ticket.Profile == profile) : tickets;
        tickets = Device is { } device ? tickets.Where(ticket => ticket.Device == device) : tickets;
        tickets = Within is { } within ? tickets.Where(ticket => ticket.Profile != null && within.Contains(ticket.Profile)) : tickets;
        return State switch
        {
            TicketState.Revoked => tickets.Where(ticket => ticket.RevokedAt != null),
            TicketState.Used => tickets.Where(ticket => ticket.RevokedAt == null && ticket.Used >= ticket.Uses),
            TicketState.Expired => tickets.Where(ticket => ticket.RevokedAt == null && (ticket.Uses == null || ticket.Used < ticket.Uses) && ticket.ExpiresAt <= now),
            TicketState.Open => tickets.Where(ticket => ticket.RevokedAt == null && (ticket.Uses == null || ticket.Used < ticket.Uses) && (ticket.ExpiresAt == null || ticket.ExpiresAt > now)),
            _ => tickets,
        };
    }
}
