using System.Globalization;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Profiles;
using Microsoft.AspNetCore.Http.Features;

namespace DeviceAcme.Server.Admin;

/// <summary>Profiles as administrators see and change them.</summary>
internal static class ProfileEndpoints
{
    /// <summary>What the history can be asked for.</summary>
    public static readonly string[] Parameters = [.. AdminQuery.OfPage, "profile"];

    public static async Task List(HttpContext context, ProfileArchive archive)
    {
        _ = new AdminQuery(context.Request);
        var list = await archive.List(context.Caller(), context.RequestAborted);
        IfMatch.Tell(context.Response, list.Version);
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.ProfileListing);
    }

    public static async Task Show(string name, HttpContext context, ProfileArchive archive)
    {
        var query = new AdminQuery(context.Request, "version");
        await AdminReply.Write(context, StatusCodes.Status200OK, await archive.Show(name, query.Text("version"), context.Caller(), context.RequestAborted), AdminJson.Default.ProfileVersionText);
    }

    public static async Task History(HttpContext context, ProfileArchive archive)
    {
        var query = new AdminQuery(context.Request, Parameters);
        var list = await archive.History(query.Text("profile"), query.Page(), context.Caller(), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.ProfileVersionList);
    }

    public static async Task Check(HttpContext context, ProfileActivation activation)
    {
        var report = await activation.Check(await Files(context), context.Caller(), context.RequestAborted);
        IfMatch.Tell(context.Response, report.Version);
        await AdminReply.Write(context, StatusCodes.Status200OK, report, AdminJson.Default.ProfileCheckReport);
    }

    public static async Task Activate(HttpContext context, ProfileActivation activation)
    {
        var match = IfMatch.Of(context.Request, required: true);
        await Answer(context, await activation.Activate(await Files(context), context.Caller(), match, context.RequestAborted));
    }

    public static async Task RollBack(string name, HttpContext context, ProfileActivation activation)
    {
        var match = IfMatch.Of(context.Request, required: true);
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.ProfileRollback);
        await Answer(context, await activation.RollBack(name, wanted, context.Caller(), match, context.RequestAborted));
    }

    public static async Task Withdraw(string name, HttpContext context, ProfileActivation activation)
    {
        var match = IfMatch.Of(context.Request, required: true);
        var why = await AdminEndpoints.Read(context.Request, AdminJson.Default.ProfileReason);
        await Answer(context, await activation.Withdraw(name, why, context.Caller(), match, context.RequestAborted));
    }

    public static async Task RollBackAll(string number, HttpContext context, ProfileActivation activation)
    {
        var match = IfMatch.Of(context.Request, required: true);
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            throw Problems.Malformed("profile-version-unknown", "path: expected the number of a version", StatusCodes.Status404NotFound);
        }

        var why = await AdminEndpoints.Read(context.Request, AdminJson.Default.ProfileReason);
        await Answer(context, await activation.RollBack(version, why, context.Caller(), match, context.RequestAborted));
    }

    private static Task<ProfileFiles> Files(HttpContext context)
    {
        // the listener's own bound is that of devices' requests; the body's length is checked before it is read
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
        {
            bound.MaxRequestBodySize = ProfileFiles.MaxOctets;
        }

        return AdminEndpoints.Read(context.Request, AdminJson.Default.ProfileFiles, ProfileFiles.MaxOctets);
    }

    private static Task Answer(HttpContext context, ProfileActivationReport report)
    {
        IfMatch.Tell(context.Response, report.Version.Number);
        return AdminReply.Write(context, report.NewVersion ? StatusCodes.Status201Created : StatusCodes.Status200OK, report, AdminJson.Default.ProfileActivationReport);
    }
}
