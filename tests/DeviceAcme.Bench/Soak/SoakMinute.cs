namespace DeviceAcme.Bench.Soak;

/// <summary>One minute of a soak.</summary>
internal sealed record SoakMinute
{
    public required int Minute { get; init; }
    public required int Enrollments { get; init; }
    public required int Unexpected { get; init; }
    public required double P50Milliseconds { get; init; }
    public required double P99Milliseconds { get; init; }

    /// <summary>The server's, at the end of the minute.</summary>
    public required double ResidentMegabytes { get; init; }
    public required int Handles { get; init; }
    public required int Threads { get; init; }

    /// <summary>The database and its log.</summary>
    public required double DatabaseMegabytes { get; init; }
    public required double LogMegabytes { get; init; }
}

/// <summary>What came of a soak.</summary>
/// <param name="Minutes">Each one.</param>
/// <param name="Problems">What was not flat, or not as expected.</param>
internal sealed record SoakResult(IReadOnlyList<SoakMinute> Minutes, IReadOnlyList<string> Problems);

/// <summary>Holds the last third of a soak against the one before it; the first one is for warming up.</summary>
internal static class Flatness
{
    /// <summary>A log that is not carried over into the database for long grows beyond this.</summary>
    private const double LargestLog = 64;

    public static IEnumerable<string> Judge(IReadOnlyList<SoakMinute> minutes)
    {
        var third = minutes.Count / 3;
        if (third == 0)
        {
            yield return "too short to judge: at least three minutes";
            yield break;
        }

        var (middle, last) = (minutes.Skip(minutes.Count - (2 * third)).Take(third).ToList(), minutes.Skip(minutes.Count - third).ToList());
        if (Grew(middle, last, minute => minute.ResidentMegabytes, 1.15, 10) is { } memory)
        {
            yield return $"memory grows: {memory} MB";
        }

        if (Grew(middle, last, minute => minute.Handles, 1.2, 20) is { } handles)
        {
            yield return $"open files grow: {handles}";
        }

        if (Grew(middle, last, minute => minute.Threads, 1.2, 10) is { } threads)
        {
            yield return $"threads grow: {threads}";
        }

        if (Grew(middle, last, minute => minute.P50Milliseconds, 1.5, 5) is { } latency)
        {
            yield return $"enrollments become slower: median {latency} ms";
        }

        if (minutes.Max(minute => minute.LogMegabytes) is var log and > LargestLog)
        {
            yield return $"the write-ahead log grew to {log:0} MB";
        }

        if (Weight(minutes[minutes.Count - (2 * third) - 1], middle) is var before and > 0 && Weight(middle[^1], last) is var after && after > before * 1.3)
        {
            yield return $"an enrollment becomes heavier: {before:0.0} KB, then {after:0.0} KB in the database";
        }

        if (minutes.Sum(minute => minute.Unexpected) is var unexpected and > 0)
        {
            yield return $"{unexpected} devices did not get what they should have";
        }
    }

    private static string? Grew(List<SoakMinute> middle, List<SoakMinute> last, Func<SoakMinute, double> value, double factor, double slack)
    {
        var (before, after) = (Median(middle, value), Median(last, value));
        return after > (before * factor) + slack ? $"{before:0.#}, then {after:0.#}" : null;
    }

    private static double Median(List<SoakMinute> minutes, Func<SoakMinute, double> value) => minutes.Select(value).Order().ElementAt(minutes.Count / 2);

    /// <summary>Kilobytes that the database grew by for each enrollment.</summary>
    private static double Weight(SoakMinute before, List<SoakMinute> minutes) =>
        1024 * (minutes[^1].DatabaseMegabytes + minutes[^1].LogMegabytes - before.DatabaseMegabytes - before.LogMegabytes) / Math.Max(1, minutes.Sum(minute => minute.Enrollments));
}
