using System.Text.Json.Nodes;

namespace DeviceAcme.Simulator.Serve;

/// <summary>What a URL stands for (RFC 8555 §7.1, RFC 9773 §4).</summary>
internal enum Resource
{
    Unknown,
    Directory,
    NewNonce,
    NewAccount,
    NewOrder,
    NewAuthorization,
    Account,
    Orders,
    Order,
    Finalize,
    Authorization,
    Challenge,
    Certificate,
    RevokeCertificate,
    KeyChange,
    RenewalInfo,
    AttestationCa,
}

/// <summary>One request of a client and what it was answered.</summary>
internal sealed class Recorded
{
    private SentJws? _jws;
    private JsonObject? _answer;

    /// <summary>Counts from 1.</summary>
    public int Number { get; set; }

    public required DateTimeOffset At { get; init; }
    public TimeSpan Took { get; init; }
    public required string Method { get; init; }

    /// <summary>As the client asked for it, with host and query.</summary>
    public required string Url { get; init; }

    public required Resource Resource { get; init; }

    /// <summary>Profile of the directory; empty where there is none.</summary>
    public string Profile { get; init; } = "";

    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
    public string Body { get; init; } = "";
    public required int Status { get; init; }
    public IReadOnlyList<KeyValuePair<string, string>> AnswerHeaders { get; init; } = [];
    public string AnswerBody { get; init; } = "";

    /// <summary>What the test server did beside what the ACME server said.</summary>
    public IReadOnlyList<string> Chaos { get; init; } = [];

    /// <summary>For example Tls13.</summary>
    public string? Tls { get; init; }

    /// <summary>The name that the client asked for in TLS (RFC 6066 §3); null where it named none.</summary>
    public string? ServerName { get; init; }

    public bool IsPost => Method == "POST";

    public SentJws? Jws => IsPost ? _jws ??= SentJws.Read(Body) : null;

    /// <summary>The answer where it is a JSON object.</summary>
    public JsonObject? Answer => _answer ??= AnswerBody.StartsWith('{') ? SentJws.Object(System.Text.Encoding.UTF8.GetBytes(AnswerBody)) : null;

    /// <summary>Last part of the problem's type; null for a success.</summary>
    public string? Problem => Status >= 400 ? SentJws.Text(Answer?["type"])?.Split(':')[^1] : null;

    public string? Location => AnswerHeader("Location");

    public string? Header(string name) => Find(Headers, name);

    public string? AnswerHeader(string name) => Find(AnswerHeaders, name);

    /// <summary>How long the client should wait, as the answer said it.</summary>
    public TimeSpan? RetryAfter => AnswerHeader("Retry-After") is not { } text ? null
        : int.TryParse(text, out var seconds) ? TimeSpan.FromSeconds(seconds)
        : DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var until) ? until - (At + Took)
        : null;

    /// <summary>Memory that it takes, roughly.</summary>
    public int Size => 1024 + (2 * (Url.Length + Body.Length + AnswerBody.Length)) + (2 * Headers.Concat(AnswerHeaders).Sum(pair => pair.Key.Length + pair.Value.Length));

    private static string? Find(IReadOnlyList<KeyValuePair<string, string>> headers, string name) =>
        headers.Where(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Value).FirstOrDefault();
}

/// <summary>What clients did, as far back as memory allows.</summary>
/// <param name="most">Exchanges that are kept.</param>
/// <param name="mostOctets">Memory that they may take.</param>
internal sealed class Transcript(int most = 20_000, long mostOctets = 96L << 20)
{
    private readonly LinkedList<Recorded> _kept = [];
    private readonly Lock _lock = new();
    private int _numbered;
    private long _octets;

    /// <summary>How many there were that are not kept any more.</summary>
    public int Forgotten { get; private set; }

    public void Add(Recorded exchange)
    {
        lock (_lock)
        {
            exchange.Number = ++_numbered;
            _kept.AddLast(exchange);
            _octets += exchange.Size;
            while (_kept.Count > most || (_octets > mostOctets && _kept.Count > 1))
            {
                _octets -= _kept.First!.Value.Size;
                _kept.RemoveFirst();
                Forgotten++;
            }
        }
    }

    /// <param name="client">Text that User-Agent must contain; null for all.</param>
    public IReadOnlyList<Recorded> All(string? client = null)
    {
        lock (_lock)
        {
            return [.. _kept.Where(exchange => client is null || exchange.Header("User-Agent")?.Contains(client, StringComparison.OrdinalIgnoreCase) == true)];
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _kept.Clear();
            _octets = 0;
            _numbered = 0;
            Forgotten = 0;
        }
    }
}
