using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Tpm;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Refusals;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Vault;

namespace DeviceAcme.Server.Tpm;

/// <summary>
/// The attestation CA (TPM 2.0 part 1 §24): judges an endorsement key, hides a secret that only its TPM can read, and certifies the attestation key
/// for whoever brings the secret back. What was judged is judged once more then, under the anchors and the profile in force by then.
/// </summary>
internal sealed class CredentialActivation(
    AcmeDb db, RefusalRecords refusals, AnchorVersions versions, IssuerSearch issuers, AttestationAuthorities authorities, VerifiedIntermediates intermediates, Capacity capacity, TimeProvider time, ILogger<CredentialActivation> log)
{
    /// <summary>The first half. Throws the problem that a refused verdict becomes, after it is stored.</summary>
    public async Task<(ActivationId Id, ActivationChallenge Challenge)> Begin(CertificateProfile profile, ActivationRequest request, CancellationToken cancellation)
    {
        using var place = await capacity.Enter(cancellation);
        var judged = Judge(profile, request, activated: false);
        if (await issuers.Complete(
            judged.Verdict, judged.Version, profile.AnchorFolders, new AnchorUse(EkVerifier.Format, profile.Name), anchors => MissingIssuers.Of(request.EndorsementCertificates, anchors), cancellation) is not null)
        {
            judged = Judge(profile, request, activated: false);
        }

        if (judged.Keys is not var (endorsementKey, attestationKey, identifier))
        {
            throw await Refuse(judged);
        }

        var secret = Secrets.Activation();
        var hidden = endorsementKey.MakeCredential(attestationKey.Name, secret, Secrets.Octets);
        var activation = new Activation
        {
            Id = new ActivationId(Secrets.Id(judged.At)),
            Profile = profile.Name,
            SecretHash = Activation.HashOf(secret),
            EndorsementKeyHash = JudgedTpm.HashOf(endorsementKey),
            Request = request.ToJson(),
            CreatedAt = judged.At,
            Expires = judged.At + Activation.Lifetime,
        };
        await db.Commit(context => ActivationLimits.Add(context, activation), cancellation);
        return (activation.Id, new ActivationChallenge(hidden.CredentialBlob, hidden.EncryptedSecret, identifier, activation.Expires));
    }

    /// <summary>The second half, where the secret alone says which exchange it belongs to.</summary>
    public Task<AttestationKeyCertificate> Complete(CertificateProfile profile, ActivationSecret secret, CancellationToken cancellation)
    {
        var hash = Activation.HashOf(secret.Secret.Span);
        return Complete(profile, Find, cancellation);

        Activation Find(AcmeContext context) => context.Activations.FirstOrDefault(row => row.SecretHash == hash && row.Profile == profile.Name)
            ?? throw Problems.Unauthorized("activation-secret-unknown", "secret: expected one that this attestation CA has hidden a short while ago, found another");
    }

    /// <summary>The second half of a named exchange: a wrong secret ends it.</summary>
    public async Task<AttestationKeyCertificate> Complete(CertificateProfile profile, ActivationId id, ActivationSecret secret, CancellationToken cancellation)
    {
        using var place = await capacity.Enter(cancellation);
        bool right;
        await using (var context = db.Read())
        {
            var activation = Find(context);
            activation.RequireOpen(time.GetUtcNow());
            right = activation.IsSecret(secret.Secret.Span);
        }

        if (right)
        {
            return await Complete(profile, Find, cancellation);
        }

        await db.Commit(context => Spoil(context, Find(context), time.GetUtcNow()), CancellationToken.None);
        throw Problems.Unauthorized("activation-secret-wrong", "secret: expected the one that was hidden in this exchange; another TPM, or another attestation key, gave this one back");

        Activation Find(AcmeContext context) => context.Activations.FirstOrDefault(row => row.Id == id && row.Profile == profile.Name)
            ?? throw Problems.Malformed("activation-unknown", "path: there is no such exchange; begin a new one", StatusCodes.Status404NotFound);
    }

    private async Task<AttestationKeyCertificate> Complete(CertificateProfile profile, Func<AcmeContext, Activation> find, CancellationToken cancellation)
    {
        Activation activation;
        await using (var context = db.Read())
        {
            activation = find(context);
            activation.RequireOpen(time.GetUtcNow());
        }

        var judged = Judge(profile, ActivationRequest.Parse(StrictJson.ParseObject(activation.Request, "stored request")), activated: true);
        if (judged.Keys is not var (endorsementKey, attestationKey, identifier))
        {
            await db.Commit(context => find(context).Use(judged.At), CancellationToken.None);
            throw await Refuse(judged);
        }

        var plan = AttestationKeyPlanner.Plan(new AttestationKeyInputs
        {
            PublicKey = attestationKey.PublicKey,
            EndorsementKey = endorsementKey.PublicKey,
            Identifier = identifier,
            Facts = judged.Verdict.Facts,
            Now = judged.At,
        });
        var issued = await authorities.Find(profile.Name)!.Issue(plan, cancellation);

        // not cancelled with the request: what was signed must be known to the store
        var anomalies = await db.Commit(
            context =>
            {
                // two at once with the same secret: the second one finds it used, and its certificate was never shown to anybody
                find(context).Use(judged.At);
                return judged.SaveCertified(context, versions, issued);
            },
            CancellationToken.None);
        anomalies.Log(log, profile.Name);
        if (anomalies.Any(anomaly => anomaly.Response == AnomalyResponse.Refuse))
        {
            throw Refusal(judged, anomalies);
        }

        return new AttestationKeyCertificate([issued.Certificate, .. issued.Chains[0]]);
    }

    private JudgedTpm Judge(CertificateProfile profile, ActivationRequest request, bool activated)
    {
        // one version for the judgement and for what is written about it, whatever comes into force meanwhile
        var version = versions.Current;
        var now = time.GetUtcNow();
        var judgement = EkVerifier.Verify(new EkEvidence
        {
            Certificates = request.EndorsementCertificates,
            PublicKey = request.EndorsementPublicKey,
            PublicArea = request.EndorsementPublicArea,
            AttestationKey = new AkCreation(request.AttestationPublicArea, request.CreationData, request.CreationAttestation, request.CreationSignature),
            Policy = profile.Attestation.Ek!,
            Profile = profile.Name,
            Anchors = version.Of(profile.AnchorFolders),
            Now = now,
            Activated = activated,
            VerifiedIntermediates = intermediates,
        });
        using var context = db.Read();
        return new JudgedTpm(profile, request, version, judgement, now).With(context);
    }

    private async Task<ProblemException> Refuse(JudgedTpm judged)
    {
        var kind = new RefusalKind(RefusedAs.AttestationKey, judged.Verdict.Reason!.Code, judged.Profile.Name);
        EvidenceId? evidence = await refusals.Admit(kind, judged.At) ? await db.Commit(context => judged.SaveRefusal(context, versions), CancellationToken.None) : null;
        return Refusal(judged, [], evidence);
    }

    // there is no order whose URL could be asked about, so the problem names the evidence (RFC 9457 §3.1.5)
    private static ProblemException Refusal(JudgedTpm judged, IReadOnlyList<Anomaly> anomalies, EvidenceId? evidence = null) => new(DeviceAttest01.Refusal(
        judged.Verdict.Checks.Concat(anomalies.Select(anomaly => anomaly.AsCheck())), new AcmeIdentifier(AcmeIdentifier.PermanentIdentifier, ""), judged.Profile.Attestation.Privacy)
        with
    { Instance = evidence is { } id ? $"evidence/{id}" : null });

    private static void Spoil(AcmeContext context, Activation activation, DateTimeOffset now)
    {
        activation.Use(now);
        context.Record(new AuditEvent { At = now, Kind = RefusedAs.AttestationKey, Profile = activation.Profile, Reason = "activation-secret-wrong", Detail = $"exchange {activation.Id}" });
    }
}
