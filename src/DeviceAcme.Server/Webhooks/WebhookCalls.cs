using System.Collections.Concurrent;
using DeviceAcme.Attestation;
using DeviceAcme.Core;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Webhooks;

/// <summary>Asks the webhooks of a profile, and keeps what was said. No transaction is open meanwhile.</summary>
internal sealed partial class WebhookCalls(AcmeDb db, ServerOptions options, SecretFolder secrets, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<WebhookCalls> log)
{
    public const string Allowed = "allowed";
    public const string Refused = "refused";
    public const string Failed = "failed";

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
        await db.Commit(context => context.WebhookDeliveries.AddRange(rules.Zip(outcomes, (rule, outcome) => Row(asked, rule, outcome, WebhookPurposes.Decide))), CancellationToken.None);
        return new WebhookAnswers(rules, [.. rules.Zip(outcomes, Result)]);
    }

    /// <summary>The endpoint of a webhook as it is in force; one whose profile changed begins anew.</summary>
    public WebhookEndpoint EndpointOf(CertificateProfile profile, WebhookRule rule) => _endpoints.GetOrAdd((profile.Name, rule), key => new WebhookEndpoint(key.Rule, secrets));

    private Task<WebhookOutcome> Deliver(WebhookQuestion question, WebhookRule rule, string purpose)
    {
        var delivery = Secrets.Id();
        return new WebhookCall(rule, EndpointOf(question.Profile, rule), secrets, time).Make(
            delivery, (attempt, at) => WebhookBody.Write(question, new WebhookAttempt(rule.Name, options.BaseUrl, delivery, attempt, purpose, at)), lifetime.ApplicationStopping);
    }

    private WebhookResult Result(WebhookRule rule, WebhookOutcome outcome)
    {
        var excused = rule.AllowOnFailure && outcome.Unanswered;
        if (outcome.Answer is null)
        {
            NoAnswer(log, rule.Name, rule.Url.Authority, outcome.Reason!.Code, outcome.Detail ?? "", excused ? "the profile goes on without" : "refused", outcome.Delivery);
        }

        return new WebhookResult(rule, excused ? $"{outcome.Found}; the profile goes on without (on-failure: allow)" : outcome.Found, outcome.Reason, outcome.Answer?.Attributes ?? new Dictionary<string, FactValue>(), excused);
    }

    private StoredDelivery Row(WebhookQuestion question, WebhookRule rule, WebhookOutcome outcome, string purpose)
    {
        // a body holds the verdict: where the profile keeps none, none is kept here
        var keeps = question.Profile.Evidence.Verdicts is not null;
        return new StoredDelivery
        {
            Id = outcome.Delivery,
            At = time.GetUtcNow(),
            Profile = question.Profile.Name,
            Webhook = rule.Name,
            Url = rule.Url.AbsoluteUri,
            Event = WebhookBody.NameOf(question.Event),
            Purpose = purpose,
            Account = question.Account.Id,
            Order = question.Order?.Id,
            Authorization = question.Authorization,
            Device = question.Device?.Id,
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
}
