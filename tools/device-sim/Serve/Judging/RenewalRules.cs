using System.Text.RegularExpressions;

namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>Renewal information (RFC 9773).</summary>
internal static partial class RenewalRules
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static IReadOnlyList<Rule> All { get; } =
    [
        new("renewal-info-url", "RFC 9773 §4.1", Level.Must, "asks for a certificate by its authority key identifier and serial number, base64url with a dot between", story =>
            Asked(story).Select(exchange => Finding.Of(CertificateId().IsMatch(IdOf(exchange)) && exchange.Status != 404, $"{IdOf(exchange)} is of no certificate that was issued here", exchange.Number))),
        new("renewal-info-by-get", "RFC 9773 §4.1", Level.Must, "asks with GET, unsigned", story =>
            story.Exchanges.Where(exchange => exchange.Resource == Resource.RenewalInfo).Select(exchange => Finding.Of(exchange.Method == "GET", $"{exchange.Method}", exchange.Number))),
        new("renewal-info-pause", "RFC 9773 §4.3", Level.Should, "asks again not earlier than Retry-After says", AgainAfterPause),
        new("renews-in-window", "RFC 9773 §4.2", Level.Should, "renews at once when the window is over", RenewsInWindow),
        new("order-replaces", "RFC 9773 §5", Level.Should, "names in a renewal's order the certificate that it replaces", Replaces),
        new("replaces-known-certificate", "RFC 9773 §5", Level.Must, "replaces a certificate of its own account, once", story =>
            story.Signed.Where(pair => pair.Exchange.Resource == Resource.NewOrder && pair.Jws.Content?["replaces"] is not null && pair.Exchange.Problem is not ("badNonce" or "serverInternal" or "rateLimited")).Select(pair => Finding.Of(
                !(SentJws.Text(pair.Exchange.Answer?["detail"])?.StartsWith("replaces:", StringComparison.Ordinal) ?? false), SentJws.Text(pair.Exchange.Answer?["detail"]) ?? "", pair.Exchange.Number))),
    ];

    private static IEnumerable<Recorded> Asked(Story story) => story.Exchanges.Where(exchange => exchange.Resource == Resource.RenewalInfo && exchange.Method == "GET");

    private static string IdOf(Recorded exchange) => exchange.Url.Split('?')[0][(exchange.Url.LastIndexOf('/') + 1)..];

    private static IEnumerable<Finding> AgainAfterPause(Story story)
    {
        foreach (var asked in Asked(story).Where(exchange => exchange is { Status: 200, RetryAfter: not null }))
        {
            // a client that is started again by hand forgets: only what looks like a loop counts
            if (story.Next(asked, other => other.Url == asked.Url) is { } next)
            {
                yield return Finding.Of(next.At - asked.At + Polling.Tolerance >= asked.RetryAfter, $"asked again after {(next.At - asked.At).TotalSeconds:0.0} s, Retry-After said {asked.RetryAfter!.Value.TotalSeconds:0} s", asked.Number, next.Number);
            }
        }
    }

    private static IEnumerable<Finding> RenewsInWindow(Story story)
    {
        foreach (var asked in Asked(story).Where(exchange => exchange.Status == 200 && End(exchange) < exchange.At).DistinctBy(exchange => exchange.Url))
        {
            var order = story.Next(asked, other => other.Resource == Resource.NewOrder);
            if (order is not null || story.Ripe(asked, Patience))
            {
                yield return order is not null ? Finding.Good(asked.Number, order.Number) : Finding.Bad("no order followed", asked.Number);
            }
        }
    }

    private static IEnumerable<Finding> Replaces(Story story)
    {
        var asked = Asked(story).Where(exchange => exchange.Status == 200).ToList();
        foreach (var order in story.Orders)
        {
            // a renewal: the same identifiers as an order of the account that has a certificate, after a window was asked for
            var before = story.Orders.Any(other => other.Created < order.Created && other.Account == order.Account && other.Certificate is not null && other.Identifiers.ToHashSet().SetEquals(order.Identifiers));
            if (before && asked.Any(exchange => exchange.Number < order.Created))
            {
                yield return Finding.Of(order.Replaces is not null, "an order for the same identifiers without replaces", order.Created);
            }
        }
    }

    private static DateTimeOffset? End(Recorded exchange) =>
        DateTimeOffset.TryParse(SentJws.Text((exchange.Answer?["suggestedWindow"] as System.Text.Json.Nodes.JsonObject)?["end"]), System.Globalization.CultureInfo.InvariantCulture, out var end) ? end : null;

    [GeneratedRegex(@"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")]
    private static partial Regex CertificateId();
}
