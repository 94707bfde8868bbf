using System.Text.Json;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Vault;

/// <summary>Where verdicts are put away, with what was in force, as long as the profile says.</summary>
internal static class EvidenceVault
{
    private const string FinalizeRefused = "order.finalize-refused";
    private const int MostRefused = 16;

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
        context.Insert(evidence);
    }

    /// <summary>
    /// Stores a refused finalize. The order stays open and its client may try for as long as it lives, so only the first ones and the last are
    /// kept.
    /// </summary>
    /// <returns>Whether an event says it, too.</returns>
    public static bool KeepRefused(this AcmeContext context, CertificateProfile profile, StoredEvidence evidence)
    {
        var isOneOfTheFirst = context.Events.Count(happened => happened.Order == evidence.Order && happened.Kind == FinalizeRefused) < MostRefused;
        if (isOneOfTheFirst)
        {
            context.Record(new AuditEvent { At = evidence.At, Kind = FinalizeRefused, Profile = profile.Name, Account = evidence.Account, Order = evidence.Order, Reason = evidence.Reason });
        }
        else
        {
            context.Evidence.RemoveRange(context.Evidence.Where(row => row.Order == evidence.Order && row.Kind == evidence.Kind).OrderByDescending(row => row.At).ThenByDescending(row => row.Id).Take(1));
        }

        context.Keep(profile, evidence);
        return isOneOfTheFirst;
    }

    /// <summary>Anomalies as they are stored; null where there are none.</summary>
    public static string? Write(IReadOnlyList<Anomaly> anomalies) =>
        anomalies.Count == 0 ? null : JsonSerializer.Serialize([.. anomalies.Select(anomaly => anomaly.Entry())], AdminJson.Default.IReadOnlyListAnomalyEntry);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static IReadOnlyList<AnomalyEntry>? ReadAnomalies(string? stored) => stored is null ? null : JsonSerializer.Deserialize(stored, AdminJson.Default.IReadOnlyListAnomalyEntry);

    /// <summary>Stores the text of a profile version, once.</summary>
    public static void Remember(this AcmeContext context, CertificateProfile profile)
    {
        if (!context.Inserts<StoredProfile>(stored => stored.Hash == profile.Hash) && !context.HasStored(profile.Hash, context.Hot.HasProfile))
        {
            context.Insert(new StoredProfile { Hash = profile.Hash, Name = profile.Name, Text = profile.Text });
        }
    }
}
