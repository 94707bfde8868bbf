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
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Vault;

namespace DeviceAcme.Server.Tpm;

/// <summary>What an attestation CA was shown, what it made of it, and what was in force then: all that is written down of an exchange.</summary>
internal sealed record JudgedTpm(CertificateProfile Profile, ActivationRequest Request, AnchorVersion Version, EkJudgement Judgement, DateTimeOffset At)
{
    public Verdict Verdict => Judgement.Verdict;

    /// <summary>The keys and the identifier; null where the verdict refuses.</summary>
    public (EndorsementKey EndorsementKey, AttestationKey AttestationKey, string Identifier)? Keys =>
        Judgement is { EndorsementKey: { } endorsementKey, AttestationKey: { } attestationKey, Identifier: { } identifier } ? (endorsementKey, attestationKey, identifier) : null;

    public static string HashOf(EndorsementKey key) => Convert.ToHexStringLower(SHA256.HashData(key.PublicKey.Span));

    /// <summary>Writes down what was refused; the caller bounds how often.</summary>
    public void SaveRefusal(AcmeContext context, AnchorVersions versions)
    {
        var evidence = Evidence(null, null);
        context.Keep(Profile, evidence);
        versions.Record(context, Version, Profile.AnchorFolders);
        context.Record(new AuditEvent { At = At, Kind = "attestation-key.refused", Profile = Profile.Name, Reason = Verdict.Reason!.Code, Detail = $"evidence {evidence.Id}" });
    }

    /// <summary>Writes down the certificate of an attestation key, with what it was issued on.</summary>
    public void SaveCertified(AcmeContext context, AnchorVersions versions, IssuedCertificate issued)
    {
        var (endorsementKey, _, identifier) = Keys!.Value;
        var device = context.Seen(new AcmeIdentifier(AcmeIdentifier.PermanentIdentifier, identifier), At);
        var evidence = Evidence(identifier, device);
        context.Keep(Profile, evidence);
        versions.Record(context, Version, Profile.AnchorFolders);
        var key = new StoredAttestationKey
        {
            Id = new CertificateId(Secrets.Id()),
            Profile = Profile.Name,
            Device = device,
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
        context.Record(new AuditEvent { At = At, Kind = "attestation-key.certified", Profile = Profile.Name, Certificate = key.Id, Detail = $"{identifier}, evidence {evidence.Id}" });
    }

    private StoredEvidence Evidence(string? identifier, DeviceId? device) => new()
    {
        Id = new EvidenceId(Secrets.Id()),
        Kind = EvidenceKinds.TpmAttestation,
        At = At,
        Accepted = Verdict.Outcome == VerdictOutcome.Accepted,
        Reason = Verdict.Reason?.Code,
        Format = Verdict.Format,
        Profile = Profile.Name,
        ProfileHash = Profile.Hash,
        AnchorSetHash = Version.Of(Profile.AnchorFolders).Hash,
        IdentifierType = identifier is null ? null : AcmeIdentifier.PermanentIdentifier,
        IdentifierValue = identifier,
        Device = device,
        Verdict = Encoding.UTF8.GetString(VerdictJson.Write(Verdict)),
        Statement = Request.ToJson(),
    };
}
