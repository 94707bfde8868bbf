using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Profiles;

namespace DeviceAcme.Server.Vault;

/// <summary>Puts an explanation together from what is stored.</summary>
internal static class Story
{
    private const string Accepted = "accepted";
    private const string Observed = "observed";
    private const string Refused = "refused";
    private const string Processing = "processing";
    private const string Waiting = "waiting";

    public static OrderExplanation Of(ExplainedSubject subject, IReadOnlyList<StoredVerdict> evidence, IReadOnlyList<HistoryEntry> history, ProfileVersions profiles, DateTimeOffset now)
    {
        var steps = new List<ExplainedStep>();
        foreach (var authorization in subject.Authorizations)
        {
            steps.AddRange(Challenges(authorization, evidence, now));
        }

        steps.AddRange(evidence.Where(row => row.Challenge is null).Select(row => Step(row, row.Accepted ? Accepted : Refused)));
        if (subject is { Pending: { } pending, Order: { } processed })
        {
            steps.Add(ApprovalStory.Tell(pending, processed, Accepted, Refused, Waiting));
        }

        steps = [.. steps.Where(step => step.At is not null).OrderBy(step => step.At).ThenBy(step => step.Step == EvidenceKinds.Issuance), .. steps.Where(step => step.At is null)];
        var status = subject.Order?.StatusAt(subject.Authorizations, now);
        if (status == OrderStatus.Ready && steps.TrueForAll(step => step.Step != EvidenceKinds.Finalize))
        {
            steps.Add(new ExplainedStep { Step = EvidenceKinds.Finalize, Outcome = Waiting, Checks = [], Note = "everything is proven; the client has not sent its CSR" });
        }

        var failed = steps.LastOrDefault(step => step.Outcome == Refused);
        return new OrderExplanation
        {
            Summary = Summary(subject, status, failed, steps),
            Help = status == OrderStatus.Valid ? [] : Help(subject, status, failed),
            Order = subject.Order is { } order ? Order(order, status!.Value, profiles) : null,
            Steps = steps,
            History = history,
        };
    }

    private static ExplainedOrder Order(Order order, OrderStatus status, ProfileVersions profiles) => new()
    {
        Id = order.Id.Value,
        Status = status.Wire(),
        Profile = order.Profile,
        ProfileHash = order.ProfileHash,
        ProfileInForce = profiles.Find(order.Profile)?.Hash == order.ProfileHash,
        AccountId = order.AccountId.Value,
        Identifiers = TicketCode.Redact(order.Identifiers),
        CreatedAt = order.CreatedAt,
        Expires = order.Expires,
        CertificateId = order.CertificateId?.Value,
        Error = order.Error,
    };

    private static IEnumerable<ExplainedStep> Challenges(Authorization authorization, IReadOnlyList<StoredVerdict> evidence, DateTimeOffset now)
    {
        var answered = authorization.Challenges.OrderBy(challenge => challenge.Position).Where(challenge => challenge.Status != ChallengeStatus.Pending).ToList();
        if (answered.Count == 0)
        {
            var status = authorization.StatusAt(now);
            return
            [
                new ExplainedStep
                {
                    Step = EvidenceKinds.Challenge,
                    Outcome = Waiting,
                    Identifier = TicketCode.Redact(authorization.Identifier),
                    AuthorizationId = authorization.Id.Value,
                    ChallengeType = string.Join(", ", authorization.Challenges.OrderBy(challenge => challenge.Position).Select(challenge => challenge.Type)),
                    Checks = [],
                    Note = status == AuthorizationStatus.Pending ? "the client has not answered any of these" : $"none of these was ever answered; the authorization is {status.Wire()}",
                },
            ];
        }

        return answered.Select(challenge => evidence.LastOrDefault(row => row.Challenge == challenge.Id) is { } stored
            ? Step(stored, stored.Accepted ? Accepted : challenge.Status == ChallengeStatus.Valid ? Observed : Refused) with { ChallengeType = challenge.Type, ChallengeId = challenge.Id.Value, AuthorizationId = authorization.Id.Value }
            : FromChallenge(authorization, challenge));
    }

    /// <summary>A challenge without a stored verdict: a network challenge, or evidence that is not kept.</summary>
    private static ExplainedStep FromChallenge(Authorization authorization, Challenge challenge)
    {
        var attested = challenge.Type == ChallengeTypes.DeviceAttest01;
        IReadOnlyList<Problem?> problems = challenge.Error is { } error ? [.. error.Subproblems ?? [error]] : [null];
        return new ExplainedStep
        {
            Step = EvidenceKinds.Challenge,
            Outcome = challenge.Status switch
            {
                ChallengeStatus.Valid => Accepted,
                ChallengeStatus.Processing => Processing,
                _ => Refused,
            },
            At = challenge.ValidatedAt ?? challenge.AnsweredAt,
            Identifier = TicketCode.Redact(authorization.Identifier),
            ChallengeType = challenge.Type,
            ChallengeId = challenge.Id.Value,
            AuthorizationId = authorization.Id.Value,
            EvidenceId = null,
            Reason = challenge.Error?.Reason,
            Class = challenge.Error?.Reason is { } code ? Reasons.Find(code)?.Class : null,
            Checks = challenge.Status == ChallengeStatus.Processing ? [] : [.. problems.Select(problem => Check(challenge, problem))],
            Note = attested ? "the profile does not keep verdicts this long: this is what the client was told" : null,
        };
    }

