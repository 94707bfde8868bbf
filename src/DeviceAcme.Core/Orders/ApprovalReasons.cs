using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Orders;

/// <summary>Why a finalized order came to nothing while it waited for an officer.</summary>
internal static class ApprovalReasons
{
    private const string Approval = "approval";

    public static Reason Refused { get; } = new("approval-refused", Approval, "An officer refused the order, and the detail says why.");
    public static Reason Expired { get; } = new("approval-expired", Approval, "No officer answered in time (approval.expires): let the client order again, and tell the officers.");
    public static Reason Superseded { get; } = new("approval-superseded", Approval, "The same device ordered again while it waited: the officer is asked about its newest order.");

    public static IReadOnlyList<Reason> All { get; } = [Refused, Expired, Superseded];
}
