namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>Authorizations and challenges (RFC 8555 §7.1.6, §7.5).</summary>
internal static class ValidationRules
{
    private static readonly string[] Decided = ["valid", "invalid"];

    public static IReadOnlyList<Rule> All { get; } =
    [
        new("challenge-answer", "RFC 8555 §7.5.1", Level.Must, "answers a challenge with a JSON object", story =>
            Answers(story).Select(pair => Finding.Of(pair.Jws.Content is not null, "the payload is no JSON object", pair.Exchange.Number))),
        new("challenge-answered-once", "RFC 8555 §7.5.1", Level.Should, "answers a challenge once", AnsweredOnce),
        new("valid-authorization-reused", "RFC 8555 §7.5", Level.Should, "answers no challenge of an authorization that is valid already", Reused),
        new("authorization-read", "RFC 8555 §7.5", Level.Must, "reads an order's authorizations before it finalizes", story =>
            story.Orders.Where(order => order.Finalize is not null && story.Posts.Any(exchange => exchange.Url == order.Finalize) && Story.Last(order.Told, order.Created + 1) == "pending").Select(order => Finding.Of(
                order.Authorizations.Any(url => story.Authorization(url) is not null), "none of the order's authorizations was read", order.Created))),
        new("validation-poll-pause", "RFC 8555 §7.5.1", Level.Should, "polls a validation not earlier than Retry-After says", story => Pauses(
            story, exchange => exchange.Resource is Resource.Challenge or Resource.Authorization && exchange.Status < 400 && SentJws.Text(exchange.Answer?["status"]) is "pending" or "processing",
            (one, other) => other.Jws?.IsPostAsGet == true && other.Url == one.Url)),
        new("invalid-authorization-left", "RFC 8555 §7.1.6", Level.Should, "makes a new order when an authorization is invalid, and does not keep asking for it", story =>
            story.Authorizations.Where(authorization => authorization.Told.Any(told => told.Status == "invalid")).Select(authorization => Finding.Of(
                authorization.Told.Count(told => told.Status == "invalid") <= 3, $"looked {authorization.Told.Count(told => told.Status == "invalid")} times at an invalid authorization",
                [.. authorization.Told.Where(told => told.Status == "invalid").Select(told => told.Number).Take(4)]))),
    ];

    /// <summary>Requests that answer a challenge.</summary>
    public static IEnumerable<(Recorded Exchange, SentJws Jws)> Answers(Story story) =>
        story.Signed.Where(pair => pair.Exchange.Resource == Resource.Challenge && !pair.Jws.IsPostAsGet);

    /// <summary>Whether a client waits where it is told how long.</summary>
    public static IEnumerable<Finding> Pauses(Story story, Func<Recorded, bool> waits, Func<Recorded, Recorded, bool> looksAgain)
    {
        foreach (var told in story.Posts.Where(exchange => exchange.RetryAfter is not null && waits(exchange)))
        {
            if (story.Next(told, other => other.IsPost && looksAgain(told, other)) is { } next)
            {
                var pause = next.At - (told.At + told.Took);
                yield return Finding.Of(
                    pause + Polling.Tolerance >= told.RetryAfter, $"looked again after {pause.TotalSeconds:0.0} s, Retry-After said {told.RetryAfter!.Value.TotalSeconds:0} s", told.Number, next.Number);
            }
        }
    }

    private static IEnumerable<Finding> AnsweredOnce(Story story) =>
        Answers(story).Where(pair => pair.Exchange.Status == 200).GroupBy(pair => pair.Exchange.Url).Select(group =>
        {
            var again = Answers(story).Where(pair => pair.Exchange.Url == group.Key && pair.Exchange.Number > group.First().Exchange.Number).Select(pair => pair.Exchange.Number).ToList();
            return again.Count == 0 ? Finding.Good(group.First().Exchange.Number) : Finding.Bad("answered again", [group.First().Exchange.Number, .. again.Take(3)]);
        });

    private static IEnumerable<Finding> Reused(Story story)
    {
        foreach (var authorization in story.Authorizations.Where(authorization => authorization.Told.Any(told => Decided.Contains(told.Status))))
        {
            var known = authorization.Told.First(told => Decided.Contains(told.Status));
            var answer = Answers(story).Select(pair => pair.Exchange).FirstOrDefault(exchange => exchange.Number > known.Number && story.Challenge(exchange.Url)?.Authorization == authorization.Url);
            // the occasion: it was valid when the client first saw it, or a later order has it again
            var again = authorization.Told[0].Status == "valid" || story.Orders.Any(order => order.Created > known.Number && order.Authorizations.Contains(authorization.Url));
            if (again || answer is not null)
            {
                yield return answer is null ? Finding.Good(known.Number) : Finding.Bad($"answered a challenge of an authorization that it knew to be {known.Status}", known.Number, answer.Number);
            }
        }
    }
}
