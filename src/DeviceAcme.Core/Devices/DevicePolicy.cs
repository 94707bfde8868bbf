using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Webhooks;

namespace DeviceAcme.Core.Devices;

/// <summary>Adds to a verdict what the profile demands beyond genuine evidence: its fact rules, each a check of its own.</summary>
internal static class DevicePolicy
{
    /// <summary>The name of the check that each fact rule becomes.</summary>
    public const string FactRuleCheck = "fact-rule";

    private const string NoAnswerYet = "no webhook was asked";

    /// <summary>The verdict with one check for each rule. A rule that does not hold refuses; one that is only observed is recorded.</summary>
    /// <param name="ledger">False where no ledger can be asked: what rules say of its facts is not reached then.</param>
    public static Verdict Judge(Verdict verdict, AttestationRule profile, bool ledger)
    {
        if (profile.Facts.Count + profile.ObservedFacts.Count == 0)
        {
            return verdict;
        }

        var checks = verdict.Checks
            .Concat(profile.Facts.Select(rule => Check(rule, verdict, CheckOutcome.Failed, ledger)))
            .Concat(profile.ObservedFacts.Select(rule => Check(rule, verdict, CheckOutcome.Observed, ledger)))
            .ToList();
        var refused = checks.Exists(check => check.Outcome == CheckOutcome.Failed);
        return new Verdict
        {
            Format = verdict.Format,
            Outcome = refused ? VerdictOutcome.Refused : verdict.Outcome,
            Checks = checks,
            Facts = verdict.Facts,
            Device = refused ? null : verdict.Device,
        };
    }

    /// <summary>The same verdict after the webhooks answered: now their facts are there, and the rules about them are judged.</summary>
    public static Verdict JudgeAnswers(Verdict verdict, AttestationRule profile)
    {
        var (rules, observed) = (profile.Facts.Where(NamesWebhook).ToList(), profile.ObservedFacts.Where(NamesWebhook).ToList());
        if (rules.Count + observed.Count == 0)
        {
            return verdict;
        }

        var checks = verdict.Checks.Where(check => check is not { Name: FactRuleCheck, Found: NoAnswerYet })
            .Concat(rules.Select(rule => Compare(rule, verdict, CheckOutcome.Failed)))
            .Concat(observed.Select(rule => Compare(rule, verdict, CheckOutcome.Observed)))
            .ToList();
        var refused = checks.Exists(check => check.Outcome == CheckOutcome.Failed);
        return new Verdict
        {
            Format = verdict.Format,
            Outcome = refused ? VerdictOutcome.Refused : verdict.Outcome,
            Checks = checks,
            Facts = verdict.Facts,
            Device = refused ? null : verdict.Device,
        };
    }

    /// <summary>A stored verdict under other rules: what earlier rules about facts said of it counts no more.</summary>
    public static Verdict Rejudge(Verdict stored, AttestationRule profile)
    {
        // what the ledger said then, it may no longer say: rules are judged on what the evidence alone is worth
        var checks = Admission.WithoutLedger(stored).Checks.Where(check => check.Name != FactRuleCheck).ToList();
        var judged = Judge(
            new Verdict
            {
                Format = stored.Format,
                Outcome = checks.Exists(check => check.Outcome == CheckOutcome.Failed) ? VerdictOutcome.Refused : VerdictOutcome.Accepted,
                Checks = checks,
                Facts = stored.Facts,
                Device = stored.Device,
            },
            profile,
            stored.Facts.Find(LedgerFacts.State) is not null);
        return WebhookAnswers.WereAsked(stored) ? JudgeAnswers(judged, profile) : judged;
    }

    private static bool NamesWebhook(FactRule rule) => rule.FactNames.Any(WebhookFacts.IsWebhook);

    private static Check Check(FactRule rule, Verdict verdict, CheckOutcome failure, bool ledger)
    {
        if (!ledger && rule.FactNames.Any(LedgerFacts.IsOurs))
        {
            return new Check(FactRuleCheck, rule.Text, CheckOutcome.NotReached, "there are no ledger and no tickets here");
        }

        return NamesWebhook(rule) ? new Check(FactRuleCheck, rule.Text, CheckOutcome.NotReached, NoAnswerYet) : Compare(rule, verdict, failure);
    }

    private static Check Compare(FactRule rule, Verdict verdict, CheckOutcome failure)
    {
        var answer = rule.Judge(verdict.Facts);
        if (answer.Holds)
        {
            return new Check(FactRuleCheck, rule.Text, CheckOutcome.Passed, answer.Found);
        }

        // without a good chain, or without any facts, refused evidence says nothing about the device
        if (verdict.Outcome != VerdictOutcome.Accepted && (answer.Reason == Reasons.FactUnproven || !verdict.Facts.All.Any()))
        {
            return new Check(FactRuleCheck, rule.Text, CheckOutcome.NotReached, answer.Found);
        }

        return new Check(FactRuleCheck, rule.Text, failure, answer.Found, answer.Reason, answer.Reason!.Advice);
    }
}
