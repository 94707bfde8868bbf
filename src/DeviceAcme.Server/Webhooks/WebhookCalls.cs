using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using DeviceAcme.Attestation;
using DeviceAcme.Core;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Webhooks;

/// <summary>Asks the webhooks of a profile, and says what is to be kept of it. No transaction is open meanwhile.</summary>
internal sealed partial class WebhookCalls(AcmeDb db, ServerOptions options, SecretFolder secrets, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<WebhookCalls> log)
{
    public const string Allowed = "allowed";
    public const string Refused = "refused";
    public const string Failed = "failed";

    /// <summary>As many as were asked since the start: an endpoint whose profile changes begins anew.</summary>
    private readonly ConcurrentDictionary<(string Profile, WebhookRule Rule), WebhookEndpoint> _endpoints = new();

    /// <summary>Asks all webhooks of the event at once.</summary>
    /// <param name="question">Null where an earlier check failed: then nobody is asked.</param>
    public async Task<WebhookAnswers> Ask(CertificateProfile profile, WebhookEvent happening, Func<AcmeContext, WebhookQuestion>? question)
    {
        var rules = profile.Webhooks.Where(rule => rule.IsAskedAt(happening)).ToList();
        if (rules.Count == 0 || question is null)
        {
            return new WebhookAnswers(rules, null);
        }

        WebhookQuestion asked;
        await using (var context = db.Read())
        {
            asked = question(context);
        }

        var outcomes = await Task.WhenAll(rules.Select(rule => Deliver(asked, rule, WebhookPurposes.Decide)));
        var subject = new DeliverySubject(WebhookBody.NameOf(happening), WebhookPurposes.Decide, asked.Account.Id, asked.Order?.Id, asked.Authorization, asked.Device?.Id);
        var rows = rules.Zip(outcomes, (rule, outcome) => Row(profile, rule, outcome, subject)).ToList();
        await db.Commit(context => context.WebhookDeliveries.AddRange(rows), CancellationToken.None);
        return new WebhookAnswers(rules, [.. rules.Zip(outcomes, Result)]);
    }

    /// <summary>Asks about a made-up device; nothing follows from the answer.</summary>
    public async Task<(WebhookOutcome Outcome, StoredDelivery Row)> Try(CertificateProfile profile, WebhookRule rule)
    {
        var sample = WebhookSample.Of(profile, rule.AtChallenge ? WebhookEvent.Challenge : WebhookEvent.Finalize, time.GetUtcNow());
        var outcome = await Deliver(sample, rule, WebhookPurposes.Test);
        return (outcome, Row(profile, rule, outcome, new DeliverySubject(WebhookBody.NameOf(sample.Event), WebhookPurposes.Test)));
    }

    /// <summary>Sends the body of an earlier delivery again, under an id of its own; nothing follows from the answer.</summary>
    public async Task<(WebhookOutcome Outcome, StoredDelivery Row)> Replay(CertificateProfile profile, WebhookRule rule, StoredDelivery earlier)
    {
        var body = JsonNode.Parse(earlier.Request!)!.AsObject();
        var delivery = Secrets.Id(time.GetUtcNow());
        var outcome = await CallOf(profile, rule).Make(delivery, (attempt, at) => WebhookBody.Again(body, delivery, attempt, at, earlier.Id), lifetime.ApplicationStopping);
        return (outcome, Row(profile, rule, outcome, new DeliverySubject(earlier.Event, WebhookPurposes.Replay, earlier.Account, earlier.Order, earlier.Authorization, earlier.Device, earlier.Id)));
    }

    /// <summary>How the circuit breaker of a webhook in force stands.</summary>
    public CircuitState CircuitOf(CertificateProfile profile, WebhookRule rule) => EndpointOf(profile, rule).Breaker.State(time.GetUtcNow());

    private WebhookEndpoint EndpointOf(CertificateProfile profile, WebhookRule rule) => _endpoints.GetOrAdd((profile.Name, rule), key => new WebhookEndpoint(key.Rule, secrets));

    private WebhookCall CallOf(CertificateProfile profile, WebhookRule rule) => new(rule, EndpointOf(profile, rule), secrets, time);

    private Task<WebhookOutcome> Deliver(WebhookQuestion question, WebhookRule rule, string purpose)
    {
        var delivery = Secrets.Id(time.GetUtcNow());
        return CallOf(question.Profile, rule).Make(
            delivery, (attempt, at) => WebhookBody.Write(question, new WebhookAttempt(rule.Name, options.BaseUrl, delivery, attempt, purpose, at)), lifetime.ApplicationStopping);
    }

    private WebhookResult Result(WebhookRule rule, WebhookOutcome outcome)
    {
        var excused = rule.AllowOnFailure && outcome.Unanswered;
        if (outcome.Answer is null)
        {
            NoAnswer(log, rule.Name, rule.Url.Authority, outcome.Reason!.Code, outcome.Detail ?? "", excused ? "the profile goes on without" : "refused", outcome.Delivery);
        }

        return new WebhookResult(
            rule, excused ? $"{outcome.Found}; the profile goes on without (on-failure: allow)" : outcome.Found, outcome.Reason, outcome.Answer?.Attributes ?? new Dictionary<string, FactValue>(), excused);
    }

    private StoredDelivery Row(CertificateProfile profile, WebhookRule rule, WebhookOutcome outcome, DeliverySubject subject)
    {
        // a body holds the verdict: where the profile keeps none, none is kept here
        var keeps = profile.Evidence.Verdicts is not null;
        return new StoredDelivery
        {
            Id = outcome.Delivery,
            At = time.GetUtcNow(),
            Profile = profile.Name,
            Webhook = rule.Name,
            Url = rule.Url.AbsoluteUri,
            Event = subject.Event,
            Purpose = subject.Purpose,
            ReplayOf = subject.ReplayOf,
            Account = subject.Account,
            Order = subject.Order,
            Authorization = subject.Authorization,
            Device = subject.Device,
            Outcome = outcome.Answer switch { { Allowed: true } => Allowed, { } => Refused, null => Failed },
            Reason = outcome.Reason?.Code,
            Detail = outcome.Detail,
            Status = outcome.Status,
            Attempts = outcome.Attempts,
            Duration = (long)outcome.Duration.TotalMilliseconds,
            Request = keeps ? outcome.Request : null,
            Answer = keeps ? outcome.Body : null,
        };
    }

    [LoggerMessage(LogLevel.Warning, "webhook {Webhook} at {Host}: {Reason}: {Detail}; {Consequence} (delivery {Delivery})")]
    private static partial void NoAnswer(ILogger log, string webhook, string host, string reason, string detail, string consequence, string delivery);

    /// <summary>What a delivery is about.</summary>
    private sealed record DeliverySubject(
        string Event, string Purpose, AccountId? Account = null, OrderId? Order = null, AuthorizationId? Authorization = null, DeviceId? Device = null, string? ReplayOf = null);
}
