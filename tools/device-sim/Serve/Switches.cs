using System.Globalization;
using DeviceAcme.Simulator.Files;

namespace DeviceAcme.Simulator.Serve;

/// <summary>So many newAccount and newOrder requests in so much time.</summary>
internal readonly record struct RateLimit(int Requests, TimeSpan Within);

/// <summary>What the test server does to its clients; each value can change while it runs.</summary>
internal sealed record Switches
{
    /// <summary>Share of signed requests that are refused as badNonce.</summary>
    public double NonceErrors { get; init; }

    /// <summary>Share of signed requests that are refused as serverInternal.</summary>
    public double ServerErrors { get; init; }

    public RateLimit? RateLimits { get; init; }

    /// <summary>Identifiers with "refused" in them are refused, each with a subproblem.</summary>
    public bool Subproblems { get; init; }

    public TimeSpan SlowAnswers { get; init; }
    public TimeSpan ValidationDelay { get; init; }
    public TimeSpan Processing { get; init; }

    /// <summary>What Retry-After says where somebody has to wait; zero leaves the field out.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    public bool RetryAfterDates { get; init; }

    /// <summary>Intermediates in a chain; 0 for the server's own chain.</summary>
    public int LargeChains { get; init; }

    public int AlternateChains { get; init; }
    public bool RenewalInfo { get; init; } = true;

    /// <summary>Windows of renewal that are over already (RFC 9773 §4.2).</summary>
    public bool AriNow { get; init; }

    /// <summary>Members, links and challenges that nobody knows, in an order that nobody expects.</summary>
    public bool Strict { get; init; }
}

/// <summary>One switch: as an option, as a member of a file and of the management endpoint's object.</summary>
/// <param name="Name">Without dashes before it.</param>
/// <param name="Group">What it is about.</param>
/// <param name="ValueName">What help calls the value; null for one that is true or false.</param>
/// <param name="Help">What it does.</param>
/// <param name="Read">The value as text.</param>
/// <param name="Apply">Takes a text; throws <see cref="FormatException"/>.</param>
internal sealed record Switch(string Name, string Group, string? ValueName, string Help, Func<Switches, string> Read, Func<Switches, string, Switches> Apply);

/// <summary>All switches, in the order in which help shows them.</summary>
internal static class SwitchTable
{
    private const int LongestChain = 40;
    private const int MostAlternates = 8;
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(10);

    public static IReadOnlyList<Switch> All { get; } =
    [
        Share("nonce-errors", "share of signed requests that are refused as badNonce; the same request is never refused twice in a row", s => s.NonceErrors, (s, v) => s with { NonceErrors = v }),
        Share("server-errors", "share of signed requests that are refused as serverInternal; never twice in a row either", s => s.ServerErrors, (s, v) => s with { ServerErrors = v }),
        new("rate-limits", "refusals", "N/TIME|none", "more than N newAccount and newOrder requests in TIME are rateLimited with Retry-After, for example 3/10s",
            s => s.RateLimits is { } limit ? $"{limit.Requests}/{Text(limit.Within)}" : "none", (s, text) => s with { RateLimits = Limit(text) }),
        Flag("subproblems", "refusals", "refuses orders for identifiers with 'refused' in them, with a subproblem for each", s => s.Subproblems, (s, v) => s with { Subproblems = v }),
        Time("slow-answers", "waiting", "longest delay of an answer; how long it is, is drawn", s => s.SlowAnswers, (s, v) => s with { SlowAnswers = v }),
        Time("validation-delay", "waiting", "how long a challenge reads processing before the client sees what came of it", s => s.ValidationDelay, (s, v) => s with { ValidationDelay = v }),
        Time("processing", "waiting", "how long an order reads processing after finalize", s => s.Processing, (s, v) => s with { Processing = v }),
        Time("retry-after", "waiting", "what Retry-After says; 0s leaves it out", s => s.RetryAfter, (s, v) => s with { RetryAfter = v }),
        Flag("retry-after-dates", "waiting", "Retry-After as an HTTP date", s => s.RetryAfterDates, (s, v) => s with { RetryAfterDates = v }),
        Count("large-chains", "certificates", LongestChain, "intermediates in a chain, up to 40; 0: the server's own chain", s => s.LargeChains, (s, v) => s with { LargeChains = v }),
        Count("alternate-chains", "certificates", MostAlternates, "other chains to other roots, up to 8", s => s.AlternateChains, (s, v) => s with { AlternateChains = v }),
        Flag("renewal-info", "certificates", "offers renewal information (RFC 9773)", s => s.RenewalInfo, (s, v) => s with { RenewalInfo = v }),
        Flag("ari-now", "certificates", "renewal information says that the time to renew is over", s => s.AriNow, (s, v) => s with { AriNow = v }),
        Flag("strict", "objects", "members, links and challenge types that nobody knows, in any order; SHOULD counts for the exit code", s => s.Strict, (s, v) => s with { Strict = v }),
    ];

    public static Switch? Find(string name) => All.FirstOrDefault(one => one.Name == name);

    private static Switch Share(string name, string help, Func<Switches, double> read, Func<Switches, double, Switches> apply) => new(
        name, "refusals", "SHARE", help, s => (read(s) * 100).ToString("0.###", CultureInfo.InvariantCulture) + "%", (s, text) => apply(s, Share(text)));

    private static Switch Flag(string name, string group, string help, Func<Switches, bool> read, Func<Switches, bool, Switches> apply) => new(
        name, group, null, help, s => read(s) ? "true" : "false",
        (s, text) => apply(s, text switch { "true" => true, "false" => false, _ => throw new FormatException($"expected true or false, found '{text}'") }));

    private static Switch Time(string name, string group, string help, Func<Switches, TimeSpan> read, Func<Switches, TimeSpan, Switches> apply) => new(
        name, group, "TIME", help, s => Text(read(s)), (s, text) => apply(s, Time(text)));

    private static Switch Count(string name, string group, int most, string help, Func<Switches, int> read, Func<Switches, int, Switches> apply) => new(
        name, group, "N", help, s => read(s).ToString(CultureInfo.InvariantCulture),
        (s, text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= most
            ? apply(s, count)
            : throw new FormatException($"expected 0 to {most}, found '{text}'"));

    private static double Share(string text) =>
        double.TryParse(text.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number <= 100
            ? number / 100
            : throw new FormatException($"expected 0% to 100%, found '{text}'");

    private static TimeSpan Time(string text) =>
        Durations.TryParse(text, out var time) && time <= LongestDelay
            ? time
            : throw new FormatException($"expected a duration up to 10m, such as 250ms, 5s or 2m, found '{text}'");

    private static RateLimit? Limit(string text) => text == "none" ? null
        : text.Split('/') is [var count, var within] && int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var requests) && requests > 0 && Durations.TryParse(within, out var time) && time > TimeSpan.Zero
            ? new RateLimit(requests, time)
            : throw new FormatException($"expected a number and a duration, such as 3/10s, or none, found '{text}'");

    private static string Text(TimeSpan time) =>
        time.TotalMilliseconds % 1000 == 0 ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0}s") : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0}ms");
}
