using DeviceAcme.Core;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Issuance;

namespace DeviceAcme.Server.Admin;

/// <summary>Orders, and what officers say of those that wait for them.</summary>
internal static class OrderEndpoints
{
    /// <summary>What a list can be asked for.</summary>
    public static readonly string[] Parameters = [.. AdminQuery.OfPage, "status", "profile", "account", "device", "waiting"];

    private static readonly string[] Statuses = [.. Enum.GetValues<OrderStatus>().Select(status => status.Wire())];

    public static async Task List(HttpContext context, OrderArchive orders)
    {
        var query = new AdminQuery(context.Request, Parameters);
        var list = await orders.List(
            new OrderFilter
            {
                Page = query.Page(),
                Status = query.OneOf("status", Statuses),
                Profile = query.Text("profile"),
                Account = query.Text("account"),
                Device = query.Text("device"),
                Waiting = query.OneOf("waiting", ["true"]) is not null,
                Within = context.Caller().Profiles,
            },
            context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.OrderList);
    }

    public static Task Show(string id, HttpContext context, OrderArchive orders)
    {
        _ = new AdminQuery(context.Request);
        return Tell(new OrderId(id), context, orders);
    }

    public static async Task Approve(string id, HttpContext context, OrderArchive orders, Approvals approvals)
    {
        _ = new AdminQuery(context.Request);
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.OrderApproval);
        await approvals.Approve(new OrderId(id), AdminText.Optional("comment", wanted.Comment), context.Caller(), IfMatch.Of(context.Request, false), context.RequestAborted);
        await Tell(new OrderId(id), context, orders);
    }

    public static async Task Refuse(string id, HttpContext context, OrderArchive orders, Approvals approvals)
    {
        _ = new AdminQuery(context.Request);
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.OrderRefusal);
        var block = wanted.Device switch
        {
            null or "leave" => false,
            "block" => true,
            _ => throw Problems.Malformed("parameter-malformed", "device: expected leave or block"),
        };
        await approvals.Refuse(new OrderId(id), AdminText.Required("reason", wanted.Reason), block, context.Caller(), IfMatch.Of(context.Request, false), context.RequestAborted);
        await Tell(new OrderId(id), context, orders);
    }

    private static async Task Tell(OrderId id, HttpContext context, OrderArchive orders)
    {
        var (record, version) = await orders.Find(id, context.Caller(), context.RequestAborted)
            ?? throw Problems.Malformed("order-unknown", "path: there is no order of this id", StatusCodes.Status404NotFound);
        IfMatch.Tell(context.Response, version);
        await AdminReply.Write(context, StatusCodes.Status200OK, record, AdminJson.Default.OrderRecord);
    }
}
