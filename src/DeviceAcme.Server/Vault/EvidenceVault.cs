using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Vault;

/// <summary>Where verdicts are put away, with what was in force, as long as the profile says.</summary>
internal static class EvidenceVault
{
    /// <summary>Stores a verdict in the transaction of the transition that it led to; what the profile does not keep is never written.</summary>
    public static void Keep(this AcmeContext context, CertificateProfile profile, StoredEvidence evidence)
    {
        if (profile.Evidence.Verdicts is null)
        {
            return;
        }

        if (profile.Evidence.Statements is null)
        {
            evidence.Statement = null;
        }

        context.Remember(profile);
        context.Evidence.Add(evidence);
    }

    /// <summary>Stores the text of a profile version, once.</summary>
    public static void Remember(this AcmeContext context, CertificateProfile profile)
    {
        if (context.Profiles.Find(profile.Hash) is null)
        {
            context.Profiles.Add(new StoredProfile { Hash = profile.Hash, Name = profile.Name, Text = profile.Text });
        }
    }
}
