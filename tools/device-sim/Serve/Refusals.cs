using System.Globalization;
using System.Text.Json.Nodes;

namespace DeviceAcme.Simulator.Serve;

/// <summary>A refusal that the test server makes itself.</summary>
internal sealed record Refusal(int Status, string Type, string Detail, string Chaos, TimeSpan? RetryAfter = null, JsonArray? Subproblems = null);

/// <summary>Decides which requests do not reach the server behind.</summary>
internal sealed class Refusals(Chance chance)
{
    private const int Most = 20_000;
    private const string RefusedMark = "refused";

    private readonly Lock _lock = new();
    private readonly HashSet<string> _burnt = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private readonly Queue<DateTimeOffset> _counted = new();

    public Refusal? Look(Target target, SentJws jws, Switches switches, DateTimeOffset now)
    {
        lock (_lock)
        {
            var refusal = Decide(target, jws, switches, now);
            if (refusal is not null && jws.Nonce is { } nonce)
            {
                // RFC 8555 §6.5: it appeared in a request; the server behind does not know
                Bounded(_burnt).Add(nonce);
            }

            return refusal;
        }
    }

    private Refusal? Decide(Target target, SentJws jws, Switches switches, DateTimeOffset now)
    {
        if (jws.Nonce is { } nonce && _burnt.Contains(nonce))
        {
            return new Refusal(400, "badNonce", "nonce: used before", "used nonce");
        }

        var request = $"{target.Path}|{jws.Kid ?? jws.Thumbprint}|{jws.PayloadText}";
        if (!_refused.Remove(request))
        {
            if (chance.Hits(switches.NonceErrors))
            {
                Bounded(_refused).Add(request);
                return new Refusal(400, "badNonce", "nonce: refused on purpose; this answer has another one", "nonce-errors");
            }

            if (chance.Hits(switches.ServerErrors))
            {
                Bounded(_refused).Add(request);
                return new Refusal(500, "serverInternal", "refused on purpose", "server-errors");
            }
        }

        return Limited(target, switches, now) ?? (switches.Subproblems && target.Resource == Resource.NewOrder ? WithSubproblems(jws) : null);
    }

    private Refusal? Limited(Target target, Switches switches, DateTimeOffset now)
    {
        if (switches.RateLimits is not { } limit || target.Resource is not (Resource.NewAccount or Resource.NewOrder))
        {
            return null;
        }

        while (_counted.TryPeek(out var oldest) && oldest + limit.Within <= now)
        {
            _counted.Dequeue();
        }

        if (_counted.Count < limit.Requests)
        {
            _counted.Enqueue(now);
            return null;
        }

        var wait = TimeSpan.FromSeconds(Math.Ceiling((_counted.Peek() + limit.Within - now).TotalSeconds));
        return new Refusal(429, "rateLimited", string.Create(CultureInfo.InvariantCulture, $"more than {limit.Requests} accounts and orders in {limit.Within.TotalSeconds:0} s"), "rate-limits", wait);
    }

    // RFC 8555 §6.7.1: compound where several errors are told in one problem
    private static Refusal? WithSubproblems(SentJws jws)
    {
        var refused = (jws.Content?["identifiers"] as JsonArray ?? []).OfType<JsonObject>()
            .Where(identifier => SentJws.Text(identifier["value"])?.Contains(RefusedMark, StringComparison.OrdinalIgnoreCase) == true).ToList();
        return refused.Count == 0 ? null : new Refusal(
            400, refused.Count > 1 ? "compound" : "rejectedIdentifier", "identifiers: some of them are refused, see subproblems", "subproblems",
            Subproblems: new JsonArray([.. refused.Select(identifier => (JsonNode)new JsonObject
            {
                ["type"] = Problem("rejectedIdentifier"),
                ["detail"] = "refused on purpose",
                ["identifier"] = identifier.DeepClone(),
            })]));
    }

    public static string Problem(string type) => "urn:ietf:params:acme:error:" + type;

    private static HashSet<string> Bounded(HashSet<string> texts)
    {
        if (texts.Count >= Most)
        {
            texts.Clear();
        }

        return texts;
    }
}
