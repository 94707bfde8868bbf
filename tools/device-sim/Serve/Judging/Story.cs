using System.Text.Json.Nodes;

namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>A status that the client was told.</summary>
internal readonly record struct Told(int Number, string Status);

/// <summary>An order as the client saw it.</summary>
internal sealed class OrderStory
{
    public required string Url { get; init; }
    public required int Created { get; init; }
    public string? Account { get; init; }
    public string? Finalize { get; set; }
    public string? Certificate { get; set; }
    public string? Replaces { get; init; }
    public IReadOnlyList<(string Type, string Value)> Identifiers { get; set; } = [];
    public IReadOnlyList<string> Authorizations { get; set; } = [];
    public List<Told> Told { get; } = [];
}

/// <summary>An authorization as the client saw it.</summary>
internal sealed class AuthorizationStory
{
    public required string Url { get; init; }
    public List<Told> Told { get; } = [];
}

/// <summary>A challenge as the client saw it.</summary>
internal sealed class ChallengeStory
{
    public required string Url { get; init; }
    public string? Authorization { get; set; }
    public string? Type { get; set; }
    public string? Token { get; set; }
    public List<Told> Told { get; } = [];
}

/// <summary>A transcript put in order: what was handed out, and what became of orders, authorizations and challenges.</summary>
internal sealed class Story
{
    private readonly Dictionary<string, OrderStory> _orders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OrderStory> _finalized = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AuthorizationStory> _authorizations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ChallengeStory> _challenges = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(int Number, JsonObject Key)>> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _urls = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _nonces = new(StringComparer.Ordinal);

    /// <param name="exchanges">In their order.</param>
    /// <param name="settled">Nothing more will come: what is missing is missing for good.</param>
    /// <param name="now">The time of the judgement.</param>
    public Story(IReadOnlyList<Recorded> exchanges, bool settled, DateTimeOffset now)
    {
        Exchanges = exchanges;
        Settled = settled;
        Now = now;
        foreach (var exchange in exchanges)
        {
            Learn(exchange);
        }
    }

    public IReadOnlyList<Recorded> Exchanges { get; }
    public bool Settled { get; }
    public DateTimeOffset Now { get; }

    /// <summary>Requests with a JWS.</summary>
    public IEnumerable<(Recorded Exchange, SentJws Jws)> Signed => Exchanges.Where(exchange => exchange.Jws is not null && IsAcme(exchange)).Select(exchange => (exchange, exchange.Jws!));

    public IEnumerable<Recorded> Posts => Exchanges.Where(exchange => exchange.IsPost && IsAcme(exchange));

    public IReadOnlyCollection<OrderStory> Orders => _orders.Values;
    public IReadOnlyCollection<AuthorizationStory> Authorizations => _authorizations.Values;
    public IReadOnlyCollection<ChallengeStory> Challenges => _challenges.Values;

    /// <summary>Whether a client had time to go on after this exchange.</summary>
    public bool Ripe(Recorded exchange, TimeSpan patience) => Settled || Now - exchange.At > patience + (exchange.RetryAfter ?? TimeSpan.Zero);

    public OrderStory? OrderOf(Recorded exchange) => exchange.Resource switch
    {
        Resource.Finalize => _finalized.GetValueOrDefault(exchange.Url),
        Resource.NewOrder => exchange.Location is { } url ? _orders.GetValueOrDefault(url) : null,
        _ => _orders.GetValueOrDefault(exchange.Url),
    };

    public ChallengeStory? Challenge(string url) => _challenges.GetValueOrDefault(url);

    public AuthorizationStory? Authorization(string? url) => url is null ? null : _authorizations.GetValueOrDefault(url);

    /// <summary>The key of an account at the time of an exchange.</summary>
    public JsonObject? KeyOf(string? account, int number) =>
        account is not null && _keys.TryGetValue(account, out var keys) ? keys.LastOrDefault(key => key.Number < number).Key : null;

    /// <summary>Number of the exchange that first gave a URL; null where none did.</summary>
    public int? GivenAt(string url) => _urls.TryGetValue(url, out var number) ? number : null;

    /// <summary>Number of the exchange that gave a nonce; null where none did.</summary>
    public int? NonceGivenAt(string nonce) => _nonces.TryGetValue(nonce, out var number) ? number : null;

    /// <summary>What the client had last been told before an exchange.</summary>
    public static string? Last(IEnumerable<Told>? told, int number) => told?.Where(one => one.Number < number).Select(one => one.Status).LastOrDefault();

    /// <summary>The next exchange after this one that fits.</summary>
    public Recorded? Next(Recorded exchange, Func<Recorded, bool> fits) => Exchanges.FirstOrDefault(other => other.Number > exchange.Number && fits(other));

