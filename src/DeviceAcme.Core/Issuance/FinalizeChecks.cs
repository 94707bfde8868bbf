using DeviceAcme.Attestation;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Issuance;

/// <summary>The checks of one finalize in their order. Those that do not depend on a failed one all run, so that a client learns everything at once.</summary>
internal sealed class FinalizeChecks
{
    private readonly List<Check> _checks = [];
    private readonly List<Problem> _problems = [];

    // of the first problem, which gives the answer its status
    private int? _retryAfter;

    public bool AnyFailed => _problems.Count > 0;

    /// <summary>
    /// What the client is told: the first failed check, and each failed one as a subproblem (RFC 8555 §6.7.1); null where none failed.
    /// </summary>
    public ProblemException? Refusal => _problems.Count == 0 ? null
        : new ProblemException(_problems[0] with { Identifier = null, Subproblems = [.. _problems.Select(problem => problem with { Status = null })] }) { RetryAfterSeconds = _retryAfter };

    /// <summary>The checks as they are stored and explained.</summary>
    public Verdict Verdict => new()
    {
        Format = "csr",
        Outcome = AnyFailed ? VerdictOutcome.Refused : VerdictOutcome.Accepted,
        Checks = _checks,
        Facts = FactSet.Empty,
    };

    /// <summary>Runs one check.</summary>
    /// <param name="check">What was found; a refusal fails the check.</param>
    /// <returns>False where it failed.</returns>
    public bool Run(string name, string rule, Func<string> check)
    {
        try
        {
            _checks.Add(new Check(name, rule, CheckOutcome.Passed, check()));
            return true;
        }
        catch (ProblemException refusal)
        {
            Fail(name, rule, refusal);
            return false;
        }
    }

    /// <summary>Records a refusal from elsewhere, for example of the CA.</summary>
    public void Fail(string name, string rule, ProblemException refusal)
    {
#if PLANTED_DEFECTS
        if (Planted.Overlooks(refusal.Problem.Reason))
        {
            _checks.Add(new Check(name, rule, CheckOutcome.Passed, refusal.Problem.Detail));
            return;
        }
#endif
        var reason = FinalizeReasons.Find(refusal.Problem.Reason!);
        _checks.Add(new Check(name, rule, CheckOutcome.Failed, refusal.Problem.Detail, reason, reason.Advice));
        _retryAfter = _problems.Count == 0 ? refusal.RetryAfterSeconds : _retryAfter;
        _problems.Add(refusal.Problem);
    }

    /// <summary>Records what does not hold and is let through.</summary>
    public void Observe(string name, string rule, string found, Reason reason) => _checks.Add(new Check(name, rule, CheckOutcome.Observed, found, reason, reason.Advice));

    /// <summary>Records a check that is for another time.</summary>
    public void Later(string name, string rule, string found) => _checks.Add(new Check(name, rule, CheckOutcome.NotReached, found));

    public void NotReached(string name, string rule) => _checks.Add(new Check(name, rule, CheckOutcome.NotReached, "an earlier check failed"));
}
