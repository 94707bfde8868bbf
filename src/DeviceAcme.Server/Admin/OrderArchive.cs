using DeviceAcme.Core;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Issuance;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Admin;

/// <summary>Which orders are asked for, and which page of them.</summary>
internal sealed record OrderFilter
{
    public required Page Page { get; init; }

    /// <summary>A name of RFC 8555 §7.1.6.</summary>
    public string? Status { get; init; }

    public string? Profile { get; init; }
    public string? Account { get; init; }

    /// <summary>A device's id, or one of its identifiers.</summary>
    public string? Device { get; init; }

    /// <summary>Only those that wait for an officer.</summary>
    public bool Waiting { get; init; }

    /// <summary>The profiles whose orders the caller may see; null for all.</summary>
    public IReadOnlyList<string>? Within { get; init; }
}

/// <summary>The orders, for administrators.</summary>
internal sealed class OrderArchive(AcmeDb db, TimeProvider time)
{
    /// <summary>One page, newest first.</summary>
    public async Task<OrderList> List(OrderFilter filter, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var now = time.GetUtcNow();
        var rows = await Filtered(context, filter, now, cancellation);
        rows = filter.Page.Behind is { At: var at, Id: var id } ? rows.Where(row => row.CreatedAt <= at && (row.CreatedAt < at || row.Id < new OrderId(id))) : rows;
        var found = await rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Take(filter.Page.Rows).ToListAsync(cancellation);
        var (shown, next) = filter.Page.Cut(found, row => Place.Of(row.CreatedAt, row.Id.Value));
        if (shown.Count == 0)
        {
            return new OrderList { Orders = [] };
        }

        var ids = shown.Select(order => order.Id).ToArray();
        var devices = (await context.OrderAuthorizations.Where(link => ids.Contains(link.OrderId))
                .Join(context.Authorizations, link => link.AuthorizationId, authorization => authorization.Id, (link, authorization) => new { link.OrderId, authorization.Device })
                .Where(row => row.Device != null)
                .ToListAsync(cancellation))
            .ToLookup(row => row.OrderId, row => row.Device!.Value);
        var pending = await context.PendingIssuances.Where(issuance => ids.Contains(issuance.Order)).ToDictionaryAsync(issuance => issuance.Order, cancellation);
        return new OrderList { Orders = [.. shown.Select(order => Entry(order, order.StatusAt(now), devices[order.Id], pending.GetValueOrDefault(order.Id)))], Next = next };
    }

    /// <summary>One order with what hangs from it, and its version; null where there is none of this id.</summary>
    public async Task<(OrderRecord Record, long Version)?> Find(OrderId id, AdminCaller caller, CancellationToken cancellation)
    {
        await using var context = db.Read();
        if (context.FindOrder(id) is not { } found)
        {
            return null;
        }

        var (order, authorizations) = found;
        caller.RequireProfile(order.Profile);
        var now = time.GetUtcNow();
        var pending = await context.PendingIssuances.FirstOrDefaultAsync(issuance => issuance.Order == id, cancellation);
        var authorized = authorizations.Select(authorization => authorization.Id).ToArray();
        var evidence = await context.Evidence
            .Where(row => row.Order == id || (row.Authorization != null && authorized.Contains(row.Authorization.Value)))
            .OrderBy(row => row.At).ThenBy(row => row.Id)
            .Select(row => row.Id)
            .ToListAsync(cancellation);
        var entry = Entry(order, order.StatusAt(authorizations, now), authorizations.Select(authorization => authorization.Device).OfType<DeviceId>(), pending);
        return (new OrderRecord(entry, [.. authorizations.Select(authorization => Entry(authorization, now))], [.. evidence.Select(row => row.Value)]), Approvals.VersionOf(order, pending));
    }

    private static async Task<IQueryable<Order>> Filtered(AcmeContext context, OrderFilter filter, DateTimeOffset now, CancellationToken cancellation)
    {
        var rows = filter.Waiting
            ? context.PendingIssuances.Where(issuance => issuance.State == IssuanceState.Waiting).Join(context.Orders, issuance => issuance.Order, order => order.Id, (_, order) => order)
            : context.Orders.AsQueryable();
        rows = filter.Status switch
        {
            null => rows,
            "valid" => rows.Where(row => row.Status == OrderStatus.Valid),
            "processing" => rows.Where(row => row.Status != OrderStatus.Valid && row.Status == OrderStatus.Processing),
            "pending" => rows.Where(row => row.Status != OrderStatus.Valid && row.Status == OrderStatus.Pending && row.Expires > now),
            "ready" => rows.Where(row => row.Status != OrderStatus.Valid && row.Status == OrderStatus.Ready && row.Expires > now),
            _ => rows.Where(row => row.Status != OrderStatus.Valid
                && (row.Status == OrderStatus.Invalid || ((row.Status == OrderStatus.Pending || row.Status == OrderStatus.Ready) && row.Expires <= now))),
        };
        rows = filter.Profile is { } profile ? rows.Where(row => row.Profile == profile) : rows;
        rows = filter.Within is { } within ? rows.Where(row => within.Contains(row.Profile)) : rows;
        if (filter.Account is { } text)
        {
            var account = new AccountId(text);
            rows = rows.Where(row => row.AccountId == account);
        }

        if (filter.Device is { } device)
        {
            var ids = await context.OrdersOf(await context.DeviceOf(device, cancellation), cancellation);
            rows = rows.Where(row => ids.Contains(row.Id));
        }

        return rows;
    }

    private static OrderEntry Entry(Order order, OrderStatus status, IEnumerable<DeviceId> devices, PendingIssuance? pending) => new()
    {
        Id = order.Id.Value,
        Status = status.Wire(),
        Profile = order.Profile,
        ProfileHash = order.ProfileHash,
        AccountId = order.AccountId.Value,
        Identifiers = TicketCode.Redact(order.Identifiers),
        CreatedAt = order.CreatedAt,
        Expires = order.Expires,
        DeviceIds = [.. devices.Distinct().Select(device => device.Value)],
        CertificateId = order.CertificateId?.Value,
        Error = order.Error,
        Approval = pending is null ? null : Entry(pending),
    };

    private static ApprovalEntry Entry(PendingIssuance pending) => new()
    {
        State = pending.State.ToString().ToLowerInvariant(),
        Causes = [.. new[] { (ApprovalCauses.Profile, "profile"), (ApprovalCauses.UnknownDevice, "unknown-device") }.Where(cause => pending.Causes.HasFlag(cause.Item1)).Select(cause => cause.Item2)],
        RequestedAt = pending.RequestedAt,
        Expires = pending.Expires,
        Decision = pending.Decision?.ToString().ToLowerInvariant(),
        DecidedAt = pending.DecidedAt,
        DecidedBy = pending.DecidedBy,
        Comment = pending.Comment,
        Serial = pending.Serial,
        Attempts = pending.Attempts,
        Failure = pending.State == IssuanceState.Issuing ? pending.Failure : null,
    };

    private static OrderAuthorizationEntry Entry(Authorization authorization, DateTimeOffset now) => new()
    {
        Id = authorization.Id.Value,
        Identifier = TicketCode.Redact(authorization.Identifier),
        Status = authorization.StatusAt(now).Wire(),
        Expires = authorization.Expires,
        DeviceId = authorization.Device?.Value,
    };
}
