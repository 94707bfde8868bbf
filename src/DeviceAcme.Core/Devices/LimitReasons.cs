using DeviceAcme.Attestation;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Devices;

/// <summary>What is refused for now because there is enough of it: <c>rateLimited</c> with the time from which on it is not.</summary>
internal static class LimitReasons
{
    /// <summary>The name of the check at finalize.</summary>
    public const string Check = "limits";

    public const string Rule = "the device and the account have fewer certificates than the profile allows";

    public static Reason DeviceCertificates { get; } = Row("device-limit-certificates", "The device has as many valid certificates as devices.limits.certificates allows: revoke those that it does not use, or allow one more than a renewal needs.");
    public static Reason DeviceOrders { get; } = Row("device-limit-orders", "The device proved as many orders within an hour as devices.limits.orders-per-hour allows: look whether its client tries again and again.");
    public static Reason DeviceAccounts { get; } = Row("device-limit-accounts", "As many accounts have something good of this device as devices.limits.accounts allows: deactivate those that it does not use.");
    public static Reason AccountCertificates { get; } = Row("account-limit-certificates", "The account has as many valid certificates as accounts.limits.certificates allows: revoke those that it does not use.");
    public static Reason AccountOrders { get; } = Row("account-limit-orders", "The account made as many orders within an hour as accounts.limits.orders-per-hour allows: look whether its client tries again and again.");

    public static IReadOnlyList<Reason> All { get; } = [DeviceCertificates, DeviceOrders, DeviceAccounts, AccountCertificates, AccountOrders];

    /// <summary>The refusal, until there is room again.</summary>
    public static ProblemException Refusal(Reason reason, int limit, DateTimeOffset roomAt, DateTimeOffset now) => Problems.RateLimited(
        reason.Code,
        $"limits: expected fewer than {limit}. {reason.Advice}",
        (int)Math.Clamp(Math.Ceiling((roomAt - now).TotalSeconds), 1, int.MaxValue));

    private static Reason Row(string code, string advice) => new(code, "limit", advice);
}
