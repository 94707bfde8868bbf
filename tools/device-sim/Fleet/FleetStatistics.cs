using DeviceAcme.Protocol.Client;

namespace DeviceAcme.Simulator.Fleet;

/// <summary>Percentiles of durations in milliseconds.</summary>
internal sealed record Percentiles(int Count, double P50, double P95, double P99, double Longest)
{
    public static Percentiles Of(IEnumerable<float> milliseconds)
    {
        var sorted = milliseconds.ToArray();
        Array.Sort(sorted);
        return sorted.Length == 0 ? new Percentiles(0, 0, 0, 0, 0) : new Percentiles(sorted.Length, At(0.5), At(0.95), At(0.99), sorted[^1]);

        double At(double share) => sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }
}

/// <summary>What went wrong, by the words that say so, with one example.</summary>
internal sealed record Failures(string What, int Count, string Example);

/// <summary>One second of a run.</summary>
internal sealed record Second(int At, int Enrolled, int Failed, Percentiles Latency);

/// <summary>Counts what the devices of a fleet met. Several of them report at the same time.</summary>
internal sealed class FleetStatistics
{
    private const int ExamplesPerKind = 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<float>> _steps = new(StringComparer.Ordinal);
    private readonly List<float> _enrollments = [];
    private readonly List<(int Second, float Milliseconds)> _timeline = [];
    private readonly List<int> _failedAt = [];
    private readonly Dictionary<string, (int Count, string Example)> _failures = new(StringComparer.Ordinal);
    private readonly List<string> _missed = [];

    public int Enrolled { get; private set; }
    public int Renewed { get; private set; }
    public int Revoked { get; private set; }
    public int FaultsMet { get; private set; }
    public int FaultsMissed { get; private set; }
    public int Failed { get; private set; }
    public int DevicesDone { get; private set; }

    /// <summary>Certificates and refusals that were worked for: what the simulator's own time is divided by.</summary>
    public int Enrollments => Enrolled + Renewed + FaultsMet + FaultsMissed + Failed;

    public void Step(AcmeStep step)
    {
        lock (_lock)
        {
            if (!_steps.TryGetValue(step.Name, out var durations))
            {
                _steps.Add(step.Name, durations = []);
            }

            durations.Add((float)step.Duration.TotalMilliseconds);
        }
    }

    public void Certificate(bool renewed, TimeSpan duration, TimeSpan sinceStart)
    {
        lock (_lock)
        {
            Enrolled += renewed ? 0 : 1;
            Renewed += renewed ? 1 : 0;
            _enrollments.Add((float)duration.TotalMilliseconds);
            _timeline.Add(((int)sinceStart.TotalSeconds, (float)duration.TotalMilliseconds));
        }
    }

    public void Revocation()
    {
        lock (_lock)
        {
            Revoked++;
        }
    }

    /// <param name="device">Which.</param>
    /// <param name="missed">What differed from what was expected; null where nothing did.</param>
    /// <param name="sinceStart">When.</param>
    public void Fault(FleetDevice device, string? missed, TimeSpan sinceStart)
    {
        lock (_lock)
        {
            if (missed is null)
            {
                FaultsMet++;
                return;
            }

            FaultsMissed++;
            Miss($"{device.Kind} {device.Serial}, fault {device.Fault!.Name}: {missed}", sinceStart);
        }
    }

    /// <param name="device">Which.</param>
    /// <param name="what">Problem and reason, or what else went wrong.</param>
    /// <param name="detail">The whole of it.</param>
    /// <param name="sinceStart">When.</param>
    public void Failure(FleetDevice device, string what, string detail, TimeSpan sinceStart)
    {
        lock (_lock)
        {
            Failed++;
            var known = _failures.GetValueOrDefault(what, (0, detail));
            _failures[what] = (known.Item1 + 1, known.Item2);
            Miss($"{device.Kind} {device.Serial}: {detail}", sinceStart);
        }
    }

    public void Done()
    {
        lock (_lock)
        {
            DevicesDone++;
        }
    }

    public Percentiles Latency()
    {
        float[] enrollments;
        lock (_lock)
        {
            enrollments = [.. _enrollments];
        }

        // sorted where no device waits for it
        return Percentiles.Of(enrollments);
    }

    public IReadOnlyList<(string Step, Percentiles Latency)> Steps()
    {
        lock (_lock)
        {
            return [.. _steps.Select(step => (step.Key, Percentiles.Of(step.Value)))];
        }
    }

    /// <summary>Failures, the most frequent first.</summary>
    public IReadOnlyList<Failures> FailuresByReason()
    {
        lock (_lock)
        {
            return [.. _failures.Select(failure => new Failures(failure.Key, failure.Value.Count, failure.Value.Example)).OrderByDescending(failure => failure.Count)];
        }
    }

    /// <summary>The first of what was missed.</summary>
    public IReadOnlyList<string> Missed()
    {
        lock (_lock)
        {
            return [.. _missed];
        }
    }

    public IReadOnlyList<Second> Timeline()
    {
        lock (_lock)
        {
            var last = Math.Max(_timeline.Count == 0 ? -1 : _timeline.Max(entry => entry.Second), _failedAt.Count == 0 ? -1 : _failedAt.Max());
            var durations = _timeline.ToLookup(entry => entry.Second, entry => entry.Milliseconds);
            var failures = _failedAt.ToLookup(second => second);
            return [.. Enumerable.Range(0, last + 1).Select(second => new Second(second, durations[second].Count(), failures[second].Count(), Percentiles.Of(durations[second])))];
        }
    }

    private void Miss(string what, TimeSpan sinceStart)
    {
        _failedAt.Add((int)sinceStart.TotalSeconds);
        if (_missed.Count < ExamplesPerKind)
        {
            _missed.Add(what);
        }
    }
}
