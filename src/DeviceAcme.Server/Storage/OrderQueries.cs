using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Orders;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Storage;

/// <summary>An order with its authorizations, in the order of its identifiers.</summary>
internal sealed record OrderWithAuthorizations(Order Order, IReadOnlyList<Authorization> Authorizations);

/// <summary>How orders and authorizations are found together.</summary>
internal static class OrderQueries
{
    public static OrderWithAuthorizations? FindOrder(this AcmeContext context, OrderId id) =>
        context.Orders.FirstOrDefault(order => order.Id == id) is { } order ? new OrderWithAuthorizations(order, context.AuthorizationsOf(id)) : null;

    public static Authorization? FindAuthorization(this AcmeContext context, AuthorizationId id) =>
        context.Authorizations.Include(authorization => authorization.Challenges).FirstOrDefault(authorization => authorization.Id == id);

    public static Authorization? FindAuthorizationOf(this AcmeContext context, ChallengeId id) =>
        // from the challenge to its authorization: asked the other way round, SQLite would try every authorization there is
        context.Challenges.Where(challenge => challenge.Id == id)
            .Join(context.Authorizations.Include(authorization => authorization.Challenges), challenge => challenge.AuthorizationId, authorization => authorization.Id, (_, authorization) => authorization)
            .FirstOrDefault();

    /// <summary>After an authorization changed: brings the orders that need it in line, in the same commit (RFC 8555 §7.1.6).</summary>
    public static void FollowAuthorization(this AcmeContext context, Authorization changed, DateTimeOffset now)
    {
        var orders = context.OrderAuthorizations.Where(link => link.AuthorizationId == changed.Id)
            .Join(context.Orders, link => link.OrderId, order => order.Id, (_, order) => order)
            .ToList();
        foreach (var order in orders)
        {
            context.Record(order.Follow(context.AuthorizationsOf(order.Id), now));
        }
    }

    /// <summary>Writes what happened into the history, in the transaction of the change.</summary>
    public static void Record(this AcmeContext context, AuditEvent? happened)
    {
        if (happened is not null)
        {
            context.Events.Add(happened);
        }
    }

    private static List<Authorization> AuthorizationsOf(this AcmeContext context, OrderId id) =>
        context.OrderAuthorizations.Where(link => link.OrderId == id)
            .OrderBy(link => link.Position)
            .Join(context.Authorizations.Include(authorization => authorization.Challenges), link => link.AuthorizationId, authorization => authorization.Id, (_, authorization) => authorization)
            .ToList();
}
