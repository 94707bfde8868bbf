using System.Collections.Concurrent;

namespace DeviceAcme.Bench.Nodes;

/// <summary>What happened to a fleet, all devices together.</summary>
internal sealed class NodeNotes
{
    private readonly ConcurrentQueue<string> _problems = new();
    private readonly ConcurrentDictionary<string, int> _troubles = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<TimeSpan> _latencies = new();
    private int _done;

    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>Why devices had to try again, and how often.</summary>
    public IReadOnlyDictionary<string, int> Troubles => _troubles;

    /// <summary>From the first request of a device to its certificate, sorted.</summary>
    public IReadOnlyList<TimeSpan> Latencies => [.. _latencies.Order()];

    /// <summary>Devices that are through, well or not.</summary>
    public int Done => Volatile.Read(ref _done);

    public void Enrolled(TimeSpan latency) => _latencies.Enqueue(latency);

    public void Through() => Interlocked.Increment(ref _done);

    public void Trouble(string what) => _troubles.AddOrUpdate(what, 1, (_, count) => count + 1);

    public void Problem(string what) => _problems.Enqueue(what);
}
