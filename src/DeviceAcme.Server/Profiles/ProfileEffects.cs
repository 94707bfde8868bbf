using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Profiles;

/// <summary>Whom changed profiles would concern: orders under way, and devices by their latest good evidence.</summary>
internal sealed class ProfileEffects(AcmeDb db, ProfileVersion current, TimeProvider time)
{
    /// <summary>Evidence that is looked at for each profile: some hundredths of a second. 'deviceacme coverage' looks at all.</summary>
    private const int MostEvidence = 500;

    public async Task<IReadOnlyList<ProfileEffect>> Of(IReadOnlyList<CertificateProfile> profiles, CancellationToken cancellation)
    {
        var effects = new List<ProfileEffect>();
        await using var context = db.Read();
        foreach (var profile in profiles)
        {
            var before = current.Set.Find(profile.Name);
            var differences = ProfileComparison.Between(before, profile);
            var (devices, refused) = before is null || before.Hash == profile.Hash ? (0, 0) : await Devices(context, before, profile, cancellation);
            var now = time.GetUtcNow();
            effects.Add(new ProfileEffect
            {
                Name = profile.Name,
                Change = before is null ? "new" : before.Hash == profile.Hash ? "same" : differences.Count == 0 ? "layout" : "changed",
                Before = before?.Hash,
                After = profile.Hash,
                Differences = differences,
                WaitingOrders = await context.Orders.CountAsync(
                    order => (order.Status == OrderStatus.Pending || order.Status == OrderStatus.Ready || order.Status == OrderStatus.Processing) && order.Profile == profile.Name && order.Expires > now,
                    cancellation),
                Devices = devices,
                Refused = refused,
            });
        }

        return effects;
    }

    private static async Task<(int Devices, int Refused)> Devices(AcmeContext context, CertificateProfile before, CertificateProfile after, CancellationToken cancellation)
    {
        var rows = await context.Evidence
            .Where(row => row.Profile == after.Name)
            .OrderByDescending(row => row.At).ThenByDescending(row => row.Id)
            .Take(MostEvidence)
            .Where(row => row.Kind == EvidenceKinds.Challenge && row.Accepted && row.IdentifierType != null && row.IdentifierValue != null)
            .Select(row => new { Type = row.IdentifierType!, Value = row.IdentifierValue!, row.Verdict })
            .ToListAsync(cancellation);
        var latest = rows.DistinctBy(row => (row.Type, row.Value)).ToList();
        var refused = 0;
        foreach (var row in latest)
        {
            var verdict = VerdictJson.Read(Encoding.UTF8.GetBytes(row.Verdict));
            var identifier = new AcmeIdentifier(row.Type, row.Value);
            refused += ProfileComparison.Refusals(after, verdict, identifier).Count > 0 && ProfileComparison.Refusals(before, verdict, identifier).Count == 0 ? 1 : 0;
        }

        return (latest.Count, refused);
    }
}