    private static ExplainedCheck Check(Challenge challenge, Problem? problem) => new()
    {
        Name = challenge.Type,
        Outcome = problem is null ? "passed" : "failed",
        Rule = challenge.Type switch
        {
            ChallengeTypes.Http01 => "the host publishes the key authorization (RFC 8555 §8.3)",
            ChallengeTypes.Dns01 => "the zone publishes the hash of the key authorization (RFC 8555 §8.4)",
            ChallengeTypes.TlsAlpn01 => "the host answers acme-tls/1 with the hash of the key authorization (RFC 8737 §3)",
            ChallengeTypes.Ledger01 => Core.Devices.VouchingRule.Rule,
            _ => "the evidence is good and was made for this challenge (device-attest §5)",
        },
        Found = problem?.Detail,
        Reason = problem?.Reason,
        Class = problem?.Reason is { } code ? Reasons.Find(code)?.Class : null,
        Advice = problem is null ? null : Advice(problem),
    };

    private static string? Advice(Problem problem) => problem.Type[Problems.Namespace.Length..] switch
    {
        "connection" => "The host must be reachable from this server at that address and port.",
        "dns" => "The name must resolve for this server's resolver; see --dns-resolver.",
        "caa" => "The zone's CAA records must allow one of --caa-identities, or the profile must not ask for them (caa: false).",
        "tls" => "The host must speak TLS with a self-signed certificate for the name, as RFC 8737 wants it.",
        "incorrectResponse" => "Something else answers there: look for redirects, caches and other hosts of the same name, or a client that gave up too early.",
        _ => problem.Reason is { } code ? Reasons.Find(code)?.Advice : null,
    };

    private static ExplainedStep Step(StoredVerdict stored, string outcome)
    {
        var verdict = VerdictJson.Read(Encoding.UTF8.GetBytes(stored.Verdict));
        var anomalies = EvidenceVault.ReadAnomalies(stored.Anomalies);
        var checks = verdict.Checks.Select(Check).Concat((anomalies ?? []).Select(Check)).ToList();
        return new ExplainedStep
        {
            Step = stored.Kind,
            Outcome = outcome,
            At = stored.At,
            Identifier = stored.Kind != EvidenceKinds.Finalize && stored is { IdentifierType: { } type, IdentifierValue: { } value } ? new AcmeIdentifier(type, value) : null,
            EvidenceId = stored.Id.Value,
            Format = stored.Format.Length > 0 ? stored.Format : null,
            Reason = stored.Reason,
            Class = checks.Find(check => check.Outcome == "failed")?.Class,
            Checks = checks,
            Facts = verdict.Facts.All.Any() ? [.. verdict.Facts.All.Select(Fact)] : null,
            Anomalies = anomalies,
        };
    }

    private static ExplainedCheck Check(Check check) => new()
    {
        Name = check.Name,
        Outcome = check.Outcome switch
        {
            CheckOutcome.Passed => "passed",
            CheckOutcome.Failed => "failed",
            _ => "not-reached",
        },
        Rule = check.Rule,
        Found = check.Found,
        Reason = check.Reason?.Code,
        Class = check.Reason?.Class,
        Advice = check.Outcome == CheckOutcome.Failed ? check.Advice ?? check.Reason?.Advice : null,
    };

    private static ExplainedCheck Check(AnomalyEntry anomaly)
    {
        var kind = AnomalyKinds.All.First(kind => kind.Name == anomaly.Name);
        var check = Check(new Anomaly(kind, AnomalyKinds.Response(anomaly.Response), anomaly.Found, new Core.EvidenceId(anomaly.EarlierEvidence), anomaly.EarlierAt).AsCheck());
        return check with { Found = $"{check.Found}; see evidence {anomaly.EarlierEvidence}" };
    }

    private static ExplainedFact Fact(Fact fact) => new() { Name = fact.Name, Value = fact.Value is FactValue.Blank ? null : fact.Value.ToString(), Proven = fact.Proven };

    private static string Summary(ExplainedSubject subject, OrderStatus? status, ExplainedStep? failed, IReadOnlyList<ExplainedStep> steps)
    {
        var refusal = failed is null ? null : $"the {Name(failed)} was refused: {failed.Reason}";
        if (status is null)
        {
            return refusal ?? (subject.Authorizations.Count > 0 ? "no order uses this authorization" : $"the {Name(steps[^1])} was {steps[^1].Outcome}");
        }

        return status switch
        {
            OrderStatus.Valid => "the certificate was issued",
            OrderStatus.Ready => refusal is null ? "everything is proven; the client has yet to finalize" : $"{refusal}; the client can finalize again",
            OrderStatus.Pending => "the client has yet to answer its challenges",
            OrderStatus.Processing => subject.Pending is { } pending ? ApprovalStory.Summary(pending) : "the certificate is being issued",
            _ when subject.Order!.Error is null => $"{(refusal is null ? "" : $"{refusal}; ")}the order or one of its authorizations expired before the client ended it",
            _ => refusal ?? $"the order failed: {subject.Order.Error.Reason}",
        };
    }

    private static List<string> Help(ExplainedSubject subject, OrderStatus? status, ExplainedStep? failed)
    {
        var help = failed?.Checks.Where(check => check.Advice is not null).Select(check => check.Advice!).Distinct().ToList() ?? [];
        if (status == OrderStatus.Invalid)
        {
            help.Add("An order that failed stays so: the client must make a new one.");
        }
        else if (status == OrderStatus.Processing && subject.Pending is { } pending)
        {
            help.AddRange(ApprovalStory.Help(pending));
        }
        else if (status == OrderStatus.Pending && subject.Order is { } order && failed is null)
        {
            help.Add($"The order waits until {Protocol.Rfc3339.Format(order.Expires)}; if nothing comes, look at the client's log.");
        }

        return help;
    }

    private static string Name(ExplainedStep step) => step.Step switch
    {
        EvidenceKinds.Challenge => $"{step.ChallengeType} challenge",
        EvidenceKinds.TpmAttestation => "request to the TPM attestation CA",
        _ => step.Step,
    };
}
