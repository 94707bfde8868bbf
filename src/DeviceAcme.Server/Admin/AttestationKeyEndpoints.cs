using DeviceAcme.Core;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tpm;

namespace DeviceAcme.Server.Admin;

/// <summary>What the attestation CAs certified.</summary>
internal static class AttestationKeyEndpoints
{
    /// <summary>What a list can be asked for.</summary>
    public static readonly string[] Parameters = [.. AdminQuery.OfPage, "identifier"];

    public static async Task List(HttpContext context, AttestationKeyLedger keys)
    {
        var query = new AdminQuery(context.Request, Parameters);
        var list = await keys.List(query.Text("identifier"), query.Page(), context.Caller(), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.AttestationKeyList);
    }

    public static async Task Revoke(string id, HttpContext context, AttestationKeyLedger keys)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(context, StatusCodes.Status200OK, await keys.Revoke(new CertificateId(id), context.Caller(), context.RequestAborted), AdminJson.Default.AttestationKeyEntry);
    }
}
