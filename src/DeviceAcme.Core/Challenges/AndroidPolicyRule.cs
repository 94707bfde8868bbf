using DeviceAcme.Attestation.AndroidKey;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Core.Challenges;

/// <summary>What a profile says of <c>android-key</c> evidence, as its verifier takes it.</summary>
internal static class AndroidPolicyRule
{
    /// <param name="rule">The profile's words.</param>
    /// <param name="statusList">The status list in force; null while none is loaded.</param>
    public static AndroidPolicy Of(AttestationRule rule, StatusList? statusList)
    {
        var list = rule.StatusList ?? StatusListRule.Strict;
        return AndroidPolicy.Strict with
        {
            StatusList = statusList,
            StatusListMaxAge = list.StaleAfter,
            AcceptWithoutStatusList = list.AcceptMissing,
            TolerateExpired = rule.TolerateExpired,
        };
    }
}
