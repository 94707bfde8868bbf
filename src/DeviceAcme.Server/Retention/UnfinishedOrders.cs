using DeviceAcme.Core.Orders;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Retention;

/// <summary>
/// Drops orders that never came to a certificate, with their authorizations and challenges, when their time has long been over. An order with a certificate stays for as long as
/// the certificate does. A few rows at a time, so that requests pass between its steps.
/// </summary>
internal sealed class UnfinishedOrders(AcmeDb db, ServerOptions options)
{
    /// <summary>Orders of one step.</summary>
    public const int Step = 50;

    /// <summary>Drops everything whose time is over; how many orders that were.</summary>
    public Task<int> Clean(DateTimeOffset now, CancellationToken cancellation) => SmallSteps.Repeat(Step, () => DropSome(now, cancellation), cancellation);

    private async Task<int> DropSome(DateTimeOffset now, CancellationToken cancellation)
    {
        var until = now - options.KeepUnfinishedOrders;

        // a parameter: EF makes one NOT IN of two constants, and that is no question to the index of orders that are not valid
        var processing = OrderStatus.Processing;
        List<Core.OrderId> ids;
        await using (var context = db.Read())
        {
            // an order that is processed waits for an officer, or for a CA: its end is not a matter of time
            ids = await context.Orders
                .Where(order => order.Status != OrderStatus.Valid && order.Status != processing && order.CreatedAt <= until && order.Expires <= now)
                .OrderBy(order => order.CreatedAt).Select(order => order.Id).Take(Step).ToListAsync(cancellation);
        }

        return ids.Count == 0 ? 0 : await db.Commit(writer => Drop(writer, ids, now), cancellation);
    }

    private static int Drop(AcmeContext context, List<Core.OrderId> ids, DateTimeOffset now)
    {
        var authorizations = context.OrderAuthorizations.Where(link => ids.Contains(link.OrderId)).Select(link => link.AuthorizationId).Distinct().ToList();
        context.RemoveAtOnce(context.OrderAuthorizations.Where(link => ids.Contains(link.OrderId)));
        context.RemoveAtOnce(context.PendingIssuances.Where(row => ids.Contains(row.Order)));
        var dropped = context.RemoveAtOnce(context.Orders.Where(order => ids.Contains(order.Id)));

        // one that another order used as well, or that may still serve one, stays
        var free = context.Authorizations
            .Where(row => authorizations.Contains(row.Id) && row.Expires <= now && !context.OrderAuthorizations.Any(link => link.AuthorizationId == row.Id))
            .Select(row => row.Id).ToList();
        context.RemoveAtOnce(context.Challenges.Where(row => free.Contains(row.AuthorizationId)));
        context.RemoveAtOnce(context.Authorizations.Where(row => free.Contains(row.Id)));
        return dropped;
    }
}
