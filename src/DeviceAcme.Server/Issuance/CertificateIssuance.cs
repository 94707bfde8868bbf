using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Connectors;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Sync;
using DeviceAcme.Server.Webhooks;

namespace DeviceAcme.Server.Issuance;

/// <summary>From an order and its CSR to a certificate: the ledger, the CSR's rules, the plan, the signature. The same code for the request's handler and for the worker.</summary>
internal sealed class CertificateIssuance(Issuers issuers, WebhookCalls webhooks, InventoryStandings inventories, AcmeDb db)
{
    private const string CertificateCheck = "certificate";
    private const string CertificateRule = "the profile's template can be filled from the order and the evidence";
    private const string ApprovalCheck = "approval";
    private const string ApprovalRule = "an officer agrees";
    private const string SigningCheck = "issuance";
    private const string SigningRule = "the issuing CA can sign it";
    private const string StoringCheck = "storing";
    private const string StoringRule = "the ledger and the limits let it be when it is stored";

    /// <summary>Judges, plans and signs. What comes of it is for the caller to commit (<see cref="IssuanceRecords"/>).</summary>
    public async Task<IssuanceOutcome> Run(IssuanceCase subject, CancellationToken cancellation)
    {
        await using (var context = db.Read())
        {
            foreach (var device in subject.Devices)
            {
                inventories.Of(context, device, subject.Now);
            }
        }

        var checks = new FinalizeChecks();
        var request = Judge(subject, checks);
        var answers = await AskWebhooks(subject, checks);
        if (checks.AnyFailed)
        {
            checks.NotReached(CertificateCheck, CertificateRule);
            return new IssuanceOutcome.Refused(checks);
        }

        if (subject.Causes != ApprovalCauses.None)
        {
            return Postpone(subject, request!, answers, checks);
        }

        return Plan(subject, request!, answers, checks) is { } plan && await Sign(plan with { Serial = subject.Pending?.Serial }, checks, cancellation) is { } issued
            ? new IssuanceOutcome.Issued(checks, issued)
            : new IssuanceOutcome.Refused(checks);
    }

    /// <summary>What would become of it, without a signature: for whoever is about to agree.</summary>
    public static FinalizeChecks Preview(IssuanceCase subject)
    {
        var checks = new FinalizeChecks();
        if (Judge(subject, checks) is not { } request || checks.AnyFailed)
        {
            return checks;
        }

        // webhooks are asked when it is issued; until then what they add to the certificate is missing
        var plan = new FinalizeChecks();
        Plan(subject, request, null, plan);
        return subject.Profile.Webhooks.Count > 0 && IsMissing(plan) ? checks : plan;
    }

    /// <summary>Everything is good but for somebody's word. What only that word's giver can mend is left for then.</summary>
    private static IssuanceOutcome Postpone(IssuanceCase subject, CertificateSigningRequest request, WebhookAnswers answers, FinalizeChecks checks)
    {
        var preview = new FinalizeChecks();
        if (Plan(subject, request, answers, preview) is null && !(subject.Causes.HasFlag(ApprovalCauses.UnknownDevice) && IsMissing(preview)))
        {
            Plan(subject, request, answers, checks);
            return new IssuanceOutcome.Refused(checks);
        }

        // whoever approves a device can also say in the ledger what the certificate needs
        checks.Later(CertificateCheck, CertificateRule, preview.Refusal?.Problem.Detail ?? "it can, as things are");
        checks.Later(ApprovalCheck, ApprovalRule, PendingIssuance.Say(subject.Causes));
        return new IssuanceOutcome.NeedsApproval(checks, subject.Causes);
    }

    private static bool IsMissing(FinalizeChecks checks) => checks.Refusal?.Problem.Reason == TextTemplate.MissingValue;

    /// <summary>
    /// Asks the ledger, the tickets and the limits once more, in the transaction that would store the certificate: whoever shut the device out while it was signed has shut it out.
    /// </summary>
    /// <returns>The outcome that counts. A certificate that is refused here was seen by nobody.</returns>
    public static IssuanceOutcome Confirm(IssuanceCase now, IssuanceOutcome.Issued issued)
    {
        var checks = new FinalizeChecks();
        AskLedger(now, checks);
        if (checks.Refusal is not { } refusal)
        {
            return issued;
        }

        issued.Checks.Fail(StoringCheck, StoringRule, refusal);
        return new IssuanceOutcome.Refused(issued.Checks);
    }

    /// <summary>Whether the ledger and the tickets let the order go on, and whether there is room for another certificate.</summary>
    private static void AskLedger(IssuanceCase subject, FinalizeChecks checks)
    {
        foreach (var device in subject.Devices)
        {
            // only a device that stands in the ledger can wait there, and only until the order goes on
            var waits = device.Device is not null && subject.Pending?.State != IssuanceState.Issuing;
            var unknown = subject.UnknownDevices == UnknownDevices.Approve && !waits ? UnknownDevices.Refuse : subject.UnknownDevices;
            checks.Run(Admission.Check, Admission.Rule, () => Admission.Require(device, unknown));
        }

        if (subject.Authorizations.Any(authorization => authorization.Ticket is not null))
        {
            checks.Run(TicketReasons.Check, TicketReasons.StillGoodRule, () => TicketCheck.RequireNotRevoked(subject.Tickets.Where(ticket => subject.Authorizations.Any(authorization => authorization.Ticket == ticket.Id))));
        }

        // the ledger's word may have changed since the challenge
        foreach (var uri in subject.Authorizations.Where(authorization => authorization is { IdentifierType: AcmeIdentifier.Uri, Device: not null }))
        {
            if (subject.Profile.Identifiers.GetValueOrDefault(AcmeIdentifier.Uri)?.Vouching is { } rule)
            {
                checks.Run(VouchingRule.Check, VouchingRule.Rule, () => subject.OneDevice is { } device
                    ? rule.Require(device, uri.IdentifierValue)
                    : throw Problems.Unauthorized("facts-contradict", $"identifiers: the ledger vouched for {uri.Identifier} as a name of another device than the one that the order names; order them separately"));
            }
        }

        if (subject.Full is { } full)
        {
            checks.Fail(LimitReasons.Check, LimitReasons.Rule, full);
        }
    }

