using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Server.Admin;

/// <summary>Issued certificates.</summary>
internal static class CertificateEndpoints
{
    /// <summary>What a list can be asked for.</summary>
    public static readonly string[] Parameters = [.. AdminQuery.OfPage, "status", "profile", "account", "order", "serial", "device", "expiring"];

    public static async Task List(HttpContext context, CertificateArchive certificates, TimeProvider time)
    {
        var query = new AdminQuery(context.Request, Parameters);
        var list = await certificates.List(
            new CertificateFilter
            {
                Page = query.Page(),
                Status = query.OneOf("status", ["valid", "revoked", "expired"]),
                Profile = query.Text("profile"),
                Account = query.Text("account"),
                Order = query.Text("order"),
                Serial = query.Text("serial"),
                Device = query.Text("device"),
                ExpiringBefore = query.Within("expiring", time.GetUtcNow()),
                Within = context.Caller().Profiles,
            },
            context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.CertificateList);
    }

    public static Task Show(string id, HttpContext context, CertificateArchive certificates)
    {
        _ = new AdminQuery(context.Request);
        return Tell(id, context, certificates);
    }

    public static async Task Revoke(string id, HttpContext context, CertificateArchive certificates)
    {
        _ = new AdminQuery(context.Request);
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.CertificateRevocation);
        int? reason = wanted.Reason is not { } name ? null
            : RevocationReasonNames.All.TryGetValue(name, out var number) ? number
            : throw Problems.BadRevocationReason("revocation-reason-not-allowed", $"reason: expected one of {string.Join(", ", RevocationReasonNames.All.Keys)}");
        await certificates.Revoke(id, reason, AdminText.Optional("comment", wanted.Comment), context.Caller(), context.RequestAborted);
        await Tell(id, context, certificates);
    }

    private static async Task Tell(string id, HttpContext context, CertificateArchive certificates) =>
        await AdminReply.Write(context, StatusCodes.Status200OK, await certificates.Find(id, context.Caller(), context.RequestAborted), AdminJson.Default.CertificateRecord);
}
