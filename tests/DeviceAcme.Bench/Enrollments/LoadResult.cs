namespace DeviceAcme.Bench.Enrollments;

/// <summary>What one load was like.</summary>
internal sealed record LoadResult
{
    public required string Kind { get; init; }
    public required int Clients { get; init; }
    public required int Enrollments { get; init; }
    public required int Errors { get; init; }
    public string? FirstError { get; init; }
    public required double PerSecond { get; init; }
    public required double P50Milliseconds { get; init; }
    public required double P99Milliseconds { get; init; }

    /// <summary>User and system time of the server's process.</summary>
    public required double ServerMilliseconds { get; init; }

    /// <summary>The same of this process, which signs, makes evidence and answers validations.</summary>
    public required double ClientMilliseconds { get; init; }

    /// <summary>Exchanges per enrollment; more than seven where an order was looked at more than once.</summary>
    public required double Exchanges { get; init; }

    /// <summary>The nearest-rank percentile.</summary>
    public static double Percentile(IReadOnlyList<double> sorted, double part) =>
        sorted.Count == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(part * sorted.Count) - 1, 0, sorted.Count - 1)];
}
