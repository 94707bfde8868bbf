using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Hosting;
using Microsoft.AspNetCore.Http.Features;

namespace DeviceAcme.Server.Admin;

/// <summary>Anchors as administrators see and change them.</summary>
internal static class AnchorEndpoints
{
    /// <summary>base64 takes a third more, names and JSON a little.</summary>
    private const int MaximumImportBytes = AnchorImportRequest.MaxOctets / 3 * 4 + 4 * 1024 * 1024;

    /// <summary>A certificate and a few words.</summary>
    private const int MaximumDistrustBytes = 64 * 1024;

    private const int HighestVersion = int.MaxValue;

    public static async Task List(HttpContext context, AnchorAdministration anchors)
    {
        var query = new AdminQuery(context.Request, "version", "folder");
        var list = await anchors.List(Version(query, "version"), query.Text("folder"), context.RequestAborted);
        IfMatch.Tell(context.Response, list.Version.Number);
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.AnchorListing);
    }

    public static async Task Versions(HttpContext context, AnchorAdministration anchors)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(context, StatusCodes.Status200OK, await anchors.Versions(context.RequestAborted), AdminJson.Default.AnchorVersionList);
    }

    public static async Task Diff(HttpContext context, AnchorAdministration anchors)
    {
        var query = new AdminQuery(context.Request, "from", "to");
        var changes = await anchors.Diff(Version(query, "from"), Version(query, "to"), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, changes, AdminJson.Default.AnchorChanges);
    }

    public static async Task Export(HttpContext context, AnchorAdministration anchors)
    {
        var query = new AdminQuery(context.Request, "version", "folder");
        var export = await anchors.Export(Version(query, "version"), query.Text("folder"), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, export, AdminJson.Default.AnchorExport);
    }

    public static async Task Set(string hash, HttpContext context, AnchorAdministration anchors)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(context, StatusCodes.Status200OK, await anchors.FindSet(hash, context.RequestAborted), AdminJson.Default.AnchorSetEntry);
    }

    public static async Task Import(HttpContext context, AnchorAdministration anchors)
    {
        // the listener's own bound is that of device's requests; the body's length is checked before it is read
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } bound)
        {
            bound.MaxRequestBodySize = MaximumImportBytes;
        }

        var request = await AdminEndpoints.Read(context.Request, AdminJson.Default.AnchorImportRequest, MaximumImportBytes);
        var report = await anchors.Import(request, context.Caller(), context.RequestAborted, IfMatch.Of(context.Request, required: false));
        await AdminReply.Write(context, report.NewVersion ? StatusCodes.Status201Created : StatusCodes.Status200OK, report, AdminJson.Default.AnchorImportReport);
    }

    public static async Task Distrust(HttpContext context, AnchorAdministration anchors)
    {
        var request = await AdminEndpoints.Read(context.Request, AdminJson.Default.AnchorDistrustRequest, MaximumDistrustBytes);
        await AdminReply.Write(context, StatusCodes.Status201Created, await anchors.Distrust(request, context.Caller(), context.RequestAborted, IfMatch.Of(context.Request, required: false)), AdminJson.Default.AnchorChanges);
    }

    private static int? Version(AdminQuery query, string name) => query.Text(name) is null ? null : query.Number(name, 1, HighestVersion);
}
