using System.Globalization;
using DeviceAcme.Core;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Acme;

/// <summary>RFC 8555 §7.1.2.1: the account's orders but the invalid ones, oldest first, in pages linked by <c>rel="next"</c>.</summary>
internal static class ListOrders
{
    public const int PageSize = 100;

    public static async Task<IResult> Handle(AcmeRequest request, string id, string? after, AcmeDb db, CancellationToken cancellation)
    {
        UpdateAccount.RequireOwn(request, id);
        request.RequirePostAsGet();
        var (time, last) = Cursor(after);

        await using var context = db.Read();
        var account = request.Account.Id;
        var now = request.Now;
        var page = await context.Orders
            .Where(order => order.AccountId == account && order.Status != OrderStatus.Invalid && (order.Status == OrderStatus.Valid || order.Expires > now))
            .Where(order => order.CreatedAt > time || (order.CreatedAt == time && order.Id > last))
            .OrderBy(order => order.CreatedAt).ThenBy(order => order.Id)
            .Take(PageSize + 1)
            .Select(order => new { order.Id, order.CreatedAt })
            .ToListAsync(cancellation);

        var shown = page.Take(PageSize).ToList();
        var next = page.Count > PageSize
            ? string.Create(CultureInfo.InvariantCulture, $"{request.Urls.Orders(account)}?after={shown[^1].CreatedAt.ToUnixTimeMilliseconds()}.{shown[^1].Id}")
            : null;
        return new JsonReply<OrdersObject>(new OrdersObject { Orders = shown.Select(order => request.Urls.Order(order.Id)).ToList() }, AcmeJson.Default.OrdersObject) { Next = next };
    }

    private static (DateTimeOffset Time, OrderId Id) Cursor(string? after)
    {
        if (after is null)
        {
            return (DateTimeOffset.UnixEpoch, new OrderId(""));
        }

        var dot = after.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && long.TryParse(after.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? (DateTimeOffset.FromUnixTimeMilliseconds(milliseconds), new OrderId(after[(dot + 1)..]))
            : throw Problems.Malformed("cursor-invalid", "after: expected the value of the previous page's rel=\"next\" link");
    }
}