    /// <summary>The CSR with the checks of it and of the ledger's word; null where it cannot be read.</summary>
    private static CertificateSigningRequest? Judge(IssuanceCase subject, FinalizeChecks checks)
    {
        AskLedger(subject, checks);
        var request = CsrRules.Check(
            subject.Csr,
            new CsrExpectation
            {
                Identifiers = subject.Order.Identifiers,
                Profile = subject.Profile,
                AccountKey = subject.AccountKey.Spki,
                AttestedKeys = subject.Authorizations.Where(authorization => authorization.AttestedKey is not null)
                    .ToDictionary(authorization => authorization.Identifier, authorization => new ReadOnlyMemory<byte>(authorization.AttestedKey)),
            },
            checks);
        return request;
    }

    /// <summary>What the organisation's own services say; they are not asked about what is refused anyhow.</summary>
    private async Task<WebhookAnswers> AskWebhooks(IssuanceCase subject, FinalizeChecks checks)
    {
        var answers = await webhooks.Ask(subject.Profile, WebhookEvent.Finalize, checks.AnyFailed || Contradicts(subject.Authorizations)
            ? null
            : context => context.QuestionOfFinalize(subject, checks.Verdict.With(Facts(subject.Authorizations).With(subject.OneDevice).With(subject.Tickets))));
        answers.AddTo(checks);
        return answers;
    }

    /// <summary>The plan of the certificate; null where the template cannot be filled.</summary>
    private static CertificatePlan? Plan(IssuanceCase subject, CertificateSigningRequest request, WebhookAnswers? answers, FinalizeChecks checks)
    {
        CertificatePlan? plan = null;
        var (order, authorizations) = (subject.Order, subject.Authorizations);
        checks.Run(CertificateCheck, CertificateRule, () =>
        {
            plan = CertificatePlanner.Plan(new CertificateInputs
            {
                Profile = subject.Profile,
                Identifiers = order.Identifiers,
                Facts = Facts(authorizations).With(subject.OneDevice).With(subject.Tickets) is var facts && answers is not null ? answers.AddTo(facts) : facts,
                Unproven = authorizations.Any(authorization => authorization is { EvidenceId: not null, AttestedKey: null }),
                DeviceProven = subject.ProvenDevice is { } proven && subject.OneDevice?.Id == proven,
                ResidencyUnproven = authorizations.Any(authorization => authorization is { AttestedKey: not null, Facts: { } facts } && !KeyProtection.IsProven(VerdictJson.ReadFacts(facts))),
                Request = request,
                NotBefore = order.NotBefore,
                NotAfter = order.NotAfter,
                Now = subject.Now,
            });
#if PLANTED_DEFECTS
            plan = Defects.CertificateDefects.Change(plan);
#endif
            return $"valid from {Rfc3339.Format(plan.NotBefore)} to {Rfc3339.Format(plan.NotAfter)}";
        });
        return plan;
    }

    /// <summary>The certificate; null where the CA refuses it.</summary>
    private async Task<IssuedCertificate?> Sign(CertificatePlan plan, FinalizeChecks checks, CancellationToken cancellation)
    {
        try
        {
            return await issuers.Require(plan.Issuer!).Issue(plan, cancellation);
        }
        catch (ProblemException refusal)
        {
            // it is stored with the other checks before anybody is told
            checks.Fail(SigningCheck, SigningRule, refusal);
            return null;
        }
    }

    /// <summary>What the evidence of all authorizations proves together; two that contradict each other prove nothing.</summary>
    private static FactSet Facts(IReadOnlyList<Authorization> authorizations)
    {
        var facts = new Dictionary<string, Fact>(StringComparer.Ordinal);
        foreach (var fact in Stored(authorizations))
        {
            if (!facts.TryAdd(fact.Name, fact) && facts[fact.Name].Value.ToString() != fact.Value.ToString())
            {
                throw Problems.Unauthorized("facts-contradict", $"identifiers: the evidence of two of them disagrees on {fact.Name}; order them separately");
            }
        }

        return new FactSet(facts.Values);
    }

    private static bool Contradicts(IReadOnlyList<Authorization> authorizations) =>
        Stored(authorizations).GroupBy(fact => fact.Name).Any(facts => facts.Select(fact => fact.Value.ToString()).Distinct(StringComparer.Ordinal).Skip(1).Any());

    private static IEnumerable<Fact> Stored(IReadOnlyList<Authorization> authorizations) =>
        authorizations.Where(authorization => authorization.Facts is not null).SelectMany(authorization => VerdictJson.ReadFacts(authorization.Facts!).All);
}
