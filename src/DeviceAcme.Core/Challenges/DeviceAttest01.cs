using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Challenges;

/// <summary>device-attest-01: judges the evidence of one challenge, and says in ACME's words why it was refused (device-attest §5).</summary>
internal static class DeviceAttest01
{
    /// <summary>The name that every verifier gives to its comparison with the ordered identifier.</summary>
    private const string IdentifierCheck = "identifier";

    /// <summary>The reason code where the profile tells none.</summary>
    private const string Withheld = "attestation-refused";

    /// <summary>The verdict on what the device sent. Nothing here is stored or asked for over a network.</summary>
    public static Verdict Judge(AttestationQuestion question, ChallengeResponse response)
    {
        // an Apple device without attestation sends nothing, or the two characters {}, and may say why
        if (response.Error is { } error && response.AttestationObject is not { Length: > 2 })
        {
            return AttestationVerifier.DeviceError(error);
        }

        var verdict = AttestationVerifier.Verify(new Evidence
        {
            AttestationObject = response.AttestationObject!.Value,
            Token = question.Token,
            KeyAuthorization = question.KeyAuthorization,
            Identifier = new ExpectedIdentifier(question.Identifier.Type, question.Identifier.Value, question.Profile.Identifiers[question.Identifier.Type].Proves),
            Formats = question.Profile.Attestation.Formats,
            Profile = question.Profile.Name,
            Anchors = question.Anchors,
            Now = question.Now,
            VerifiedIntermediates = question.VerifiedIntermediates,
            Policies = question.Policies,
        });
        if (question.Ledger is { } ledger && question.Profile.Attestation.NamesLedger)
        {
            var names = question.Profile.NamesOf(question.Identifier, verdict);
            var match = question.Tickets is { } asked ? TicketCheck.Judge(verdict, asked, ledger(names), names).Match : ledger(names);
            verdict = verdict.With(verdict.Facts.With(match.Device));
        }

        if (question.Tickets is { } tickets && question.Profile.Attestation.NamesTicket)
        {
            verdict = verdict.With(verdict.Facts.With(tickets.Tickets));
        }

        return DevicePolicy.Judge(verdict, question.Profile.Attestation, question.Ledger is not null);
    }

    /// <summary>The problem that failed checks become: the first in <c>detail</c>, each as a subproblem (RFC 8555 §6.7.1), as far as the profile tells.</summary>
    public static Problem Refusal(IEnumerable<Check> checks, AcmeIdentifier identifier, AttestationPrivacy privacy)
    {
        if (privacy == AttestationPrivacy.None)
        {
            return Problems.BadAttestationStatement(Withheld, "attestation: the evidence was refused; the server's administrator can see why").Problem;
        }

        var failed = checks.Where(check => check.Outcome == CheckOutcome.Failed).ToList();
        var problem = Problem(failed[0], privacy);
        return problem with { Subproblems = failed.Select(check => Subproblem(check, identifier, privacy)).ToList() };
    }

    private static Problem Subproblem(Check check, AcmeIdentifier identifier, AttestationPrivacy privacy)
    {
        // step-ca's clients look for the identifier in a rejectedIdentifier subproblem (device-attest §5, RFC 8555 §6.7.1)
        var problem = check.Name == IdentifierCheck
            ? Problems.RejectedIdentifier(check.Reason!.Code, Detail(check, privacy)).Problem with { Identifier = TicketCode.Redact(identifier) }
            : Problem(check, privacy);
        return problem with { Status = null };
    }

    // the evidence of a device that the ledger or a webhook keeps out, or whose ticket is not its own, is good
    private static Problem Problem(Check check, AttestationPrivacy privacy) => check.Name is Admission.Check or TicketReasons.Check or WebhookAnswers.Check
        ? Problems.Unauthorized(check.Reason!.Code, Detail(check, privacy)).Problem
        : Problems.BadAttestationStatement(check.Reason!.Code, Detail(check, privacy)).Problem;

    private static string Detail(Check check, AttestationPrivacy privacy)
    {
        // what was found, and advice that was made for it, can hold values of the evidence
        var full = privacy == AttestationPrivacy.Full;
        var found = !full || check.Found is null ? "" : $"; {check.Found}";
        var advice = (full ? check.Advice : null) ?? check.Reason?.Advice;
        return $"{check.Name}: {check.Rule}{found}{(advice is null ? "" : $". {advice}")}";
    }
}

/// <summary>What the evidence of one challenge must answer.</summary>
internal sealed record AttestationQuestion
{
    public required CertificateProfile Profile { get; init; }
    public required AnchorSet Anchors { get; init; }
    public required AcmeIdentifier Identifier { get; init; }
    public required string Token { get; init; }
    public required string KeyAuthorization { get; init; }
    public VerifiedIntermediates? VerifiedIntermediates { get; init; }

    /// <summary>What is decided about single formats.</summary>
    public IReadOnlyList<FormatPolicy> Policies { get; init; } = [];

    /// <summary>What the ledger has under some names; null where there is no ledger to ask.</summary>
    public Func<IReadOnlyList<DeviceKey>, LedgerMatch>? Ledger { get; init; }

    /// <summary>What the challenge has to do with tickets; null where there are none to ask.</summary>
    public TicketQuestion? Tickets { get; init; }

    public required DateTimeOffset Now { get; init; }
}
