using System.Buffers;
using System.Text;
using DeviceAcme.Core;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Server.Admin;

/// <summary>The audit log for those who look after others.</summary>
internal static class AuditEndpoints
{
    /// <summary>What a list can be asked for.</summary>
    public static readonly string[] Parameters = [.. AdminQuery.OfPage, "since", "until", "kind", "actor", "profile", "reason", "order", "device"];

    public static async Task List(HttpContext context, AuditLog log, TimeProvider time)
    {
        var query = new AdminQuery(context.Request, Parameters);
        var now = time.GetUtcNow();
        var page = await log.List(
            new AuditFilter
            {
                Page = query.Page(),
                Since = query.Time("since", now),
                Until = query.Time("until", now),
                Kind = query.Text("kind"),
                Actor = query.Text("actor"),
                Profile = query.Text("profile"),
                Reason = query.Text("reason"),
                Order = query.Text("order") is { } order ? new OrderId(order) : null,
                Device = query.Text("device") is { } device ? new DeviceId(device) : null,
                Within = context.Caller().Profiles,
            },
            context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, page, AdminJson.Default.AuditPage);
    }

    /// <summary>All rows of a time in one answer, a line each.</summary>
    public static async Task Export(HttpContext context, AuditLog log, TimeProvider time)
    {
        var query = new AdminQuery(context.Request, "since", "until");
        var now = time.GetUtcNow();
        var rows = log.Export(query.Time("since", now), query.Time("until", now), context.RequestAborted);
        context.Response.ContentType = "application/jsonl";
        context.Response.Headers.CacheControl = "no-store";
        await foreach (var row in rows)
        {
            context.Response.BodyWriter.Write(Encoding.UTF8.GetBytes(row));
            context.Response.BodyWriter.Write("\n"u8);
            if (context.Response.BodyWriter.UnflushedBytes > 64 * 1024)
            {
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            }
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    public static Task Head(HttpContext context, AuditLog log)
    {
        _ = new AdminQuery(context.Request);
        return AdminReply.Write(context, StatusCodes.Status200OK, log.Head, AdminJson.Default.AuditHead);
    }
}
