using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Storage;

/// <summary>An order with its authorizations, in the order of its identifiers.</summary>
internal sealed record OrderWithAuthorizations(Order Order, IReadOnlyList<Authorization> Authorizations);

/// <summary>How orders and authorizations are found together.</summary>
internal static class OrderQueries
{
    public static OrderWithAuthorizations? FindOrder(this AcmeContext context, OrderId id) =>
        context.Known(id) ?? context.Recall(recent => recent.Find(id)) ?? (context.Hot.Order(context, id) is { } order ? context.Know(new OrderWithAuthorizations(order, context.AuthorizationsOf(id))) : null);

    public static Authorization? FindAuthorization(this AcmeContext context, AuthorizationId id) =>
        context.Recall(recent => recent.Find(id))?.Authorizations.First(authorization => authorization.Id == id) ?? context.Hot.Authorization(context, id);

    public static Authorization? FindAuthorizationOf(this AcmeContext context, ChallengeId id) =>
        context.Recall(recent => recent.Find(id))?.Authorizations.First(authorization => authorization.Challenges.Any(challenge => challenge.Id == id)) ?? context.Hot.AuthorizationOf(context, id);

    /// <summary>After an authorization changed: brings the orders that need it in line, in the same commit (RFC 8555 §7.1.6).</summary>
    public static void FollowAuthorization(this AcmeContext context, Authorization changed, DateTimeOffset now)
    {
        foreach (var (order, authorizations) in context.OrdersOf(changed.Id))
        {
            var processed = order.Status == OrderStatus.Processing;
            context.Record(order.Follow(authorizations, now));
            if (processed && order.Status != OrderStatus.Processing)
            {
                context.EndIssuance(order.Id);
            }
        }
    }

    /// <summary>An account that goes takes its unfinished orders with it (RFC 8555 §7.3.6); certificates are not revoked.</summary>
    public static void CancelOrders(this AcmeContext context, AccountId account, Problem why, DateTimeOffset now)
    {
        var open = context.Orders
            .Where(order => order.AccountId == account && (order.Status == OrderStatus.Pending || order.Status == OrderStatus.Ready || order.Status == OrderStatus.Processing))
            .ToList();
        foreach (var order in open)
        {
            context.FailOrder(order, why, now);
        }
    }

    /// <summary>The server ends an account, on somebody's word (RFC 8555 §7.1.6: <c>revoked</c>).</summary>
    public static void End(this AcmeContext context, Account account, string reason, string actor, DateTimeOffset now)
    {
        context.Record(account.Revoke(reason, actor, now));
        context.CancelOrders(account.Id, Problems.Unauthorized("account-revoked", "the account was ended by an administrator").Problem, now);
    }

    /// <summary>Nothing will come of this order, nor of what was under way for it.</summary>
    public static void FailOrder(this AcmeContext context, Order order, Problem why, DateTimeOffset now)
    {
        if (order.Status == OrderStatus.Processing)
        {
            context.EndIssuance(order.Id);
        }

        context.Record(order.Fail(why, now));
    }

    private static void EndIssuance(this AcmeContext context, OrderId order)
    {
        if (context.PendingIssuances.Find(order) is { State: not IssuanceState.Closed } issuance)
        {
            issuance.Close();
        }
    }

    /// <summary>Writes what happened into the history, in the transaction of the change.</summary>
    public static void Record(this AcmeContext context, AuditEvent? happened)
    {
        if (happened is not null)
        {
            context.Insert(happened);
        }
    }

    private static IReadOnlyList<OrderWithAuthorizations> OrdersOf(this AcmeContext context, AuthorizationId id) =>
        context.Recall(recent => recent.Find(id)) is { } only
            ? [only]
            : [.. context.Hot.OrdersOf(context, id).ToList().Select(order => new OrderWithAuthorizations(order, context.AuthorizationsOf(order.Id)))];

    private static List<Authorization> AuthorizationsOf(this AcmeContext context, OrderId id) => context.Hot.AuthorizationsOf(context, id).ToList();
}
