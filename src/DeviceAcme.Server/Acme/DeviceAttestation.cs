using DeviceAcme.Attestation;
using DeviceAcme.Core;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Sync;
using DeviceAcme.Server.Vault;
using DeviceAcme.Server.Webhooks;

namespace DeviceAcme.Server.Acme;

/// <summary>device-attest-01 within its own request: verdict, evidence, device and the change of the authorization in one commit.</summary>
internal sealed class DeviceAttestation(
    AcmeDb db, ProfileCatalog profiles, AnchorVersions versions, IssuerSearch issuers, VerifiedIntermediates intermediates, IEnumerable<IFormatPolicySource> policies, WebhookCalls webhooks, InventoryStandings inventories, ILogger<DeviceAttestation> log)
{
    public async Task<IResult> Judge(AcmeRequest request, Authorization authorization, Challenge challenge, ChallengeResponse response, CancellationToken cancellation)
    {
        var profile = profiles.Find(authorization.Profile)
            ?? throw Problems.InvalidProfile("profile-withdrawn", $"profile {authorization.Profile} is no longer offered; make a new order in another directory");
        if (profile.Identifiers.GetValueOrDefault(authorization.Identifier.Type)?.Challenges.Contains(ChallengeTypes.DeviceAttest01) != true)
        {
            throw Problems.InvalidProfile("profile-changed", $"profile {authorization.Profile} does not take evidence for {authorization.Identifier.Type} any more; make a new order");
        }

        if (response is { AttestationObject: null, Error: null })
        {
            throw Problems.Malformed("attestation-object-missing", "attObj: expected the base64url attestation object (device-attest §5)");
        }

        // one version for the judgement and for what is written about it, whatever comes into force meanwhile
        var version = versions.Current;
        var tickets = Tickets();
        var verdict = JudgeUnder(version);
        if (response.AttestationObject is { } attestationObject
            && await issuers.Complete(
                verdict, version, profile.AnchorFolders, new AnchorUse(verdict.Format, profile.Name), anchors => MissingIssuers.Of(attestationObject, anchors), cancellation) is { } complete)
        {
            version = complete;
            verdict = JudgeUnder(version);
        }

        var answers = await webhooks.Ask(profile, WebhookEvent.Challenge, profile.Webhooks.Count > 0 ? Question() : null);
        var judged = new Judged(profile, version, version.Of(profile.AnchorFolders).Hash, verdict, answers, response.AttestationObject?.ToArray() ?? []);
        var (after, anomalies) = await db.Commit(context => Save(context, request, challenge.Id, judged), cancellation);
        anomalies.Log(log, profile.Name);

        // 200 with an invalid challenge is what Apple's client is known to take; RFC 8555 §7.5.1 has an error
        return after.Error is { } error && profile.Attestation.OnFailure == AttestationFailureAnswer.Problem
            ? throw new ProblemException(error with { Status = StatusCodes.Status400BadRequest })
            : Reply.Challenge(request, after);

        // whom a ticket or the ledger keeps out is nobody to ask about; both decide again when the verdict is saved
        Func<AcmeContext, WebhookQuestion>? Question()
        {
            var names = profile.NamesOf(authorization.Identifier, verdict);
            var (withTicket, match, _) = TicketCheck.Judge(verdict, tickets, Ledger(names), names);
            var admitted = Admission.Judge(withTicket, match, profile.Devices.Unknown);
            return admitted.Outcome == VerdictOutcome.Accepted
                ? context => context.QuestionOfChallenge(profile, request.Account, authorization, admitted.With(verdict.Facts.With(match.Device).With(tickets.Tickets)), match)
                : null;
        }

        Verdict JudgeUnder(AnchorVersion anchors) => DeviceAttest01.Judge(
            new AttestationQuestion
            {
                Profile = profile,
                Ledger = Ledger,
                Tickets = tickets,
                Anchors = anchors.Of(profile.AnchorFolders),
                Identifier = authorization.Identifier,
                Token = challenge.Token,
                KeyAuthorization = RespondToChallenge.KeyAuthorization(request, challenge),
                VerifiedIntermediates = intermediates,
                Policies = [.. policies.Select(source => source.For(profile.Attestation))],
                Now = request.Now,
            },
            response);

        LedgerMatch Ledger(IReadOnlyList<DeviceKey> keys)
        {
            using var context = db.Read();
            return inventories.Of(context, context.Match(keys), request.Now);
        }

        TicketQuestion Tickets()
        {
            using var context = db.Read();
            return context.AskTickets(profile, authorization.Identifier, request.Account, request.Now);
        }
    }

    private Decision Save(AcmeContext context, AcmeRequest request, ChallengeId id, Judged judged)
    {
        var (profile, version, anchorSetHash, evidenceVerdict, answers, statement) = judged;
        var now = request.Now;
        var authorization = context.FindAuthorizationOf(id)!;
        var challenge = authorization.Find(id);
        if (challenge.Status == ChallengeStatus.Valid)
        {
            // answered twice at once: the first answer decided, and its key stands
            return new Decision(challenge, []);
        }

        // asked here, in the transaction, so that what was said of the device a moment ago counts, and a ticket's last use is used once
        var tickets = context.AskTickets(profile, authorization.Identifier, request.Account.Id, now);
        var names = profile.NamesOf(authorization.Identifier, evidenceVerdict);
        var (ticketVerdict, match, ticketReason) = TicketCheck.Judge(evidenceVerdict, tickets, inventories.Of(context, context.Match(names), now), names);
        var verdict = answers.Judge(Admission.Judge(ticketVerdict, match, profile.Devices.Unknown), profile.Attestation);
        var watch = new AnomalyWatch(context, Sight.Of(evidenceVerdict, profile.ProvenName(authorization.Identifier, evidenceVerdict), id.Value, profile.Attestation.Scope));
        var anomalies = watch.Compare(profile.Anomalies);
        IReadOnlyList<Check> checks = [.. verdict.Checks, .. anomalies.Select(anomaly => anomaly.AsCheck())];
        var reason = checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Failed)?.Reason?.Code;
        var accepted = verdict.Outcome == VerdictOutcome.Accepted && reason is null;
        if (accepted && match.Device is { } known)
        {
            // nothing is decided and nothing of it is stored: the challenge can be answered later
            request.IsAbout(known.Id);
            context.RequireRoomForProof(profile, known.Id, request.Account.Id, now);
        }

        var evidence = new StoredEvidence
        {
            Id = new EvidenceId(Secrets.Id(now)),
            Kind = EvidenceKinds.Challenge,
            At = now,
            Accepted = accepted,
            Reason = reason,
            Format = verdict.Format,
            Profile = profile.Name,
            ProfileHash = profile.Hash,
            AnchorSetHash = anchorSetHash,
            IdentifierType = authorization.Identifier.Type,
            IdentifierValue = tickets.ByCode ? $"ticket:{tickets.Presented?.Id}" : authorization.Identifier.Value,
            Account = request.Account.Id,
            Authorization = authorization.Id,
            Challenge = id,
            Device = accepted && !match.IsUnnamed ? context.Prove(match, profile.KeysOf(authorization.Identifier, evidenceVerdict), profile, now) : null,
            Token = challenge.Token,
            Thumbprint = request.Key.Thumbprint,
            Anomalies = EvidenceVault.Write(anomalies),
            Verdict = System.Text.Encoding.UTF8.GetString(VerdictJson.Write(verdict)),
            Statement = statement,
        };
        context.Keep(profile, evidence);
        versions.Record(context, version, profile.AnchorFolders);
        if (evidenceVerdict.Outcome == VerdictOutcome.Accepted)
        {
            watch.Remember(evidence.Id, accepted, now);
        }

        // a ticket is no evidence: it must be good where evidence is merely observed too
        if (accepted || (profile.Attestation.Mode == AttestationMode.Observe && ticketReason is null))
        {
            if (tickets.Presented is { } presented)
            {
                context.Record(presented.Use(request.Account.Id, TicketPresentation.ClientIdentifier, profile.Name, now));
                context.Accounts.Single(account => account.Id == request.Account.Id).Bind(presented.Id, profile.Name);
            }

            // what refused evidence says proves nothing, even where its chain is good
            var outcome = new AttestationOutcome(accepted ? verdict.Device!.PublicKey.ToArray() : null, VerdictJson.WriteFacts(accepted ? verdict.Facts.WithoutLedger() : FactSet.Empty), evidence.Id, evidence.Device, tickets.Presented?.Id);
            context.Record(authorization.Accept(challenge, outcome, now, Lifetimes.ValidAuthorization));
            if (!accepted)
            {
                context.Record(authorization.Observed(reason!, now));
            }
            else if (!KeyProtection.IsProven(verdict.Facts))
            {
                context.Record(authorization.ResidencyUnproven(verdict.Format, now));
            }
        }
        else
        {
            context.Record(authorization.Reject(challenge, DeviceAttest01.Refusal(checks, authorization.Identifier, profile.Attestation.Privacy), evidence.Id, now, reason));
        }

        foreach (var anomaly in anomalies)
        {
            context.Record(anomaly.Event(evidence));
        }

        context.FollowAuthorization(authorization, now);
        return new Decision(challenge, anomalies);
    }

    private sealed record Decision(Challenge Challenge, IReadOnlyList<Anomaly> Anomalies);

    private sealed record Judged(CertificateProfile Profile, AnchorVersion Version, string AnchorSetHash, Verdict Verdict, WebhookAnswers Answers, byte[] Statement);
}
