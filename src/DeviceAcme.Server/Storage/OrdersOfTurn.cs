using DeviceAcme.Core;
using DeviceAcme.Core.Orders;

namespace DeviceAcme.Server.Storage;

/// <summary>What the changes of one transaction make of <see cref="RecentOrders"/>: the writer sees it at once, everybody else when the transaction is durable.</summary>
internal sealed class OrdersOfTurn(RecentOrders recent) : IRecentOrders
{
    /// <summary>What the changes before this one left; null where the store has to be asked.</summary>
    private readonly Dictionary<OrderId, OrderWithAuthorizations?> _turn = [];

    private readonly Dictionary<OrderId, OrderWithAuthorizations?> _change = [];
    private bool _isAllUncertain;

    public OrderWithAuthorizations? Find(OrderId id) => _turn.TryGetValue(id, out var left) ? left : _isAllUncertain ? null : recent.Find(id);

    public OrderWithAuthorizations? Find(AuthorizationId id) => Now(recent.Find(id));

    public OrderWithAuthorizations? Find(ChallengeId id) => Now(recent.Find(id));

    /// <summary>A statement changed or removed orders, or what belongs to them, without saying which.</summary>
    public void DoubtAll()
    {
        _isAllUncertain = true;
        foreach (var id in _turn.Keys.ToList())
        {
            _turn[id] = null;
        }
    }

    /// <summary>A followed row was changed.</summary>
    /// <param name="row">An order, authorization or challenge; of any other nothing is noted.</param>
    /// <param name="known">The order as this change works on it, by its id.</param>
    public void Changed(object row, Func<OrderId, OrderWithAuthorizations?> known)
    {
        var id = row switch
        {
            Order order => order.Id,
            Authorization authorization => OrderOf(authorization.Id),
            Challenge challenge => OrderOf(challenge.AuthorizationId),
            _ => null,
        };
        if (id is { } found)
        {
            var copy = known(found);
            Note(found, copy is not null && IsOf(copy, row) ? copy : null);
        }
    }

    /// <summary>Rows are added.</summary>
    public void Added(IReadOnlyCollection<object> rows)
    {
        var links = rows.OfType<OrderAuthorization>().ToLookup(link => link.OrderId);
        if (links.Count == 0)
        {
            return;
        }

        var authorizations = rows.OfType<Authorization>().ToDictionary(authorization => authorization.Id);
        foreach (var order in rows.OfType<Order>())
        {
            var own = links[order.Id].OrderBy(link => link.Position).Select(link => authorizations.GetValueOrDefault(link.AuthorizationId)).OfType<Authorization>().ToList();
            Note(order.Id, own.Count == order.Identifiers.Count ? new OrderWithAuthorizations(order, own) : null);
        }

        foreach (var link in links.SelectMany(same => same).Where(link => !authorizations.ContainsKey(link.AuthorizationId)))
        {
            // an authorization that serves a second order
            if (OrderOf(link.AuthorizationId) is { } first)
            {
                Note(first, null);
            }
        }
    }

    /// <summary>The change is done, and its transaction goes on.</summary>
    public void KeepChange()
    {
        foreach (var (id, left) in _change)
        {
            _turn[id] = left;
        }

        _change.Clear();
    }

    /// <summary>The change is undone.</summary>
    public void UndoChange() => _change.Clear();

    /// <summary>Before the transaction is committed.</summary>
    public void BeginCommit()
    {
        if (_isAllUncertain)
        {
            recent.ForgetAll();
        }
        else
        {
            recent.Forget(_turn.Keys);
        }
    }

    /// <summary>It is durable. What has ended is asked for once more, if at all, and would only keep the place of others.</summary>
    public void EndCommit() =>
        recent.Remember(_turn.Values.OfType<OrderWithAuthorizations>().Where(left => left.Order.Status is not (OrderStatus.Valid or OrderStatus.Invalid)));

    /// <summary>The next transaction begins with nothing, whatever became of this one.</summary>
    public void End()
    {
        _turn.Clear();
        _change.Clear();
        _isAllUncertain = false;
    }

    private static bool IsOf(OrderWithAuthorizations copy, object row) => row switch
    {
        Order => ReferenceEquals(copy.Order, row),
        Authorization => copy.Authorizations.Any(authorization => ReferenceEquals(authorization, row)),
        Challenge => copy.Authorizations.Any(authorization => authorization.Challenges.Any(challenge => ReferenceEquals(challenge, row))),
        _ => false,
    };

    /// <summary>What is uncertain once stays so: a row that was changed beside the copy is not in it.</summary>
    private void Note(OrderId id, OrderWithAuthorizations? left) => _change[id] = _change.TryGetValue(id, out var noted) && noted is null ? null : left;

    private OrderWithAuthorizations? Now(OrderWithAuthorizations? before) =>
        before is null || _isAllUncertain ? null : _turn.TryGetValue(before.Order.Id, out var left) ? left : before;

    private OrderId? OrderOf(AuthorizationId id) =>
        recent.Find(id)?.Order.Id
        ?? _turn.Values.Concat(_change.Values).FirstOrDefault(order => order?.Authorizations.Any(authorization => authorization.Id == id) == true)?.Order.Id;
}
