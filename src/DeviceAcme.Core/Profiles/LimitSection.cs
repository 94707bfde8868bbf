using System.Globalization;

namespace DeviceAcme.Core.Profiles;

/// <summary>How much one device, or one account, may have in a profile; null where there is no bound.</summary>
/// <param name="Certificates">Certificates that are valid at a time.</param>
/// <param name="OrdersPerHour">Orders within an hour; of a device those that it proved.</param>
/// <param name="Accounts">Accounts that have something good of a device at a time; for devices alone.</param>
internal sealed record Limits(int? Certificates, int? OrdersPerHour, int? Accounts)
{
    public static Limits None { get; } = new(null, null, null);
}

/// <summary>Reads <c>limits:</c> of <c>devices:</c> and <c>accounts:</c>.</summary>
internal static class LimitSection
{
    internal static readonly string[] OfDevices = ["certificates", "orders-per-hour", "accounts"];
    internal static readonly string[] OfAccounts = ["certificates", "orders-per-hour"];

    private const int Most = 100_000;

    public static Limits Read(ProfileNode? node, IReadOnlyCollection<string> known)
    {
        if (node is null)
        {
            return Limits.None;
        }

        var properties = node.Properties(known);
        return new Limits(Number("certificates"), Number("orders-per-hour"), Number("accounts"));

        int? Number(string name)
        {
            if (!properties.TryGetValue(name, out var value))
            {
                return null;
            }

            if (int.TryParse(value.Scalar, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= Most)
            {
                return number;
            }

            value.Mistake($"expected a number from 1 to {Most}; to shut devices out, block them");
            return null;
        }
    }
}
