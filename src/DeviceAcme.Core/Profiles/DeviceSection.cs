namespace DeviceAcme.Core.Profiles;

/// <summary>What becomes of a genuine device that the ledger does not have.</summary>
internal enum UnknownDevices
{
    Refuse,
    Register,

    /// <summary>It comes into the ledger, and gets its first certificate when an officer agrees.</summary>
    Approve,
}

/// <summary>What a profile says about devices and the ledger.</summary>
/// <param name="Unknown">A device that the ledger does not have.</param>
/// <param name="Limits">What one device may have.</param>
/// <param name="Said">False where the profile is silent, as those of earlier versions are: then whoever proves to be genuine is registered, and the start warns.</param>
internal sealed record DeviceRule(UnknownDevices Unknown, Limits Limits, bool Said)
{
    public static DeviceRule Silent { get; } = new(UnknownDevices.Register, Limits.None, false);
}

/// <summary>Reads the <c>devices:</c> part of a profile file.</summary>
internal static class DeviceSection
{
    internal static readonly string[] Known = ["unknown", "limits"];

    internal static readonly IReadOnlyDictionary<string, UnknownDevices> Choices =
        Enum.GetValues<UnknownDevices>().ToDictionary(choice => choice.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    public static DeviceRule Read(ProfileNode? node)
    {
        if (node is null)
        {
            return DeviceRule.Silent;
        }

        var properties = node.Properties(Known);
        return new DeviceRule(
            properties.TryGetValue("unknown", out var unknown) ? unknown.Choice(Choices) : UnknownDevices.Refuse,
            LimitSection.Read(properties.GetValueOrDefault("limits"), LimitSection.OfDevices),
            true);
    }
}
