using System.Text.Json.Nodes;

namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>Accounts (RFC 8555 §7.3).</summary>
internal static class AccountRules
{
    public static IReadOnlyList<Rule> All { get; } =
    [
        new("contact", "RFC 8555 §7.3", Level.Must, "names contacts as URLs; a mailto has one address and no header fields", story =>
            story.Signed.Where(pair => pair.Exchange.Resource is Resource.NewAccount or Resource.Account && pair.Jws.Content?["contact"] is JsonArray { Count: > 0 })
                .Select(pair => Finding.Of(((JsonArray)pair.Jws.Content!["contact"]!).All(contact => IsContact(SentJws.Text(contact))), "a contact is no URL, or a mailto with more than an address", pair.Exchange.Number))),
        new("account-reused", "RFC 8555 §7.3", Level.Advice, "makes one account for many orders", Reused),
        new("one-account-per-key", "RFC 8555 §7.3.1", Level.Advice, "keeps its account's URL, and does not register the same key again and again", story =>
            story.Signed.Where(pair => pair.Exchange.Resource == Resource.NewAccount && pair.Exchange.Status is 200 or 201 && pair.Jws.Content?["onlyReturnExisting"] is null)
                .GroupBy(pair => (pair.Jws.Thumbprint, pair.Exchange.Profile)).Select(group => Finding.Of(
                    group.Count() < 4, $"registered the same key {group.Count()} times", [.. group.Select(pair => pair.Exchange.Number).Take(4)]))),
        new("key-of-its-own", "RFC 8555 §11.1", Level.Must, "signs each account's requests with that account's key", story =>
            story.Signed.Where(pair => pair.Jws.Kid is not null && pair.Exchange.Status < 500).Select(pair => Finding.Of(
                SentJws.Text(pair.Exchange.Answer?["detail"])?.StartsWith("signature:", StringComparison.Ordinal) != true, "the signature is not of the account's key", pair.Exchange.Number))),
        new("external-account", "RFC 8555 §7.3.4", Level.Must, "binds an external account with a MAC over its key, for the same URL and without a nonce", story =>
            story.Signed.Where(pair => pair.Exchange.Resource == Resource.NewAccount && pair.Jws.Content?["externalAccountBinding"] is JsonObject).Select(pair => External(pair.Exchange, pair.Jws))),
        new("key-change", "RFC 8555 §7.3.5", Level.Must, "changes keys with an inner JWS of the new key, for the same URL and without a nonce, that names account and old key", story =>
            story.Signed.Where(pair => pair.Exchange.Resource == Resource.KeyChange).Select(pair => KeyChange(story, pair.Exchange, pair.Jws))),
    ];

    private static IEnumerable<Finding> Reused(Story story)
    {
        foreach (var profile in story.Exchanges.Where(exchange => exchange.Profile.Length > 0).GroupBy(exchange => (exchange.Profile, Client: exchange.Header("User-Agent"))))
        {
            var accounts = profile.Where(exchange => exchange.Resource == Resource.NewAccount && exchange.Status == 201).ToList();
            var orders = profile.Count(exchange => exchange.Resource == Resource.NewOrder && exchange.Status == 201);
            if (orders >= 2)
            {
                yield return Finding.Of(accounts.Count <= orders / 2, $"{accounts.Count} accounts for {orders} orders", [.. accounts.Take(4).Select(exchange => exchange.Number)]);
            }
        }
    }

    private static bool IsContact(string? contact) =>
        contact is not null && Uri.TryCreate(contact, UriKind.Absolute, out _)
        && (!contact.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase) || (!contact.Contains('?', StringComparison.Ordinal) && !contact.Contains(',', StringComparison.Ordinal) && contact.Contains('@', StringComparison.Ordinal)));

    private static Finding External(Recorded exchange, SentJws outer)
    {
        var inner = SentJws.Within(outer.Content!["externalAccountBinding"]);
        var wrong = inner?.Header is null ? "no JWS"
            : inner.Algorithm?.StartsWith("HS", StringComparison.Ordinal) != true ? $"alg {inner.Algorithm ?? "missing"} is no MAC"
            : inner.Nonce is not null ? "the inner JWS has a nonce"
            : inner.Url != outer.Url ? "the inner url is another one"
            : inner.Kid is not { Length: > 0 } ? "no key identifier (kid)"
            : SentJws.ThumbprintOf(inner.Content) is not { } bound || bound != outer.Thumbprint ? "the payload is not the account's key"
            : null;
        return wrong is null ? Finding.Good(exchange.Number) : Finding.Bad(wrong, exchange.Number);
    }

    private static Finding KeyChange(Story story, Recorded exchange, SentJws outer)
    {
        var inner = SentJws.Read(System.Text.Encoding.UTF8.GetString(outer.Payload ?? []));
        var wrong = inner?.Header is null ? "the payload is no JWS"
            : inner.Jwk is null ? "the inner JWS has no jwk"
            : inner.Nonce is not null ? "the inner JWS has a nonce"
            : inner.Url != outer.Url ? "the inner url is another one"
            : SentJws.Text(inner.Content?["account"]) != outer.Kid ? "account is not the outer kid"
            : story.KeyOf(outer.Kid, exchange.Number) is { } key && SentJws.ThumbprintOf(key) != SentJws.ThumbprintOf(inner.Content?["oldKey"] as JsonObject) ? "oldKey is not the account's key"
            : null;
        return wrong is null ? Finding.Good(exchange.Number) : Finding.Bad(wrong, exchange.Number);
    }
}
