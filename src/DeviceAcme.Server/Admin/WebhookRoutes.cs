using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Webhooks;

namespace DeviceAcme.Server.Admin;

/// <summary>Webhooks as administrators see and try them.</summary>
internal static class WebhookRoutes
{
    /// <summary>What a list of deliveries can be asked for.</summary>
    public static readonly string[] Parameters = [.. AdminQuery.OfPage, "profile", "webhook", "order", "outcome"];

    public static async Task List(HttpContext context, WebhookArchive webhooks)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(context, StatusCodes.Status200OK, await webhooks.List(context.Caller(), context.RequestAborted), AdminJson.Default.WebhookListing);
    }

    public static async Task Try(string profile, string name, HttpContext context, WebhookArchive webhooks)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(context, StatusCodes.Status200OK, await webhooks.Try(profile, name, context.Caller()), AdminJson.Default.WebhookDeliveryRecord);
    }

    public static async Task Deliveries(HttpContext context, WebhookArchive webhooks)
    {
        var query = new AdminQuery(context.Request, Parameters);
        var filter = new DeliveryFilter(
            query.Page(), query.Text("profile"), query.Text("webhook"), query.Text("order"), query.OneOf("outcome", [WebhookCalls.Allowed, WebhookCalls.Refused, WebhookCalls.Failed]), context.Caller().Profiles);
        await AdminReply.Write(context, StatusCodes.Status200OK, await webhooks.List(filter, context.RequestAborted), AdminJson.Default.WebhookDeliveryPage);
    }

    public static async Task Delivery(string id, HttpContext context, WebhookArchive webhooks)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(context, StatusCodes.Status200OK, await webhooks.Show(id, context.Caller(), context.RequestAborted), AdminJson.Default.WebhookDeliveryRecord);
    }

    public static async Task Replay(string id, HttpContext context, WebhookArchive webhooks)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(context, StatusCodes.Status200OK, await webhooks.Replay(id, context.Caller(), context.RequestAborted), AdminJson.Default.WebhookDeliveryRecord);
    }
}
