using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Core;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Protocol.Tpm;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Vault;

namespace DeviceAcme.Server.Tpm;

/// <summary>What an attestation CA was shown, what it made of it, and what was in force then: all that is written down of an exchange.</summary>
internal sealed record JudgedTpm(CertificateProfile Profile, ActivationRequest Request, AnchorVersion Version, EkJudgement Judgement, DateTimeOffset At)
{
    public Verdict Verdict => Judgement.Verdict;

    /// <summary>The keys and the identifier; null where the verdict refuses.</summary>
    public (EndorsementKey EndorsementKey, AttestationKey AttestationKey, string Identifier)? Keys => Verdict.Outcome != VerdictOutcome.Refused &&
        Judgement is { EndorsementKey: { } endorsementKey, AttestationKey: { } attestationKey, Identifier: { } identifier } ? (endorsementKey, attestationKey, identifier) : null;

    /// <summary>The same with the ledger's word on the TPM.</summary>
    public JudgedTpm With(AcmeContext context) => Keys is not { Identifier: { } name } ? this : this with
    {
        Judgement = Judgement with
        {
            Verdict = Admission.Judge(Verdict, context.Match(Profile.KeysOf(new AcmeIdentifier(AcmeIdentifier.PermanentIdentifier, name))), Profile.Devices.Unknown),
        },
    };

    public static string HashOf(EndorsementKey key) => Convert.ToHexStringLower(SHA256.HashData(key.PublicKey.Span));

    /// <summary>Writes down what was refused; the caller bounds how often.</summary>
    public EvidenceId SaveRefusal(AcmeContext context, AnchorVersions versions)
    {
        var evidence = Evidence(null, null, []);
        context.Keep(Profile, evidence);
        versions.Record(context, Version, Profile.AnchorFolders);
        context.Record(new AuditEvent { At = At, Kind = RefusedAs.AttestationKey, Profile = Profile.Name, Reason = Verdict.Reason!.Code, Detail = $"evidence {evidence.Id}" });
        return evidence.Id;
    }

    /// <summary>Writes down the certificate of an attestation key, with what it was issued on; or that an anomaly stands in its way.</summary>
    /// <returns>What does not fit to earlier evidence; where one of it refuses, there is no certificate.</returns>
    public IReadOnlyList<Anomaly> SaveCertified(AcmeContext context, AnchorVersions versions, IssuedCertificate issued)
    {
        var (endorsementKey, _, name) = Keys!.Value;
        var identifier = new AcmeIdentifier(AcmeIdentifier.PermanentIdentifier, name);
        var watch = new AnomalyWatch(context, Sight.Of(Verdict, identifier, "", Profile.Attestation.Scope));
        var anomalies = watch.Compare(Profile.Anomalies);
        var refused = anomalies.Any(anomaly => anomaly.Response == AnomalyResponse.Refuse);
        var device = refused ? (DeviceId?)null : context.Prove(context.Match(Profile.KeysOf(identifier)), Profile.KeysOf(identifier, Verdict), Profile, At);
        var evidence = Evidence(name, device, anomalies);
        watch.Remember(evidence.Id, !refused, At);
        foreach (var anomaly in anomalies)
        {
            context.Record(anomaly.Event(evidence));
        }

        context.Keep(Profile, evidence);
        versions.Record(context, Version, Profile.AnchorFolders);
        if (device is null)
        {
            context.Record(new AuditEvent { At = At, Kind = RefusedAs.AttestationKey, Profile = Profile.Name, Reason = evidence.Reason, Detail = $"evidence {evidence.Id}" });
            return anomalies;
        }

        var key = new StoredAttestationKey
        {
            Id = new CertificateId(Secrets.Id(At)),
            Profile = Profile.Name,
            Device = device.Value,
            Evidence = evidence.Id,
            EndorsementKeyHash = HashOf(endorsementKey),
            Serial = issued.Serial,
            IssuerKeyId = issued.IssuerKeyId,
            Certificate = issued.Certificate.ToArray(),
            Fingerprint = Convert.ToHexStringLower(SHA256.HashData(issued.Certificate.Span)),
            NotBefore = issued.NotBefore,
            NotAfter = issued.NotAfter,
            CreatedAt = At,
        };
        context.AttestationKeys.Add(key);
        context.Record(new AuditEvent { At = At, Kind = "attestation-key.certified", Profile = Profile.Name, Certificate = key.Id, Detail = $"{name}, evidence {evidence.Id}" });
        return anomalies;
    }

    private StoredEvidence Evidence(string? identifier, DeviceId? device, IReadOnlyList<Anomaly> anomalies) => new()
    {
        Id = new EvidenceId(Secrets.Id(At)),
        Kind = EvidenceKinds.TpmAttestation,
        At = At,
        Accepted = device is not null,
        Reason = Verdict.Reason?.Code ?? anomalies.FirstOrDefault(anomaly => anomaly.Response == AnomalyResponse.Refuse)?.Kind.Name,
        Format = Verdict.Format,
        Profile = Profile.Name,
        ProfileHash = Profile.Hash,
        AnchorSetHash = Version.Of(Profile.AnchorFolders).Hash,
        IdentifierType = identifier is null ? null : AcmeIdentifier.PermanentIdentifier,
        IdentifierValue = identifier,
        Device = device,
        Anomalies = EvidenceVault.Write(anomalies),
        Verdict = Encoding.UTF8.GetString(VerdictJson.Write(Verdict)),
        Statement = Request.ToJson(),
    };
}
