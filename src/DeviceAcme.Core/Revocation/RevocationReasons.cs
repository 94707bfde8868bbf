using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Revocation;

/// <summary>The reason codes of RFC 5280 §5.3.1 that a revocation here may give.</summary>
internal static class RevocationReasons
{
    // nobody here speaks for the CA's own key (2), and a hold (6, 8) or an attribute authority (9, 10) has no meaning; 7 does not exist
    public static void Require(string field, int? reason)
    {
        if (reason is not (null or 0 or 1 or 3 or 4 or 5))
        {
            throw Problems.BadRevocationReason("revocation-reason-not-allowed", $"{field}: expected 0, 1, 3, 4 or 5 (RFC 5280 §5.3.1), or none, found {reason}");
        }
    }
}
