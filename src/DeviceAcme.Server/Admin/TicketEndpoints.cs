using DeviceAcme.Core;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Server.Admin;

/// <summary>Tickets, as administrators see them.</summary>
internal static class TicketEndpoints
{
    private const int LargestRegistration = 64 * 1024;

    /// <summary>What a list can be asked for.</summary>
    public static readonly string[] Parameters = [.. AdminQuery.OfPage, "profile", "state", "device"];

    public static async Task List(HttpContext context, Tickets tickets)
    {
        var query = new AdminQuery(context.Request, Parameters);
        var page = await tickets.List(
            new TicketFilter
            {
                Page = query.Page(),
                Profile = query.Text("profile"),
                State = query.OneOf("state", [.. TicketNames.States.Keys]) is { } state ? TicketNames.States[state] : null,
                Device = query.Text("device") is { } device ? new DeviceId(device) : null,
                Within = context.Caller().Profiles,
            },
            context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, page, AdminJson.Default.TicketPage);
    }

    public static async Task Add(HttpContext context, Tickets tickets)
    {
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.NewTicketRequest);
        var made = await tickets.Add(wanted, context.Caller(), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status201Created, made, AdminJson.Default.TicketEntry);
    }

    public static async Task Show(string id, HttpContext context, Tickets tickets)
    {
        _ = new AdminQuery(context.Request);
        var ticket = await tickets.Show(id, context.Caller(), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, ticket, AdminJson.Default.TicketEntry);
    }

    public static async Task Renew(string id, HttpContext context, Tickets tickets)
    {
        _ = new AdminQuery(context.Request);
        var ticket = await tickets.Renew(id, context.Caller(), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status201Created, ticket, AdminJson.Default.TicketEntry);
    }

    public static async Task Revoke(string id, HttpContext context, Tickets tickets)
    {
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.TicketRevocation);
        var report = await tickets.Revoke(id, wanted, context.Caller(), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, report, AdminJson.Default.TicketRevocationReport);
    }

    public static async Task Register(HttpContext context, Registrations registrations)
    {
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.NewRegistration, LargestRegistration);
        var account = await registrations.Add(wanted, context.Caller(), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status201Created, account, AdminJson.Default.RegisteredAccount);
    }
}
