using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Server.Admin;

/// <summary>Tokens of those who administer over the network, and who the caller is.</summary>
internal static class TokenEndpoints
{
    public static Task Self(HttpContext context)
    {
        _ = new AdminQuery(context.Request);
        var caller = context.Caller();
        var self = new AdminSelf { Name = caller.Name, Roles = AdminRoleNames.Of(caller.Roles), Profiles = caller.Profiles };
        return AdminReply.Write(context, StatusCodes.Status200OK, self, AdminJson.Default.AdminSelf);
    }

    public static async Task List(HttpContext context, ApiTokens tokens)
    {
        var page = new AdminQuery(context.Request, AdminQuery.OfPage).Page();
        var list = await tokens.List(page, context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.AdminTokenList);
    }

    public static async Task Add(HttpContext context, ApiTokens tokens)
    {
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.NewAdminToken);
        await AdminReply.Write(context, StatusCodes.Status201Created, await tokens.Add(wanted, context.Caller(), context.RequestAborted), AdminJson.Default.AdminTokenEntry);
    }

    public static async Task Revoke(string id, HttpContext context, ApiTokens tokens) =>
        await AdminReply.Write(context, StatusCodes.Status200OK, await tokens.Revoke(id, context.Caller(), context.RequestAborted), AdminJson.Default.AdminTokenEntry);
}
