using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Server.Storage;

/// <summary>How issuances that take time are found.</summary>
internal static class IssuanceQueries
{
    /// <summary>Whether what an officer last said of the same subject still counts, and was a yes.</summary>
    public static bool IsApproved(this AcmeContext context, CertificateProfile profile, string subject, DateTimeOffset now)
    {
        if (profile.Approval.CountsFor is not { } span)
        {
            return false;
        }

        var last = context.PendingIssuances
            .Where(issuance => issuance.Profile == profile.Name && issuance.Subject == subject && issuance.Decision != null)
            .OrderByDescending(issuance => issuance.RequestedAt)
            .Select(issuance => new { issuance.Decision, issuance.DecidedAt })
            .FirstOrDefault();
        return last is { Decision: OfficerDecision.Approved, DecidedAt: { } at } && now < at + span;
    }

    /// <summary>What waits for an officer's answer on the same subject.</summary>
    public static IReadOnlyList<PendingIssuance> WaitingOf(this AcmeContext context, CertificateProfile profile, string subject) =>
        [.. context.PendingIssuances.Where(issuance => issuance.Profile == profile.Name && issuance.Subject == subject && issuance.State == IssuanceState.Waiting)];
}
