using System.Diagnostics;

namespace DeviceAcme.Fuzz;

/// <summary>What a run found out.</summary>
internal sealed record FuzzReport
{
    public required string Target { get; init; }
    public required int Inputs { get; init; }
    public required int Verified { get; init; }

    /// <summary>Kinds of outcome that were told apart.</summary>
    public required int Behaviours { get; init; }

    /// <summary>Outcomes by their first word, the most frequent first.</summary>
    public required IReadOnlyList<(string Outcome, int Count)> Outcomes { get; init; }

    public required long LargestAllocation { get; init; }
    public required double LongestMilliseconds { get; init; }
    public required TimeSpan Elapsed { get; init; }
    public required IReadOnlyList<Finding> Findings { get; init; }
}

/// <summary>An input that did what no input may do.</summary>
/// <param name="What">The exception, or how much it took.</param>
/// <param name="Input">The octets.</param>
internal sealed record Finding(string What, byte[] Input);

/// <summary>
/// Feeds a parser with broken inputs. An input whose outcome was not seen before is broken further: outcomes stand in for coverage, because
/// every refusal says which rule it met.
/// </summary>
internal sealed class FuzzRun(FuzzTarget target, int seed)
{
    /// <summary>What a parser may take besides what the input's length explains.</summary>
    private const long FixedAllocation = 256 * 1024;

    private const long AllocationPerOctet = 128;
    private const int VerifyEvery = 16;
    private const int MaxFindings = 20;
    private const int MaxPool = 8192;

    /// <summary>Longer than anything that is not stuck takes, on a machine that does other things too.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(400);

    private readonly Dictionary<string, int> _behaviours = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _outcomes = new(StringComparer.Ordinal);
    private readonly List<Finding> _findings = [];
    private long _largestAllocation;
    private TimeSpan _longest;

    /// <param name="inputs">How many inputs besides the seeds.</param>
    /// <param name="progress">Told now and then how many were fed.</param>
    public FuzzReport Go(int inputs, Action<int>? progress = null)
    {
        var random = new Random(seed);
        var mutation = new Mutation(random);
        var pool = new List<byte[]>(target.Seeds);
        var verified = 0;
        var clock = Stopwatch.StartNew();
        foreach (var good in target.Seeds)
        {
            // what is compiled and filled at the first use counts for nobody
            _ = Quietly(good, target.Parse);
            _ = target.Verify is null ? false : Quietly(good, target.Verify);
            Feed(good, target.Parse, "");
        }

        var fed = 0;
        for (; fed < inputs && _findings.Count < MaxFindings; fed++)
        {
            var input = mutation.Of(pool[Choose(random, pool.Count)], pool[random.Next(pool.Count)]);
            var isNew = Feed(input, target.Parse, "");
            if (target.Verify is not null && (isNew || fed % VerifyEvery == 0))
            {
                verified++;
                isNew |= Feed(input, target.Verify, "verify ");
            }

            if (isNew && pool.Count < MaxPool)
            {
                pool.Add(input);
            }

            if (fed % 10_000 == 0)
            {
                progress?.Invoke(fed);
            }
        }

        return new FuzzReport
        {
            Target = target.Name,
            Inputs = fed,
            Verified = verified,
            Behaviours = _behaviours.Count,
            Outcomes = [.. _outcomes.OrderByDescending(outcome => outcome.Value).Select(outcome => (outcome.Key, outcome.Value))],
            LargestAllocation = _largestAllocation,
            LongestMilliseconds = _longest.TotalMilliseconds,
            Elapsed = clock.Elapsed,
            Findings = _findings,
        };
    }

    // half of the time something new, half of the time anything
    private static int Choose(Random random, int count) => random.Next(2) == 0 ? random.Next(count) : count - 1 - random.Next(Math.Min(count, 64));

    private static bool Quietly(byte[] input, Func<ReadOnlyMemory<byte>, string> parse)
    {
        try
        {
            parse(input);
            return true;
        }
        catch (Exception)
        {
            // it is fed again, and then counts
            return false;
        }
    }

    /// <summary>True where the outcome was not seen before.</summary>
    private bool Feed(byte[] input, Func<ReadOnlyMemory<byte>, string> parse, string prefix)
    {
        string outcome;
        var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        var begin = Stopwatch.GetTimestamp();
        try
        {
            outcome = parse(input);
        }
        catch (Exception surprise)
        {
            var place = surprise.StackTrace?.Split('\n').FirstOrDefault(line => line.Contains("DeviceAcme", StringComparison.Ordinal))?.Trim();
            return Find($"{prefix}{surprise.GetType().Name} {place}: {surprise.Message}", input);
        }

        var elapsed = Stopwatch.GetElapsedTime(begin);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - allocatedBefore;
        _largestAllocation = Math.Max(_largestAllocation, allocated);
        if (allocated > FixedAllocation + (AllocationPerOctet * input.Length))
        {
            Find($"{prefix}allocation: {allocated} bytes for {input.Length}", input);
        }

        if (elapsed > Patience)
        {
            elapsed = Shortest(input, parse);
            if (elapsed > Patience)
            {
                Find($"{prefix}time: {elapsed.TotalMilliseconds:0} ms for {input.Length} bytes", input);
            }
        }

        _longest = elapsed > _longest ? elapsed : _longest;
        Count(_outcomes, prefix + FirstWord(outcome));
        return Count(_behaviours, prefix + Shape(outcome));
    }

    // one input for each thing that is wrong
    private bool Find(string what, byte[] input)
    {
        var kind = what.Split(':')[0];
        if (!_findings.Exists(finding => finding.What.StartsWith(kind, StringComparison.Ordinal)))
        {
            _findings.Add(new Finding(what, input));
        }

        return false;
    }

    // the machine may have been elsewhere
    private static TimeSpan Shortest(byte[] input, Func<ReadOnlyMemory<byte>, string> parse) => Enumerable.Range(0, 5).Min(_ =>
    {
        var begin = Stopwatch.GetTimestamp();
        parse(input);
        return Stopwatch.GetElapsedTime(begin);
    });

    private static bool Count(Dictionary<string, int> counts, string what)
    {
        counts[what] = counts.GetValueOrDefault(what) + 1;
        return counts[what] == 1;
    }

    private static string FirstWord(string outcome) => outcome.IndexOf(' ', StringComparison.Ordinal) is var end and > 0 ? outcome[..end] : outcome;

    // numbers, names and hex differ without meaning anything else
    private static string Shape(string outcome)
    {
        Span<char> shape = stackalloc char[Math.Min(outcome.Length, 96)];
        var length = 0;
        foreach (var letter in outcome)
        {
            if (length == shape.Length)
            {
                break;
            }

            // what follows is the input's own words
            if (letter == '\'' || (letter == ':' && shape[..length].EndsWith("members")))
            {
                break;
            }

            if (!char.IsAsciiDigit(letter))
            {
                shape[length++] = letter;
            }
        }

        return new string(shape[..length]);
    }
}
