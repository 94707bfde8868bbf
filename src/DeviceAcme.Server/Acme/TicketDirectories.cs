using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Acme;

/// <summary>The directories of tickets: <c>/acme/{profile}/{ticket}/directory</c>. Apple's client can show a ticket in no other way that it knows.</summary>
internal sealed class TicketDirectories(AcmeDb db)
{
    /// <summary>The part of a route that a ticket's code stands in. No other second part of an ACME path is as long.</summary>
    public const string Route = "{ticket:length(26)}";

    private const string UnknownDirectory = "directory-unknown";

    /// <summary>The ticket of a request's path; null where the directory is the profile's own.</summary>
    public async Task<Ticket?> Find(HttpContext context, CertificateProfile profile)
    {
        if (context.GetRouteValue("ticket") is not string code)
        {
            return null;
        }

        var ticket = TicketCode.Is(code) && profile.TicketUrl != TicketUrlMode.None ? await ByCode(code, context.RequestAborted) : null;
        if (ticket is null || ticket.Profile != profile.Name)
        {
            // for whoever tries codes, a ticket of another profile is none
            throw Problems.Malformed(UnknownDirectory, "path: there is no such directory", StatusCodes.Status404NotFound);
        }

        context.Features.Set(new FoundTicket(code));
        return ticket;
    }

    /// <summary>Whether a refusal says that a code is no ticket's here: whoever shows one is written down, and not whoever mistypes a path.</summary>
    public static bool IsUnknown(HttpContext context, Problem refusal) =>
        refusal.Reason == UnknownDirectory && context.GetRouteValue("ticket") is string code && TicketCode.Is(code);

    /// <summary>The URLs of a request's directory.</summary>
    public static AcmeUrls Urls(HttpContext context, ServerOptions options, CertificateProfile profile) =>
        new(options.BaseUrl, profile.Name, context.Features.Get<FoundTicket>()?.Code);

    // the index compares hashes of what was sent: how long that takes says nothing about a code
    private async Task<Ticket?> ByCode(string code, CancellationToken cancellation)
    {
        var hash = TicketCode.Hash(code);
        await using var context = db.Read();
        return await context.Tickets.FirstOrDefaultAsync(ticket => ticket.CodeHash == hash, cancellation);
    }

    private sealed record FoundTicket(string Code);
}
