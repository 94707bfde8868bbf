using System.Text.Json.Nodes;

namespace DeviceAcme.Simulator.Serve;

/// <summary>
/// Lets validations and issuances look slow: for a while the client is told <c>processing</c> where the server is done. The states that it
/// sees are those of RFC 8555 §7.1.6 in their order.
/// </summary>
internal sealed class SlowStates
{
    private const int Most = 20_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _challenges = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _authorizations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, DateTimeOffset> _orders = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string[]> _authorizationsOf = new(StringComparer.Ordinal);

    /// <summary>A client answered a challenge.</summary>
    /// <param name="challenge">Path of the challenge.</param>
    /// <param name="authorization">Path of its authorization.</param>
    /// <param name="until">When the client may see what came of it.</param>
    public void Answered(string challenge, string authorization, DateTimeOffset until)
    {
        lock (_lock)
        {
            // a second answer does not begin the wait anew
            if (Bounded(_challenges).TryAdd(challenge, until))
            {
                Bounded(_authorizations)[authorization] = until;
            }
        }
    }

    /// <summary>A client finalized an order.</summary>
    public void Finalized(string order, DateTimeOffset until)
    {
        lock (_lock)
        {
            Bounded(_orders).TryAdd(order, until);
        }
    }

    /// <summary>Whether the order must still look pending.</summary>
    public bool IsPending(string order, DateTimeOffset now)
    {
        lock (_lock)
        {
            return _authorizationsOf.TryGetValue(order, out var authorizations) && authorizations.Any(authorization => Waits(_authorizations, authorization, now));
        }
    }

    /// <returns>Whether the client has to wait.</returns>
    public bool ShowOrder(JsonObject order, string path, IEnumerable<string> authorizations, DateTimeOffset now)
    {
        lock (_lock)
        {
            Bounded(_authorizationsOf)[path] = [.. authorizations];
            var status = SentJws.Text(order["status"]);
            if (status is "ready" or "invalid" && _authorizationsOf[path].Any(authorization => Waits(_authorizations, authorization, now)))
            {
                order["status"] = "pending";
                order.Remove("error");
                return true;
            }

            if (status == "valid" && Waits(_orders, path, now))
            {
                order["status"] = "processing";
                order.Remove("certificate");
                return true;
            }

            return status == "processing";
        }
    }

    /// <inheritdoc cref="ShowOrder"/>
    public bool ShowAuthorization(JsonObject authorization, string path, Func<string, string> pathOf, DateTimeOffset now)
    {
        var waits = false;
        foreach (var challenge in (authorization["challenges"] as JsonArray ?? []).OfType<JsonObject>())
        {
            waits |= ShowChallenge(challenge, pathOf(SentJws.Text(challenge["url"]) ?? ""), now);
        }

        lock (_lock)
        {
            if (SentJws.Text(authorization["status"]) is "valid" or "invalid" && Waits(_authorizations, path, now))
            {
                authorization["status"] = "pending";
                return true;
            }
        }

        return waits;
    }

    /// <inheritdoc cref="ShowOrder"/>
    public bool ShowChallenge(JsonObject challenge, string path, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (SentJws.Text(challenge["status"]) is "valid" or "invalid" && Waits(_challenges, path, now))
            {
                challenge["status"] = "processing";
                challenge.Remove("validated");
                challenge.Remove("error");
            }
        }

        return SentJws.Text(challenge["status"]) == "processing";
    }

    private static bool Waits(Dictionary<string, DateTimeOffset> times, string path, DateTimeOffset now) => times.TryGetValue(path, out var until) && now < until;

    // an old entry only means that a slow state ends early
    private static Dictionary<string, T> Bounded<T>(Dictionary<string, T> times)
    {
        if (times.Count >= Most)
        {
            times.Clear();
        }

        return times;
    }
}
