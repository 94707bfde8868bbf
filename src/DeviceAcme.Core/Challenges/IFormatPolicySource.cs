using DeviceAcme.Attestation;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Core.Challenges;

/// <summary>What one format needs beyond the evidence: a profile's words on it, and what the server keeps for it.</summary>
internal interface IFormatPolicySource
{
    /// <summary>The policy of that format for evidence that this profile asks for.</summary>
    FormatPolicy For(AttestationRule rule);
}
