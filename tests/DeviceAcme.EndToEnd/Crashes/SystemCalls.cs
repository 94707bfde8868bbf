using System.Text.RegularExpressions;

namespace DeviceAcme.EndToEnd.Crashes;

internal enum SystemCall
{
    /// <summary>Something was written to the database or its log.</summary>
    DatabaseWrite,

    /// <summary>A sync of the database or its log ended.</summary>
    DatabaseSync,

    /// <summary>An HTTP reply begins to leave.</summary>
    Reply,
}

/// <summary>Reads what <c>strace -f -y</c> wrote.</summary>
internal static partial class SystemCalls
{
    /// <param name="lines">The trace.</param>
    /// <param name="database">The database's file; its log is beside it.</param>
    /// <returns>What counts, in the order in which it happened.</returns>
    public static IEnumerable<SystemCall> Read(IEnumerable<string> lines, string database)
    {
        // a call that another thread interrupts in the trace ends on a line of its own
        var unfinished = new Dictionary<string, SystemCall>();
        foreach (var line in lines)
        {
            var match = Line().Match(line);
            var thread = match.Groups["thread"].Value;
            if (match.Groups["resumed"].Success)
            {
                if (unfinished.Remove(thread, out var ended))
                {
                    yield return ended;
                }
            }
            else if (Kind(match, database) is { } call)
            {
                // a reply counts from its beginning, all else from its end
                if (call != SystemCall.Reply && line.EndsWith("<unfinished ...>", StringComparison.Ordinal))
                {
                    unfinished[thread] = call;
                }
                else
                {
                    yield return call;
                }
            }
        }
    }

    private static SystemCall? Kind(Match match, string database)
    {
        var isDatabase = match.Groups["file"].Value.StartsWith(database, StringComparison.Ordinal);
        return match.Groups["call"].Value switch
        {
            "fsync" or "fdatasync" => isDatabase ? SystemCall.DatabaseSync : null,
            "pwrite64" or "write" or "writev" when isDatabase => SystemCall.DatabaseWrite,
            _ => match.Groups["rest"].Value.Contains("\"HTTP/1.1 ", StringComparison.Ordinal) ? SystemCall.Reply : null,
        };
    }

    [GeneratedRegex(@"^(?<thread>\d+)\s+((?<resumed><\.\.\. \w+ resumed>)|(?<call>\w+)\(\d+<(?<file>[^>]*)>(?<rest>.*))")]
    private static partial Regex Line();
}
