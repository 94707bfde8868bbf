using System.Collections.Concurrent;

namespace DeviceAcme.Server.Workers;

/// <summary>
/// The loop of a worker whose queue is a table: what waits says so in its row, so a restart loses nothing; the signal in memory only saves the wait
/// for the next look.
/// </summary>
/// <param name="leases">Keep other nodes off what is worked on here.</param>
/// <param name="concurrency">Rows that are worked on at a time.</param>
/// <param name="lookAgain">How often the table is looked at without a signal: for what time or an earlier process left behind.</param>
internal sealed class RowQueue<TId>(ILeases leases, int concurrency, TimeSpan lookAgain, TimeProvider time)
    where TId : notnull
{
    /// <summary>What an earlier process left behind waits until a start has answered its first requests: both want the processors.</summary>
    private static readonly TimeSpan FirstLook = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<TId, Task> _running = new();
    private readonly ConcurrentDictionary<TId, DateTimeOffset> _later = new();
    private readonly SemaphoreSlim _signal = new(0);

    /// <summary>What is left alone for now: it must not fill the looks of others.</summary>
    public IReadOnlyCollection<TId> Postponed
    {
        get
        {
            var now = time.GetUtcNow();
            foreach (var (due, _) in _later.Where(row => row.Value <= now))
            {
                _later.TryRemove(due, out _);
            }

            return [.. _later.Keys];
        }
    }

    /// <summary>There is something to do.</summary>
    public void Wake()
    {
        if (_signal.CurrentCount == 0)
        {
            _signal.Release();
        }
    }

    /// <summary>Looks until the server stops, and waits then for what still runs: it is given up, its rows say so, and the next start takes them.</summary>
    public async Task Run(Func<CancellationToken, Task> look, CancellationToken stopping)
    {
        try
        {
            for (var pause = FirstLook; ; pause = lookAgain)
            {
                await _signal.WaitAsync(pause, stopping);
                await look(stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await Task.WhenAll(_running.Values);
        }
    }

    /// <summary>Begins with those that nobody works on, on no node, as many as there is room for.</summary>
    /// <param name="leaseOf">The lease's name; the work releases it.</param>
    /// <param name="lease">After how long another node takes over.</param>
    /// <param name="work">Throws nothing.</param>
    public async Task Start(IEnumerable<TId> waiting, Func<TId, string> leaseOf, TimeSpan lease, Func<TId, Task> work, CancellationToken stopping)
    {
        var free = waiting.Where(id => !_running.ContainsKey(id)).Except(Postponed).ToList();
        var taken = await leases.Take([.. free.Select(leaseOf)], concurrency - _running.Count, lease, stopping);
        foreach (var id in free.Where(id => taken.Contains(leaseOf(id))))
        {
            // a place first: the work may end before its task is known
            _running[id] = Task.CompletedTask;
            _running.TryUpdate(id, Task.Run(() => Work(id, work), CancellationToken.None), Task.CompletedTask);
        }
    }

    /// <summary>Leaves a row alone until then. A restart forgets it and tries at once.</summary>
    public void Postpone(TId id, DateTimeOffset until) => _later[id] = until;

    private async Task Work(TId id, Func<TId, Task> work)
    {
        try
        {
            await work(id);
        }
        finally
        {
            _running.TryRemove(id, out _);
            Wake();
        }
    }
}
