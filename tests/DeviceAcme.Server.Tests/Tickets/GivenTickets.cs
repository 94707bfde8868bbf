using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Admin;
using Microsoft.Extensions.DependencyInjection;

namespace DeviceAcme.Server.Tests.Tickets;

/// <summary>Tickets as an administrator makes them.</summary>
internal static class GivenTickets
{
    public static Task<TicketEntry> NewTicket(this TestServer server, NewTicketRequest wanted) =>
        server.Services.GetRequiredService<Server.Admin.Tickets>().Add(wanted, AdminCaller.Local, CancellationToken.None);

    /// <summary>Someone who was given the URL of a ticket's own directory.</summary>
    public static TestAccount At(this TestServer server, TicketEntry ticket) => new(server, ticket.Path());

    /// <summary>What stands between <c>/acme/</c> and <c>/directory</c>.</summary>
    public static string Path(this TicketEntry ticket) => ticket.Secrets!.DirectoryUrl![(TestServer.BaseUrl.Length + "/acme/".Length)..^"/directory".Length];
}
