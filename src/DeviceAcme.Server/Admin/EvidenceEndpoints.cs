using DeviceAcme.Core;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Vault;

namespace DeviceAcme.Server.Admin;

/// <summary>The vault as administrators see it.</summary>
internal static class EvidenceEndpoints
{
    /// <summary>What a list can be asked for.</summary>
    public static readonly string[] Parameters = [.. AdminQuery.OfPage, "order", "since", "until", "kind", "profile", "format", "accepted", "reason", "device"];

    public static async Task Explain(string id, HttpContext context, Explainer explainer)
    {
        _ = new AdminQuery(context.Request);
        var explanation = await explainer.Explain(id, context.Caller(), context.RequestAborted) ?? throw Problems.Malformed(
            "order-unknown", "path: no order, authorization, challenge, certificate or evidence has this id", StatusCodes.Status404NotFound);
        await AdminReply.Write(context, StatusCodes.Status200OK, explanation, AdminJson.Default.OrderExplanation);
    }

    public static async Task List(HttpContext context, EvidenceArchive archive, TimeProvider time)
    {
        var query = new AdminQuery(context.Request, Parameters);
        var now = time.GetUtcNow();
        var list = await archive.List(
            new EvidenceFilter
            {
                Page = query.Page(),
                OldestFirst = query.OneOf("order", ["newest", "oldest"]) == "oldest",
                Since = query.Time("since", now),
                Until = query.Time("until", now),
                Kind = query.OneOf("kind", [.. EvidenceKinds.All]),
                Profile = query.Text("profile"),
                Format = query.Text("format"),
                Accepted = query.Flag("accepted"),
                Reason = query.Text("reason"),
                Device = query.Text("device"),
                Within = context.Caller().Profiles,
            },
            context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.EvidenceList);
    }

    public static async Task Show(string id, HttpContext context, EvidenceArchive archive)
    {
        _ = new AdminQuery(context.Request);
        var record = await archive.Find(new EvidenceId(id), context.RequestAborted)
            ?? throw Problems.Malformed("evidence-unknown", "path: there is no evidence of this id; it may have been dropped when its time was over", StatusCodes.Status404NotFound);
        context.Caller().RequireProfile(record.Profile);
        await AdminReply.Write(context, StatusCodes.Status200OK, record, AdminJson.Default.EvidenceRecord);
    }

    public static async Task Acknowledge(string id, HttpContext context, EvidenceArchive archive)
    {
        _ = new AdminQuery(context.Request);
        var pairs = await archive.Acknowledge(new EvidenceId(id), context.Caller(), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, new AcknowledgedAnomalies { Evidence = id, Names = pairs }, AdminJson.Default.AcknowledgedAnomalies);
    }
}
