using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Orders;

namespace DeviceAcme.Server.Issuance;

/// <summary>What came of judging an issuance, with the checks that led there. Nothing of it is stored yet.</summary>
internal abstract record IssuanceOutcome(FinalizeChecks Checks)
{
    /// <summary>A check failed, or the CA refused.</summary>
    public sealed record Refused(FinalizeChecks Checks) : IssuanceOutcome(Checks);

    /// <summary>Everything is good, and an officer has to agree.</summary>
    public sealed record NeedsApproval(FinalizeChecks Checks, ApprovalCauses Causes) : IssuanceOutcome(Checks);

    /// <summary>The certificate is signed: the caller commits it before anybody sees it.</summary>
    public sealed record Issued(FinalizeChecks Checks, IssuedCertificate Certificate) : IssuanceOutcome(Checks);
}
