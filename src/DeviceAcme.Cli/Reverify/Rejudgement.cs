using System.Buffers.Text;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Cli.Verify;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Reverify;

/// <summary>Judges a stored piece of evidence as the server would: by its own profile version or another one, with other anchors.</summary>
internal sealed class Rejudgement(Func<CertificateProfile, AnchorSet> anchorsOf, CertificateProfile? newProfile, StatusList? statusList, DateTimeOffset? at)
{
    /// <summary>Shorter than any attestation object: nothing, or <c>{}</c>.</summary>
    private const int LargestEmpty = 2;

    private readonly VerifiedIntermediates _intermediates = new();
    private readonly Dictionary<string, CertificateProfile?> _profiles = new(StringComparer.Ordinal);

    /// <summary>Judges it and counts it; the change, where there is one.</summary>
    public Change? Judge(EvidenceRecord record, ReverifyState state)
    {
        if (record.Statement is null || record.Token is null || record.Thumbprint is null || record.Identifier is not { } identifier)
        {
            state.VerdictOnly++;
            return null;
        }

        var statement = Base64Url.DecodeFromChars(record.Statement);
        if (statement.Length <= LargestEmpty)
        {
            state.WithoutEvidence++;
            return null;
        }

        if (ProfileOf(record) is not { } profile || profile.Attestation.Mode == AttestationMode.None)
        {
            state.WithoutProfile++;
            return null;
        }

        state.Judged++;
        // what the ledger said then is no matter of the evidence
        var before = Admission.WithoutLedger(VerdictJson.Read(Encoding.UTF8.GetBytes(record.Verdict.GetRawText())));
        var (accepted, reason, found) = After(record, identifier, statement, profile);
        var wasAccepted = before.Outcome == VerdictOutcome.Accepted;
        if (wasAccepted == accepted && before.Reason?.Code == reason)
        {
            return null;
        }

        return new Change
        {
            Kind = wasAccepted == accepted ? Change.OtherReason : accepted ? Change.ToAccepted : Change.ToRefused,
            EvidenceId = record.Id,
            At = record.At,
            Profile = record.Profile,
            Format = record.Format,
            Identifier = identifier.Value,
            ReasonBefore = before.Reason?.Code,
            ReasonAfter = reason,
            Found = found,
        };
    }

    private (bool Accepted, string? Reason, string? Found) After(EvidenceRecord record, AcmeIdentifier identifier, byte[] statement, CertificateProfile profile)
    {
        if (!profile.Identifiers.TryGetValue(identifier.Type, out var rule))
        {
            return (false, "identifier-type-not-offered", $"the profile offers no {identifier.Type}");
        }

        if (!rule.Allows(identifier.Value))
        {
            return (false, "identifier-not-allowed", "no pattern of identifiers.allow matches");
        }

        var verdict = DeviceAttest01.Judge(
            new AttestationQuestion
            {
                Profile = profile,
                Anchors = anchorsOf(profile),
                Identifier = identifier,
                Token = record.Token!,
                KeyAuthorization = $"{record.Token}.{record.Thumbprint}",
                VerifiedIntermediates = _intermediates,
                Policies = [Android(profile.Attestation)],
                Now = at ?? record.At,
            },
            new ChallengeResponse(statement, null));
        var decisive = verdict.Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Failed);
        return (verdict.Outcome == VerdictOutcome.Accepted, verdict.Reason?.Code, decisive is null ? null : $"{decisive.Name}: {decisive.Found}");
    }

    private CertificateProfile? ProfileOf(EvidenceRecord record)
    {
        if (newProfile is not null)
        {
            return newProfile;
        }

        if (record.ProfileText is null)
        {
            return null;
        }

        if (!_profiles.TryGetValue(record.ProfileHash, out var profile))
        {
            profile = ProfileFile.Parse($"{record.Profile}.yaml", record.ProfileText, new Mistakes());
            _profiles[record.ProfileHash] = profile;
        }

        return profile;
    }

    // without a list here, no list is not what the evidence is to be refused for
    private AndroidPolicy Android(AttestationRule rule) =>
        statusList is null ? AndroidPolicyRule.Of(rule, null) with { AcceptWithoutStatusList = true } : AndroidPolicyRule.Of(rule, statusList);
}
