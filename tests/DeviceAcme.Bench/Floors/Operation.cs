using System.Diagnostics;

namespace DeviceAcme.Bench.Floors;

/// <summary>Something that one enrollment cannot do without.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Count">How often one enrollment does it.</param>
/// <param name="Run">Does it once.</param>
internal sealed record Operation(string Name, int Count, Action Run)
{
    /// <summary>Processor time of one batch: much longer than reading the clock takes.</summary>
    private static readonly TimeSpan Batch = TimeSpan.FromMilliseconds(4);

    /// <summary>Longer than the runtime waits before it compiles again what is called often.</summary>
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(250);

    /// <summary>Where most of the time is spent waiting for a disk, this many times the repetition must do.</summary>
    private const int Patience = 4;

    /// <summary>Repeats it alone and tells what it costs; where it is counted not at all, it is measured all the same.</summary>
    public Cost Measure(TimeSpan repetition)
    {
        var estimate = Repeat(WarmUp, 16);
        var batch = (int)Math.Clamp(Batch.TotalMicroseconds / estimate, 4, 100_000);
        return new Cost(Name, Count, Repeat(repetition, batch));
    }

    /// <returns>The median batch: what the runtime does besides, compiling above all, falls into few of them.</returns>
    private double Repeat(TimeSpan repetition, int batch)
    {
        var microseconds = new List<double>();
        var clock = Stopwatch.StartNew();
        TimeSpan total = default;
        while (microseconds.Count < 3 || (total < repetition && clock.Elapsed < Patience * repetition))
        {
            // processor time and not elapsed time: what other programs take in between does not count
            var begin = Environment.CpuUsage.TotalTime;
            for (var run = 0; run < batch; run++)
            {
                Run();
            }

            var used = Environment.CpuUsage.TotalTime - begin;
            microseconds.Add(used.TotalMicroseconds / batch);
            total += used;
        }

        microseconds.Sort();
        return microseconds[microseconds.Count / 2];
    }
}

/// <summary>A line of a floor.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Count">How often one enrollment does it.</param>
/// <param name="Microseconds">Processor time of doing it once.</param>
internal sealed record Cost(string Name, int Count, double Microseconds)
{
    public double Total => Count * Microseconds;
}
