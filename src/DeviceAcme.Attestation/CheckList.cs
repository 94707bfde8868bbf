namespace DeviceAcme.Attestation;

/// <summary>The name of a check and what must hold.</summary>
internal sealed record CheckRule(string Name, string Rule);

/// <summary>Collects the checks of one verification in their order and makes the verdict.</summary>
internal sealed class CheckList
{
    private readonly List<Check> _checks = [];

    /// <summary>The anchor that the chain led to; null until it did.</summary>
    public Anchor? Anchor { get; private set; }

    /// <summary>The terms of the path to it.</summary>
    public AnchorTerms Terms { get; private set; } = AnchorTerms.Unlimited;

    /// <summary>The chain is good: what its anchor says counts from here on.</summary>
    public void Reached(Anchor anchor, AnchorTerms terms)
    {
        Anchor = anchor;
        Terms = terms;
    }

    public bool AnyFailed => _checks.Exists(check => check.Outcome == CheckOutcome.Failed);

    public bool AnyNotReached => _checks.Exists(check => check.Outcome == CheckOutcome.NotReached);

    /// <summary>True if all of these were recorded and passed.</summary>
    public bool Passed(params ReadOnlySpan<CheckRule> rules)
    {
        foreach (var rule in rules)
        {
            if (!_checks.Exists(check => check.Name == rule.Name && check.Outcome == CheckOutcome.Passed))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>True if this was recorded and failed.</summary>
    public bool Failed(CheckRule rule) => _checks.Exists(check => check.Name == rule.Name && check.Outcome == CheckOutcome.Failed);

    public void Pass(CheckRule rule, string found) => _checks.Add(new Check(rule.Name, rule.Rule, CheckOutcome.Passed, found));

    /// <summary>Records a failure; the advice is the reason's own where the check knows nothing better.</summary>
    public void Fail(CheckRule rule, Reason reason, string found, string? advice = null)
    {
#if PLANTED_DEFECTS
        if (Planted.Overlooks(reason.Code))
        {
            Pass(rule, found);
            return;
        }
#endif
        _checks.Add(new Check(rule.Name, rule.Rule, CheckOutcome.Failed, found, reason, advice ?? reason.Advice));
    }

    public void NotReached(CheckRule rule, string why)
    {
#if PLANTED_DEFECTS
        if (Planted.OverlooksAny)
        {
            Pass(rule, why);
            return;
        }
#endif
        _checks.Add(new Check(rule.Name, rule.Rule, CheckOutcome.NotReached, why));
    }

    public void NotReached(IEnumerable<CheckRule> rules, string why)
    {
        foreach (var rule in rules)
        {
            NotReached(rule, why);
        }
    }

    /// <summary>Refused if a check failed, incomplete if one was not reached, else accepted with the device.</summary>
    /// <param name="device">Called only when everything passed.</param>
    public Verdict Conclude(string format, FactSet facts, Func<AttestedDevice>? device)
    {
        var outcome = AnyFailed ? VerdictOutcome.Refused : AnyNotReached || device is null ? VerdictOutcome.Incomplete : VerdictOutcome.Accepted;
        return new Verdict
        {
            Format = format,
            Outcome = outcome,
            Checks = _checks,
            Facts = facts.Under(Terms),
            Device = outcome == VerdictOutcome.Accepted ? device!() : null,
        };
    }
}
