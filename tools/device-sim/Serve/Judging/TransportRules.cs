namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>HTTPS and HTTP (RFC 8555 §6.1 to §6.3, §6.6).</summary>
internal static class TransportRules
{
    private static readonly Resource[] Readable = [Resource.Directory, Resource.NewNonce, Resource.RenewalInfo];

    public static IReadOnlyList<Rule> All { get; } =
    [
        new("user-agent", "RFC 8555 §6.1", Level.Must, "sends User-Agent with each request", story =>
            story.Exchanges.Select(exchange => Finding.Of(exchange.Header("User-Agent") is { Length: > 0 }, "no User-Agent", exchange.Number))),
        new("accept-language", "RFC 8555 §6.1", Level.Should, "sends Accept-Language, so that errors can be told in its user's language", story =>
            story.Exchanges.Select(exchange => Finding.Of(exchange.Header("Accept-Language") is { Length: > 0 }, "no Accept-Language", exchange.Number))),
        new("tls-version", "RFC 8555 §6.1", Level.Must, "speaks TLS 1.2 or newer (RFC 9325 §3.1.1)", story =>
            story.Exchanges.Where(exchange => exchange.Tls is not null).Select(exchange => Finding.Of(exchange.Tls is "Tls12" or "Tls13", $"{exchange.Tls}", exchange.Number))),
        new("tls-server-name", "RFC 6066 §3", Level.Should, "names the server in TLS", story =>
            story.Exchanges.Where(exchange => exchange.Tls is not null && Uri.TryCreate(exchange.Url, UriKind.Absolute, out var url) && url.HostNameType == UriHostNameType.Dns)
                .Select(exchange => Finding.Of(exchange.ServerName is not null, "no server name in TLS", exchange.Number))),
        new("jose-content-type", "RFC 8555 §6.2", Level.Must, "posts application/jose+json", story =>
            story.Posts.Select(exchange => Finding.Of(
                exchange.Header("Content-Type")?.Split(';')[0].Trim().Equals("application/jose+json", StringComparison.OrdinalIgnoreCase) == true,
                $"Content-Type {exchange.Header("Content-Type") ?? "is missing"}", exchange.Number))),
        new("post-as-get", "RFC 8555 §6.3", Level.Must, "reads resources with POST, and uses GET for directory, nonces and renewal information alone", story =>
            story.Exchanges.Where(exchange => exchange.Resource is not (Resource.Unknown or Resource.AttestationCa) && (exchange.IsPost || exchange.Method is "GET" or "HEAD"))
                .Select(exchange => Finding.Of(exchange.IsPost || Readable.Contains(exchange.Resource), $"{exchange.Method} of {exchange.Resource}", exchange.Number))),
        new("empty-payload", "RFC 8555 §6.3", Level.Must, "reads orders, authorizations and certificates with an empty payload, not with {}", story =>
            story.Signed.Where(pair => pair.Exchange.Resource is Resource.Order or Resource.Certificate or Resource.Authorization or Resource.Orders)
                // an authorization is deactivated with a payload (§7.5.2)
                .Where(pair => pair.Exchange.Resource != Resource.Authorization || pair.Jws.Content?["status"] is null)
                .Select(pair => Finding.Of(pair.Jws.IsPostAsGet, $"payload where POST-as-GET has none: {pair.Exchange.Resource}", pair.Exchange.Number))),
        new("rate-limited", "RFC 8555 §6.6", Level.Should, "waits as long as Retry-After says after rateLimited", RateLimited),
        new("problem-ends-the-step", "RFC 8555 §6.7", Level.Must, "does not send the same request again and again after a refusal that no repetition can cure", Hopeless),
        new("subproblems", "RFC 8555 §6.7.1", Level.Should, "does not order the identifiers again that subproblems named", Subproblems),
    ];

    private static IEnumerable<Finding> RateLimited(Story story)
    {
        foreach (var limited in story.Posts.Where(exchange => exchange.Problem == "rateLimited" && exchange.RetryAfter is not null))
        {
            var next = story.Next(limited, other => other.IsPost && other.Resource == limited.Resource);
            var waited = next is null ? (TimeSpan?)null : next.At - (limited.At + limited.Took);
            if (waited is null && !story.Ripe(limited, TimeSpan.Zero))
            {
                continue;
            }

            yield return waited is null || waited + Polling.Tolerance >= limited.RetryAfter
                ? Finding.Good(next is null ? [limited.Number] : [limited.Number, next.Number])
                : Finding.Bad($"came back after {waited.Value.TotalSeconds:0.0} s, Retry-After said {limited.RetryAfter!.Value.TotalSeconds:0} s", limited.Number, next!.Number);
        }
    }

    // three times the same words are no misunderstanding any more
    private static IEnumerable<Finding> Hopeless(Story story)
    {
        string[] curable = ["badNonce", "rateLimited", "serverInternal", "orderNotReady"];
        foreach (var group in story.Signed.Where(pair => pair.Exchange.Problem is { } problem && !curable.Contains(problem)).GroupBy(pair => (pair.Exchange.Url, pair.Jws.PayloadText, Account: pair.Jws.Kid ?? pair.Jws.Thumbprint)))
        {
            var numbers = group.Select(pair => pair.Exchange.Number).ToList();
            yield return Finding.Of(numbers.Count < 3, $"the same request {numbers.Count} times, refused with {group.First().Exchange.Problem}", [.. numbers.Take(4)]);
        }
    }

    private static IEnumerable<Finding> Subproblems(Story story)
    {
        foreach (var refused in story.Posts.Where(exchange => exchange.Resource == Resource.NewOrder && exchange.Status >= 400))
        {
            var named = (refused.Answer?["subproblems"] as System.Text.Json.Nodes.JsonArray ?? []).OfType<System.Text.Json.Nodes.JsonObject>()
                .Select(problem => SentJws.Text((problem["identifier"] as System.Text.Json.Nodes.JsonObject)?["value"])).OfType<string>().ToList();
            if (named.Count == 0)
            {
                continue;
            }

            var again = story.Next(refused, other => other.Resource == Resource.NewOrder && other.Jws?.Kid == refused.Jws?.Kid && Story.Identifiers(other.Jws?.Content).Any(one => named.Contains(one.Value)));
            if (again is not null || story.Ripe(refused, TimeSpan.FromSeconds(5)))
            {
                yield return again is null ? Finding.Good(refused.Number) : Finding.Bad($"ordered {string.Join(", ", named)} again", refused.Number, again.Number);
            }
        }
    }
}

/// <summary>How exactly times are compared.</summary>
internal static class Polling
{
    /// <summary>Clocks of clients are not this machine's, and Retry-After has whole seconds.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(150);
}
