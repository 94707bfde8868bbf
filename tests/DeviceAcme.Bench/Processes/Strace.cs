namespace DeviceAcme.Bench.Processes;

/// <summary>Counts a process's calls that wait for the disk.</summary>
/// <param name="log">The file that strace writes.</param>
internal sealed class Strace(string log)
{
    private static readonly string[] Calls = ["fsync", "fdatasync", "sync_file_range", "msync"];

    public static bool IsInstalled => Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "strace"))) == true;

    /// <summary>The program that runs the traced one: it stays the child that is started, the tracer steps aside (-D).</summary>
    public IReadOnlyList<string> Arguments => ["strace", "-D", "-f", "-q", "-e", "signal=none", "-e", $"trace={string.Join(',', Calls)}", "-o", log];

    /// <summary>Calls so far.</summary>
    public int Count()
    {
        using var file = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        var count = 0;
        while (reader.ReadLine() is { } line)
        {
            // a call that another thread interrupted has a second line, which says 'resumed'
            count += Calls.Any(call => line.Contains($" {call}(", StringComparison.Ordinal)) ? 1 : 0;
        }

        return count;
    }
}
