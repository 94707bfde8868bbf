using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Server.Admin;

/// <summary>Keys for external account binding.</summary>
internal static class ExternalAccountKeyEndpoints
{
    public static async Task List(HttpContext context, ExternalAccountKeys keys)
    {
        _ = new AdminQuery(context.Request);
        var list = new ExternalAccountKeyList { Keys = await keys.List(context.Caller(), context.RequestAborted) };
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.ExternalAccountKeyList);
    }

    public static async Task Add(HttpContext context, ExternalAccountKeys keys)
    {
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.NewExternalAccountKey);
        var made = await keys.Add(wanted, context.Caller(), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status201Created, made, AdminJson.Default.ExternalAccountKeyEntry);
    }

    public static async Task Remove(string keyId, HttpContext context, ExternalAccountKeys keys)
    {
        await keys.Remove(keyId, context.Caller(), context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }
}
