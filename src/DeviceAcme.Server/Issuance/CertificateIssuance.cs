using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Connectors;
using DeviceAcme.Server.Webhooks;

namespace DeviceAcme.Server.Issuance;

/// <summary>From an order and its CSR to a certificate: the ledger, the CSR's rules, the plan, the signature. The same code for the request's handler and for the worker.</summary>
internal sealed class CertificateIssuance(Issuers issuers, WebhookCalls webhooks)
{
    private const string CertificateCheck = "certificate";
    private const string CertificateRule = "the profile's template can be filled from the order and the evidence";
    private const string SigningCheck = "issuance";
    private const string SigningRule = "the issuing CA can sign it";

    /// <summary>Judges, plans and signs. What comes of it is for the caller to commit (<see cref="IssuanceRecords"/>).</summary>
    public async Task<IssuanceOutcome> Run(IssuanceCase subject, CancellationToken cancellation)
    {
        var checks = new FinalizeChecks();
        var request = Judge(subject, checks);
        var answers = await AskWebhooks(subject, checks);
        if (checks.AnyFailed)
        {
            checks.NotReached(CertificateCheck, CertificateRule);
            return new IssuanceOutcome.Refused(checks);
        }

        if (Plan(subject, request!, answers, checks) is not { } plan)
        {
            return new IssuanceOutcome.Refused(checks);
        }

        return await Sign(plan, checks, cancellation) is { } issued ? new IssuanceOutcome.Issued(checks, issued) : new IssuanceOutcome.Refused(checks);
    }

    /// <summary>The CSR with the checks of it and of the ledger's word; null where it cannot be read.</summary>
    private static CertificateSigningRequest? Judge(IssuanceCase subject, FinalizeChecks checks)
    {
        var profile = subject.Profile;
        foreach (var device in subject.Devices)
        {
            // whoever only observes has let the identifier through without proof: then nothing says that the device must be known
            var unknown = profile.Attestation.Mode == AttestationMode.Observe ? UnknownDevices.Register : profile.Devices.Unknown;
            checks.Run(Admission.Check, Admission.Rule, () => Admission.Require(device, unknown));
        }

        var request = CsrRules.Check(
            subject.Csr,
            new CsrExpectation
            {
                Identifiers = subject.Order.Identifiers,
                Profile = profile,
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
            : context => context.QuestionOfFinalize(subject, checks.Verdict.With(Facts(subject.Authorizations).With(subject.OneDevice))));
        answers.AddTo(checks);
        return answers;
    }

    /// <summary>The plan of the certificate; null where the template cannot be filled.</summary>
    private static CertificatePlan? Plan(IssuanceCase subject, CertificateSigningRequest request, WebhookAnswers answers, FinalizeChecks checks)
    {
        CertificatePlan? plan = null;
        var (order, authorizations) = (subject.Order, subject.Authorizations);
        checks.Run(CertificateCheck, CertificateRule, () =>
        {
            plan = CertificatePlanner.Plan(new CertificateInputs
            {
                Profile = subject.Profile,
                Identifiers = order.Identifiers,
                Facts = answers.AddTo(Facts(authorizations).With(subject.OneDevice)),
                Unproven = authorizations.Any(authorization => authorization is { EvidenceId: not null, AttestedKey: null }),
                ResidencyUnproven = authorizations.Any(authorization => authorization is { AttestedKey: not null, Facts: { } facts } && !KeyProtection.IsProven(VerdictJson.ReadFacts(facts))),
                Request = request,
                NotBefore = order.NotBefore,
                NotAfter = order.NotAfter,
                Now = subject.Now,
            });
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
