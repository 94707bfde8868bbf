namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>Anti-replay nonces (RFC 8555 §6.5, §7.2).</summary>
internal static class NonceRules
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    public static IReadOnlyList<Rule> All { get; } =
    [
        new("nonce-present", "RFC 8555 §6.5.2", Level.Must, "has a nonce in each protected header", story =>
            story.Signed.Select(pair => Finding.Of(pair.Jws.Nonce is { Length: > 0 }, "no nonce", pair.Exchange.Number))),
        new("nonce-once", "RFC 8555 §6.5", Level.Must, "uses a nonce for one request only", story =>
            story.Signed.Where(pair => pair.Jws.Nonce is not null).GroupBy(pair => pair.Jws.Nonce).Select(group => Finding.Of(
                group.Count() == 1, "one nonce in several requests", [.. group.Select(pair => pair.Exchange.Number).Take(4)]))),
        new("nonce-from-server", "RFC 8555 §6.5", Level.Must, "uses nonces that the server gave", story =>
            // the first exchanges may be of a client whose nonce is older than the transcript
            story.Signed.Where(pair => pair.Jws.Nonce is not null).Select(pair => Finding.Of(
                story.NonceGivenAt(pair.Jws.Nonce!) < pair.Exchange.Number || pair.Exchange.Status < 400, "a nonce that was never given out", pair.Exchange.Number))),
        new("bad-nonce-retried", "RFC 8555 §6.5", Level.Should, "sends the request again after badNonce, signed anew with a fresh nonce", Retried),
        new("new-nonce-by-head", "RFC 8555 §7.2", Level.Should, "asks newNonce with HEAD", story =>
            story.Exchanges.Where(exchange => exchange.Resource == Resource.NewNonce).Select(exchange => Finding.Of(exchange.Method == "HEAD", $"{exchange.Method} of newNonce", exchange.Number))),
        new("nonces-of-answers", "RFC 8555 §6.5.1", Level.Advice, "uses the nonces that answers bring, and does not ask newNonce before each request", story =>
            story.Signed.Count() < 6 ? [] : [Finding.Of(
                story.Exchanges.Count(exchange => exchange.Resource == Resource.NewNonce) <= (story.Signed.Count() / 2) + 1,
                $"{story.Exchanges.Count(exchange => exchange.Resource == Resource.NewNonce)} times newNonce for {story.Signed.Count()} signed requests",
                [.. story.Exchanges.Where(exchange => exchange.Resource == Resource.NewNonce).Take(4).Select(exchange => exchange.Number)])]),
    ];

    private static IEnumerable<Finding> Retried(Story story)
    {
        foreach (var (refused, jws) in story.Signed.Where(pair => pair.Exchange.Problem == "badNonce"))
        {
            var again = story.Next(refused, other => other.Url == refused.Url && other.Jws is { } next && next.PayloadText == jws.PayloadText && (next.Kid ?? next.Thumbprint) == (jws.Kid ?? jws.Thumbprint));
            // some payloads are made anew, for example a signature with a random part
            again ??= story.Next(refused, other => other.Url == refused.Url && other.IsPost);
            if (again is not null)
            {
                yield return Finding.Of(again.Jws?.Nonce != jws.Nonce, "sent again with the same nonce", refused.Number, again.Number);
            }
            else if (story.Ripe(refused, Patience))
            {
                yield return Finding.Bad("not sent again", refused.Number);
            }
        }
    }
}
