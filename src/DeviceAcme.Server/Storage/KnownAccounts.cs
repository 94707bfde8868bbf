using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;

namespace DeviceAcme.Server.Storage;

/// <summary>
/// Accounts as the store has them, for the process that alone writes into it: every signed request asks for one. What a commit changed is forgotten
/// before anybody is told of the commit, and what was read before it is not remembered after it.
/// </summary>
internal sealed class KnownAccounts
{
    /// <summary>As many as enroll at once in a storm.</summary>
    private const int Capacity = 2000;

    private readonly Lock _lock = new();
    private readonly Dictionary<AccountId, Account> _accounts = [];
    private long _changes;

    public Account? Find(AccountId id, Func<AccountId, Account?> read)
    {
        long before;
        lock (_lock)
        {
            if (_accounts.TryGetValue(id, out var known))
            {
                return known;
            }

            before = _changes;
        }

        var found = read(id);
        lock (_lock)
        {
            if (found is not null && before == _changes)
            {
                if (_accounts.Count >= Capacity)
                {
                    // starting over now and then costs less than keeping track of what was used last
                    _accounts.Clear();
                }

                _accounts[id] = found;
            }
        }

        return found;
    }

    public void Forget(IReadOnlyCollection<AccountId> changed)
    {
        if (changed.Count == 0)
        {
            return;
        }

        lock (_lock)
        {
            _changes++;
            foreach (var id in changed)
            {
                _accounts.Remove(id);
            }
        }
    }
}
