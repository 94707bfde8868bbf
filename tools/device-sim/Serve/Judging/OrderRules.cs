using System.Text.RegularExpressions;

namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>Orders and finalization (RFC 8555 §7.1.3, §7.1.4, §7.4).</summary>
internal static partial class OrderRules
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static IReadOnlyList<Rule> All { get; } =
    [
        new("dns-identifiers", "RFC 8555 §7.1.4", Level.Must, "orders names in ASCII (A-labels), a wildcard as the leftmost label alone", story =>
            NewOrders(story).SelectMany(pair => Story.Identifiers(pair.Jws.Content).Where(one => one.Type == "dns").Select(one => Finding.Of(DnsName().IsMatch(one.Value), $"'{one.Value}' is no such name", pair.Exchange.Number)))),
        new("order-times", "RFC 8555 §7.4", Level.Must, "writes notBefore and notAfter as RFC 3339 times", story =>
            NewOrders(story).SelectMany(pair => ((string[])["notBefore", "notAfter"]).Where(name => pair.Jws.Content?[name] is not null)
                .Select(name => Finding.Of(Rfc3339().IsMatch(SentJws.Text(pair.Jws.Content![name]) ?? ""), $"{name} is no such time", pair.Exchange.Number)))),
        new("ready-order-not-polled", "RFC 8555 §7.1.6", Level.Advice, "finalizes an order that is ready, and does not look at it again and again", story =>
            story.Orders.Where(order => order.Told.Any(told => told.Status == "ready")).Select(order => Looks(story, order, "ready", 2))),
        new("finished-order-not-polled", "RFC 8555 §7.1.6", Level.Advice, "does not poll an order that is valid or invalid", story =>
            story.Orders.Where(order => order.Told.Any(told => told.Status is "valid" or "invalid")).Select(order => Looks(story, order, "valid", 2) is { Kept: false } bad ? bad : Looks(story, order, "invalid", 2))),
        new("finalize-when-ready", "RFC 8555 §7.4", Level.Must, "finalizes an order that is ready, or whose authorizations it saw valid", FinalizeWhenReady),
        new("finalized-once", "RFC 8555 §7.4", Level.Should, "finalizes an order once", story =>
            story.Exchanges.Where(exchange => exchange.Resource == Resource.Finalize && exchange.Status == 200).GroupBy(exchange => exchange.Url)
                .Select(group => story.Posts.Count(other => other.Url == group.Key && other.Number > group.First().Number) is 0
                    ? Finding.Good(group.First().Number)
                    : Finding.Bad("finalized again after it was accepted", [.. story.Posts.Where(other => other.Url == group.Key && other.Number >= group.First().Number).Select(other => other.Number).Take(4)]))),
        new("order-polled-after-processing", "RFC 8555 §7.4", Level.Must, "waits for an order that is processing, until it is valid or invalid", PolledAfterProcessing),
        new("order-poll-pause", "RFC 8555 §7.4", Level.Should, "polls an order that is processing not earlier than Retry-After says", story =>
            ValidationRules.Pauses(story, exchange => exchange.Resource is Resource.Order or Resource.Finalize && SentJws.Text(exchange.Answer?["status"]) == "processing", (one, other) =>
                other.Resource == Resource.Order && story.OrderOf(one)?.Url == other.Url)),
        new("csr-names", "RFC 8555 §7.4", Level.Must, "requests the names that were ordered, no more and no fewer; device identifiers may stay out (device-attest §3.2)", story =>
            Finalizes(story).Where(pair => story.OrderOf(pair.Exchange) is not null).Select(pair => SentRequest.Read(pair.Jws)?.WrongNames(story.OrderOf(pair.Exchange)!.Identifiers) switch
            {
                null when SentRequest.Read(pair.Jws) is null => Finding.Bad("csr is no certification request", pair.Exchange.Number),
                { } wrong => Finding.Bad(wrong, pair.Exchange.Number),
                _ => Finding.Good(pair.Exchange.Number),
            })),
        new("csr-key-is-not-account-key", "RFC 8555 §11.1", Level.Must, "has another key for the certificate than for the account", story =>
            Finalizes(story).Where(pair => SentRequest.Read(pair.Jws) is not null && story.KeyOf(pair.Jws.Kid, pair.Exchange.Number) is not null).Select(pair => Finding.Of(
                SentRequest.Read(pair.Jws)!.Thumbprint != SentJws.ThumbprintOf(story.KeyOf(pair.Jws.Kid, pair.Exchange.Number)), "the account's key is in the request", pair.Exchange.Number))),
    ];

    public static IEnumerable<(Recorded Exchange, SentJws Jws)> Finalizes(Story story) => story.Signed.Where(pair => pair.Exchange.Resource == Resource.Finalize);

    private static IEnumerable<(Recorded Exchange, SentJws Jws)> NewOrders(Story story) => story.Signed.Where(pair => pair.Exchange.Resource == Resource.NewOrder);

    // one look to be sure is fine
    private static Finding Looks(Story story, OrderStory order, string status, int most)
    {
        var first = order.Told.Where(told => told.Status == status).Select(told => told.Number).FirstOrDefault(int.MaxValue);
        var looks = story.Posts.Where(exchange => exchange.Resource == Resource.Order && exchange.Url == order.Url && exchange.Number > first
            && order.Told.Any(told => told.Number == exchange.Number && told.Status == status)).Select(exchange => exchange.Number).ToList();
        return Finding.Of(looks.Count <= most, $"looked {looks.Count} times more at an order that it knew to be {status}", [.. looks.Take(4).DefaultIfEmpty(order.Told[^1].Number)]);
    }

    private static IEnumerable<Finding> FinalizeWhenReady(Story story)
    {
        foreach (var (exchange, _) in Finalizes(story))
        {
            if (story.OrderOf(exchange) is not { } order || exchange.Problem == "badNonce")
            {
                continue;
            }

            var ready = order.Told.Any(told => told.Number < exchange.Number && told.Status is "ready")
                || order.Authorizations.All(url => Story.Last(story.Authorization(url)?.Told, exchange.Number) == "valid"
                    || story.Challenges.Any(challenge => challenge.Authorization == url && Story.Last(challenge.Told, exchange.Number) == "valid"));
            yield return Finding.Of(ready, $"the client had been told that the order is {Story.Last(order.Told, exchange.Number) ?? "new"}", exchange.Number);
        }
    }

    private static IEnumerable<Finding> PolledAfterProcessing(Story story)
    {
        foreach (var order in story.Orders.Where(order => order.Told.Any(told => told.Status == "processing")))
        {
            var processing = order.Told.First(told => told.Status == "processing");
            var end = order.Told.FirstOrDefault(told => told.Number > processing.Number && told.Status is "valid" or "invalid");
            if (end.Number > processing.Number)
            {
                yield return Finding.Good(processing.Number, end.Number);
            }
            else if (story.Ripe(story.Exchanges.First(exchange => exchange.Number == order.Told[^1].Number), Patience))
            {
                yield return Finding.Bad("the order was processing when the client last looked", order.Told[^1].Number);
            }
        }
    }

    [GeneratedRegex(@"^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9])?)*$")]
    private static partial Regex DnsName();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$")]
    private static partial Regex Rfc3339();
}
