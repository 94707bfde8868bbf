using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Webhooks;

/// <summary>What came of asking one webhook.</summary>
/// <param name="Found">What was found, for the check; names nothing of the network behind the webhook.</param>
/// <param name="Reason">Why it does not allow the device; null where it does.</param>
/// <param name="Attributes">What it said of the device.</param>
/// <param name="Excused">True where nobody answered and the profile goes on without: the reason is recorded, and nothing follows from it.</param>
internal sealed record WebhookResult(WebhookRule Rule, string Found, Reason? Reason, IReadOnlyDictionary<string, FactValue> Attributes, bool Excused = false);

/// <summary>What all webhooks of an event said, as checks of the verdict and as facts.</summary>
/// <param name="Asked">The webhooks that the profile names for the event.</param>
/// <param name="Results">One for each; null where none was asked, because an earlier check failed.</param>
internal sealed record WebhookAnswers(IReadOnlyList<WebhookRule> Asked, IReadOnlyList<WebhookResult>? Results)
{
    /// <summary>The name of the check that each webhook becomes.</summary>
    public const string Check = "webhook";

    private const string NotAsked = "it was not asked, because an earlier check failed";

    /// <summary>Their facts.</summary>
    public IEnumerable<Fact> Facts => (Results ?? []).SelectMany(result => WebhookFacts.Of(result.Rule.Name, result.Attributes));

    /// <summary>Whether the webhooks had their say in a stored verdict.</summary>
    public static bool WereAsked(Verdict stored) => stored.Checks.Any(check => check is { Name: Check, Outcome: not CheckOutcome.NotReached });

    /// <summary>The verdict on the evidence of a challenge with what they said.</summary>
    public Verdict Judge(Verdict verdict, AttestationRule rules)
    {
        if (Asked.Count == 0)
        {
            return verdict;
        }

        // what was refused when they would have been asked and is not now was decided without them: that is no yes
        var missed = Results is null && verdict.Outcome == VerdictOutcome.Accepted;
        var checks = Results?.Select(AsCheck) ?? Asked.Select(rule => missed
            ? AsCheck(new WebhookResult(rule, "the ledger changed while the evidence was judged, and it was not asked", WebhookReasons.Unavailable, new Dictionary<string, FactValue>()))
            : new Check(Check, RuleOf(rule), CheckOutcome.NotReached, NotAsked));
        List<Check> all = [.. verdict.Checks, .. checks];
        var refused = all.Exists(check => check.Outcome == CheckOutcome.Failed);
        var judged = new Verdict
        {
            Format = verdict.Format,
            Outcome = refused ? VerdictOutcome.Refused : verdict.Outcome,
            Checks = all,
            Facts = verdict.Facts.WithAnswers([.. Asked.Select(rule => rule.Name)], Facts),
            Device = refused ? null : verdict.Device,
        };
        return Results is null ? judged : DevicePolicy.JudgeAnswers(judged, rules);
    }

    /// <summary>The facts of a certificate with what they said.</summary>
    public FactSet AddTo(FactSet facts) => facts.WithAnswers([.. (Results ?? []).Select(result => result.Rule.Name)], Facts);

    /// <summary>Adds them to the checks of a finalize.</summary>
    public void AddTo(FinalizeChecks checks)
    {
        foreach (var rule in Results is null ? Asked : [])
        {
            checks.NotReached(Check, RuleOf(rule));
        }

        foreach (var result in Results ?? [])
        {
            if (result is { Excused: true, Reason: { } excused })
            {
                checks.Observe(Check, RuleOf(result.Rule), result.Found, excused);
            }
            else
            {
                checks.Run(Check, RuleOf(result.Rule), () => result.Reason is { } reason ? throw Refusal(result, reason) : result.Found);
            }
        }
    }

    private static Check AsCheck(WebhookResult result) => result.Reason is null
        ? new Check(Check, RuleOf(result.Rule), CheckOutcome.Passed, result.Found)
        : new Check(Check, RuleOf(result.Rule), result.Excused ? CheckOutcome.Observed : CheckOutcome.Failed, result.Found, result.Reason, result.Reason.Advice);

    private static string RuleOf(WebhookRule rule) => $"the webhook {rule.Name} allows it";

    private static ProblemException Refusal(WebhookResult result, Reason reason) =>
        Problems.Unauthorized(reason.Code, $"{Check}: {RuleOf(result.Rule)}; {result.Found}. {reason.Advice}");
}
