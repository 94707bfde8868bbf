using DeviceAcme.Core;

namespace DeviceAcme.Server.Storage;

/// <summary>Finds an order by itself, or by what belongs to it; what it does not know may be in the store all the same.</summary>
internal interface IRecentOrders
{
    OrderWithAuthorizations? Find(OrderId id);

    OrderWithAuthorizations? Find(AuthorizationId id);

    OrderWithAuthorizations? Find(ChallengeId id);
}

/// <summary>
/// Orders as the last commits left them, for the process that alone writes into the store: an enrollment asks for the same one a dozen times within a second.
/// They come from commits only and never from a query, so nothing older than a commit can get here after it. Only orders whose authorizations serve no other order are here.
/// All share what is here, so nobody changes it: the writer works on copies (<see cref="OrdersOfTurn"/>).
/// </summary>
internal sealed class RecentOrders : IRecentOrders
{
    /// <summary>As many as the last so many changes left unfinished; an enrollment has two of them before its order ends.</summary>
    public const int Capacity = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<OrderId, (OrderWithAuthorizations Order, long Number)> _orders = [];
    private readonly Dictionary<AuthorizationId, OrderWithAuthorizations> _byAuthorization = [];
    private readonly Dictionary<ChallengeId, OrderWithAuthorizations> _byChallenge = [];

    /// <summary>Ids and not the orders: what is not found any more must be free at once, or it grows old in memory first.</summary>
    private readonly Queue<(OrderId Id, long Number)> _oldest = new();

    private long _number;

    public OrderWithAuthorizations? Find(OrderId id)
    {
        lock (_lock)
        {
            return _orders.GetValueOrDefault(id).Order;
        }
    }

    public OrderWithAuthorizations? Find(AuthorizationId id)
    {
        lock (_lock)
        {
            return _byAuthorization.GetValueOrDefault(id);
        }
    }

    public OrderWithAuthorizations? Find(ChallengeId id)
    {
        lock (_lock)
        {
            return _byChallenge.GetValueOrDefault(id);
        }
    }

    /// <summary>Before a commit that changes them: from here on until it is over only the store says what they are.</summary>
    public void Forget(IEnumerable<OrderId> orders)
    {
        lock (_lock)
        {
            foreach (var id in orders)
            {
                Remove(id);
            }
        }
    }

    /// <summary>The same for all of them.</summary>
    public void ForgetAll()
    {
        lock (_lock)
        {
            _orders.Clear();
            _byAuthorization.Clear();
            _byChallenge.Clear();
            _oldest.Clear();
        }
    }

    /// <summary>After the commit, and before anybody is told of it.</summary>
    public void Remember(IEnumerable<OrderWithAuthorizations> orders)
    {
        lock (_lock)
        {
            foreach (var one in orders)
            {
                Remove(one.Order.Id);
                Add(one);
                if (_oldest.Count > Capacity && _oldest.Dequeue() is var oldest && _orders.GetValueOrDefault(oldest.Id).Number == oldest.Number)
                {
                    Remove(oldest.Id);
                }
            }
        }
    }

    private void Add(OrderWithAuthorizations one)
    {
        _orders.Add(one.Order.Id, (one, ++_number));
        foreach (var authorization in one.Authorizations)
        {
            _byAuthorization.Add(authorization.Id, one);
            foreach (var challenge in authorization.Challenges)
            {
                _byChallenge.Add(challenge.Id, one);
            }
        }

        _oldest.Enqueue((one.Order.Id, _number));
    }

    private void Remove(OrderId id)
    {
        if (!_orders.Remove(id, out var known))
        {
            return;
        }

        foreach (var authorization in known.Order.Authorizations)
        {
            _byAuthorization.Remove(authorization.Id);
            foreach (var challenge in authorization.Challenges)
            {
                _byChallenge.Remove(challenge.Id);
            }
        }
    }
}
