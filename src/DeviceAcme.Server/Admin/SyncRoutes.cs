using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Sync;

namespace DeviceAcme.Server.Admin;

/// <summary>Inventories of others as administrators see and run them.</summary>
internal static class SyncRoutes
{
    public static async Task List(HttpContext context, SyncRuns runs)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(context, StatusCodes.Status200OK, await runs.List(context.RequestAborted), AdminJson.Default.SyncListing);
    }

    public static async Task Show(string name, HttpContext context, SyncRuns runs)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(context, StatusCodes.Status200OK, await runs.Show(name, context.RequestAborted), AdminJson.Default.SyncSourceEntry);
    }

    public static async Task Run(string name, HttpContext context, SyncRuns runs)
    {
        _ = new AdminQuery(context.Request);
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.SyncRunRequest);
        await AdminReply.Write(context, StatusCodes.Status200OK, await runs.Begin(name, wanted, context.Caller(), context.RequestAborted), AdminJson.Default.SyncSourceEntry);
    }
}
