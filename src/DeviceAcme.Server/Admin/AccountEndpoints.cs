using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Admin;

/// <summary>ACME accounts.</summary>
internal static class AccountEndpoints
{
    /// <summary>What a list can be asked for.</summary>
    public static readonly string[] Parameters = [.. AdminQuery.OfPage, "status", "profile", "device", "ticket"];

    private static readonly string[] Statuses = [.. Enum.GetValues<AccountStatus>().Select(status => status.ToString().ToLowerInvariant())];

    public static async Task List(HttpContext context, AccountArchive accounts)
    {
        var query = new AdminQuery(context.Request, Parameters);
        var list = await accounts.List(
            new AccountFilter
            {
                Page = query.Page(),
                Status = query.OneOf("status", Statuses) is { } status ? Enum.Parse<AccountStatus>(status, true) : null,
                Profile = query.Text("profile"),
                Device = query.Text("device"),
                Ticket = query.Text("ticket"),
                Within = context.Caller().Profiles,
            },
            context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.AccountList);
    }

    public static Task Show(string id, HttpContext context, AccountArchive accounts)
    {
        _ = new AdminQuery(context.Request);
        return Tell(new AccountId(id), context, accounts);
    }

    public static async Task Deactivate(string id, HttpContext context, AccountArchive accounts)
    {
        _ = new AdminQuery(context.Request);
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.AccountDeactivation);
        await accounts.Deactivate(new AccountId(id), AdminText.Required("reason", wanted.Reason), context.Caller(), IfMatch.Of(context.Request, false), context.RequestAborted);
        await Tell(new AccountId(id), context, accounts);
    }

    private static async Task Tell(AccountId id, HttpContext context, AccountArchive accounts)
    {
        var (record, version) = await accounts.Find(id, context.Caller(), context.RequestAborted);
        IfMatch.Tell(context.Response, version);
        await AdminReply.Write(context, StatusCodes.Status200OK, record, AdminJson.Default.AccountRecord);
    }
}