    public static IEnumerable<(string Type, string Value)> Identifiers(JsonObject? holder) =>
        (holder?["identifiers"] as JsonArray ?? []).OfType<JsonObject>().Select(one => (SentJws.Text(one["type"]) ?? "", SentJws.Text(one["value"]) ?? ""));

    private static bool IsAcme(Recorded exchange) => exchange.Resource != Resource.AttestationCa;

    private void Learn(Recorded exchange)
    {
        if (exchange.AnswerHeader("Replay-Nonce") is { } nonce)
        {
            _nonces.TryAdd(nonce, exchange.Number);
        }

        Gave(exchange.Location, exchange.Number);
        foreach (var link in exchange.AnswerHeaders.Where(pair => pair.Key.Equals("Link", StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Value))
        {
            Gave(link.StartsWith('<') && link.IndexOf('>') is > 0 and var end ? link[1..end] : null, exchange.Number);
        }

        GaveIn(exchange.Answer, exchange.Number);
        if (exchange.Status is < 200 or >= 300)
        {
            return;
        }

        switch (exchange.Resource)
        {
            case Resource.NewAccount when exchange.Location is { } account && exchange.Jws?.Jwk is { } key:
                Knows(account, exchange.Number, key);
                break;
            case Resource.KeyChange when exchange.Jws is { Kid: { } account } outer && SentJws.Read(System.Text.Encoding.UTF8.GetString(outer.Payload ?? []))?.Jwk is { } key:
                Knows(account, exchange.Number, key);
                break;
            case Resource.NewOrder or Resource.Order or Resource.Finalize when exchange.Answer is { } order:
                LearnOrder(exchange, order);
                break;
            case Resource.Authorization or Resource.NewAuthorization when exchange.Answer is { } authorization:
                LearnAuthorization(exchange, authorization);
                break;
            case Resource.Challenge when exchange.Answer is { } challenge:
                LearnChallenge(exchange.Number, exchange.Url, null, challenge);
                break;
        }
    }

    private void Knows(string account, int number, JsonObject key)
    {
        if (!_keys.TryGetValue(account, out var keys))
        {
            _keys[account] = keys = [];
        }

        keys.Add((number, key));
    }

    private void LearnOrder(Recorded exchange, JsonObject order)
    {
        var url = exchange.Resource switch
        {
            Resource.NewOrder => exchange.Location,
            Resource.Finalize => _finalized.TryGetValue(exchange.Url, out var known) ? known.Url : exchange.Location,
            _ => exchange.Url,
        };
        if (url is null)
        {
            return;
        }

        if (!_orders.TryGetValue(url, out var story))
        {
            _orders[url] = story = new OrderStory { Url = url, Created = exchange.Number, Account = exchange.Jws?.Kid, Replaces = SentJws.Text(exchange.Jws?.Content?["replaces"]) };
        }

        if (SentJws.Text(order["finalize"]) is { } finalize)
        {
            story.Finalize = finalize;
            _finalized[finalize] = story;
        }

        story.Certificate = SentJws.Text(order["certificate"]) ?? story.Certificate;
        story.Identifiers = [.. Identifiers(order)];
        story.Authorizations = [.. (order["authorizations"] as JsonArray ?? []).Select(SentJws.Text).OfType<string>()];
        story.Told.Add(new Told(exchange.Number, SentJws.Text(order["status"]) ?? ""));
    }

    private void LearnAuthorization(Recorded exchange, JsonObject authorization)
    {
        var url = exchange.Resource == Resource.NewAuthorization ? exchange.Location : exchange.Url;
        if (url is null)
        {
            return;
        }

        if (!_authorizations.TryGetValue(url, out var story))
        {
            _authorizations[url] = story = new AuthorizationStory { Url = url };
        }

        story.Told.Add(new Told(exchange.Number, SentJws.Text(authorization["status"]) ?? ""));
        foreach (var challenge in (authorization["challenges"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (SentJws.Text(challenge["url"]) is { } challengeUrl)
            {
                LearnChallenge(exchange.Number, challengeUrl, url, challenge);
            }
        }
    }

    private void LearnChallenge(int number, string url, string? authorization, JsonObject challenge)
    {
        if (!_challenges.TryGetValue(url, out var story))
        {
            _challenges[url] = story = new ChallengeStory { Url = url };
        }

        story.Authorization ??= authorization;
        story.Type ??= SentJws.Text(challenge["type"]);
        story.Token ??= SentJws.Text(challenge["token"]);
        story.Told.Add(new Told(number, SentJws.Text(challenge["status"]) ?? ""));
    }

    private void GaveIn(JsonNode? node, int number)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (_, value) in members)
                {
                    GaveIn(value, number);
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    GaveIn(item, number);
                }

                break;
            default:
                Gave(SentJws.Text(node), number);
                break;
        }
    }

    private void Gave(string? url, int number)
    {
        if (url?.StartsWith("http", StringComparison.Ordinal) == true)
        {
            _urls.TryAdd(url, number);
        }
    }
}
