using DeviceAcme.Core;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Ledger;

namespace DeviceAcme.Server.Admin;

/// <summary>The ledger for administrators. It belongs to no profile: those who are limited to some may look at it.</summary>
internal static class DeviceEndpoints
{
    /// <summary>Fifty attributes of two hundred characters, and names.</summary>
    private const int LargestDevice = 32 * 1024;

    /// <summary>What a list and an export can be asked for.</summary>
    private static readonly string[] Filters = ["state", "group", "owner", "identifier", "text"];

    public static readonly string[] Parameters = [.. AdminQuery.OfPage, .. Filters];
    public static readonly string[] ExportParameters = ["format", .. Filters];

    public static async Task List(HttpContext context, DeviceRecords records)
    {
        var query = new AdminQuery(context.Request, Parameters);
        await AdminReply.Write(context, StatusCodes.Status200OK, await records.List(Filter(query), query.Page(), context.RequestAborted), AdminJson.Default.DeviceList);
    }

    public static async Task Show(string id, HttpContext context, DeviceRecords records)
    {
        _ = new AdminQuery(context.Request);
        await Answer(context, StatusCodes.Status200OK, await records.Find(new DeviceId(id), context.RequestAborted));
    }

    public static async Task Add(HttpContext context, DeviceLedger ledger)
    {
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.NewDevice, LargestDevice);
        var made = await ledger.Add(wanted, context.Caller(), context.RequestAborted);
        context.Response.Headers.Location = $"/admin/v1/devices/{made.Id}";
        await Answer(context, StatusCodes.Status201Created, made);
    }

    public static async Task Edit(string id, HttpContext context, DeviceLedger ledger)
    {
        var condition = IfMatch.Of(context.Request, required: true);
        var wanted = await AdminEndpoints.Read(context.Request, AdminJson.Default.DeviceEdit, LargestDevice);
        await Answer(context, StatusCodes.Status200OK, await ledger.Edit(new DeviceId(id), wanted, condition, context.Caller(), context.RequestAborted));
    }

    public static Task Block(string id, HttpContext context, DeviceLedger ledger) =>
        Take(id, context, ledger, (device, move, actor, now) => device.Block(move.Reason, actor, now));

    public static Task Unblock(string id, HttpContext context, DeviceLedger ledger) =>
        Take(id, context, ledger, (device, move, actor, now) => device.Unblock(move.Reason, actor, now), move => move.Revoke
            ? throw Problems.Malformed("device-malformed", "revoke: not with unblock")
            : move);

    public static Task Quarantine(string id, HttpContext context, DeviceLedger ledger) =>
        Take(id, context, ledger, (device, move, actor, now) => device.Quarantine(move.Reason, actor, now));

    public static Task Retire(string id, HttpContext context, DeviceLedger ledger) =>
        Take(id, context, ledger, (device, move, actor, now) => device.Retire(move.Reason, actor, now));

    public static Task Replace(string id, HttpContext context, DeviceLedger ledger) =>
        Take(id, context, ledger, (device, move, actor, now) => device.ReplaceBy(new DeviceId(move.Successor!), move.Reason, actor, now), move => move.Successor is null
            ? throw Problems.Malformed("device-malformed", "successor: expected the id of the device that takes its place")
            : move, takesSuccessor: true);

    public static Task RevokeAll(string id, HttpContext context, DeviceLedger ledger) =>
        Take(id, context, ledger, (_, _, _, _) => null, move => move with { Revoke = true });

    public static async Task Enrollments(string id, HttpContext context, DeviceRecords records)
    {
        _ = new AdminQuery(context.Request);
        await AdminReply.Write(
            context, StatusCodes.Status200OK, await records.Enrollments(new DeviceId(id), context.Caller(), context.RequestAborted), AdminJson.Default.DeviceEnrollments);
    }

    public static async Task History(string id, HttpContext context, DeviceRecords records)
    {
        var query = new AdminQuery(context.Request, AdminQuery.OfPage);
        var page = await records.History(new DeviceId(id), query.Page(), context.Caller(), context.RequestAborted);
        await AdminReply.Write(context, StatusCodes.Status200OK, page, AdminJson.Default.AuditPage);
    }

    /// <summary>The devices that a filter finds, as an inventory.</summary>
    public static DeviceFilter Filter(AdminQuery query)
    {
        if (query.Text("group") is { } group && !DeviceDescription.IsName(group))
        {
            throw Problems.Malformed("parameter-malformed", "group: expected the name of a group: lower-case letters, digits and inner hyphens");
        }

        return new DeviceFilter
        {
            State = query.OneOf("state", [.. DeviceStates.All.Keys]) is { } state ? DeviceStates.All[state] : null,
            Group = query.Text("group"),
            Owner = query.Text("owner"),
            Identifier = query.Text("identifier"),
            Text = query.Text("text"),
        };
    }

    private static async Task Take(string id, HttpContext context, DeviceLedger ledger, DeviceLedger.Step step, Func<DeviceMove, DeviceMove>? check = null, bool takesSuccessor = false)
    {
        _ = new AdminQuery(context.Request);
        var condition = IfMatch.Of(context.Request, required: false);
        var move = await AdminEndpoints.Read(context.Request, AdminJson.Default.DeviceMove);
        if (move.Successor is not null && !takesSuccessor)
        {
            throw Problems.Malformed("device-malformed", "successor: only with replace");
        }

        var change = await ledger.Take(step, new DeviceId(id), check?.Invoke(move) ?? move, condition, context.Caller(), context.RequestAborted);
        IfMatch.Tell(context.Response, change.Device.Version);
        await AdminReply.Write(context, StatusCodes.Status200OK, change, AdminJson.Default.DeviceChange);
    }

    private static Task Answer(HttpContext context, int status, DeviceEntry device)
    {
        IfMatch.Tell(context.Response, device.Version);
        return AdminReply.Write(context, status, device, AdminJson.Default.DeviceEntry);
    }
}
