namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>Directory and URLs (RFC 8555 §7.1).</summary>
internal static class DirectoryRules
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static IReadOnlyList<Rule> All { get; } =
    [
        new("directory-first", "RFC 8555 §7.1.1", Level.Must, "reads the directory before it uses what is in it", First),
        new("no-guessed-urls", "RFC 8555 §7.1", Level.Must, "uses URLs that the server gave, and makes none up", Guessed),
        new("directory-once", "RFC 8555 §7.1.1", Level.Advice, "does not read the directory before each request", story =>
            story.Signed.Count() < 6 ? [] : [Finding.Of(
                story.Exchanges.Count(exchange => exchange.Resource == Resource.Directory) <= (story.Signed.Count() / 3) + 1,
                $"{story.Exchanges.Count(exchange => exchange.Resource == Resource.Directory)} times the directory for {story.Signed.Count()} signed requests",
                [.. story.Exchanges.Where(exchange => exchange.Resource == Resource.Directory).Take(4).Select(exchange => exchange.Number)])]),
        new("unknown-members", "RFC 8555 §9.7", Level.Must, "goes on after an answer with members, links and challenge types that it does not know", Unknown),
    ];

    private static IEnumerable<Finding> First(Story story)
    {
        foreach (var profile in story.Exchanges.Where(exchange => exchange.Profile.Length > 0 && exchange.Resource is not (Resource.AttestationCa or Resource.Unknown)).GroupBy(exchange => exchange.Profile))
        {
            var first = profile.First();
            // renewals and revocations may begin with an account of long ago, but not without a directory
            yield return Finding.Of(first.Resource == Resource.Directory, $"began with {first.Resource}", first.Number);
        }
    }

    private static IEnumerable<Finding> Guessed(Story story)
    {
        foreach (var exchange in story.Exchanges.Where(exchange => exchange.Resource is not (Resource.Directory or Resource.AttestationCa)))
        {
            var known = story.GivenAt(exchange.Url) < exchange.Number
                // renewal information: the client puts the certificate's identifier behind the directory's URL (RFC 9773 §4.1)
                || (exchange.Resource == Resource.RenewalInfo && story.GivenAt(exchange.Url[..exchange.Url.LastIndexOf('/')]) < exchange.Number)
                // of an earlier run; a guess that hits looks the same where paths are not random
                || (exchange.Resource is Resource.Account or Resource.Certificate or Resource.Order && exchange.Status < 400);
            yield return Finding.Of(known, $"{exchange.Method} {exchange.Url} was never given out", exchange.Number);
        }
    }

    private static IEnumerable<Finding> Unknown(Story story)
    {
        foreach (var exchange in story.Exchanges.Where(exchange => exchange.Chaos.Contains("strict") && exchange.Status < 400 && exchange.Resource is Resource.Directory or Resource.NewOrder or Resource.Authorization))
        {
            var next = story.Next(exchange, other => other.Resource is not (Resource.Directory or Resource.Unknown));
            if (next is not null || story.Ripe(exchange, Patience))
            {
                yield return next is not null ? Finding.Good(exchange.Number, next.Number) : Finding.Bad($"stopped after {exchange.Resource}", exchange.Number);
            }
        }
    }
}
