using DeviceAcme.Core;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tpm;

namespace DeviceAcme.Server.Admin;

/// <summary>What the attestation CAs certified.</summary>
internal static class AttestationKeyEndpoints
{
    public static async Task List(HttpContext context, AttestationKeyLedger keys)
    {
        var query = new AdminQuery(context.Request, "identifier");
        var list = new AttestationKeyList { Keys = await keys.List(query.Text("identifier"), context.Caller(), context.RequestAborted) };
        await AdminReply.Write(context, StatusCodes.Status200OK, list, AdminJson.Default.AttestationKeyList);
    }

    public static async Task Revoke(string id, HttpContext context, AttestationKeyLedger keys)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(context, StatusCodes.Status200OK, await keys.Revoke(new CertificateId(id), context.Caller(), context.RequestAborted), AdminJson.Default.AttestationKeyEntry);
    }
}
