namespace DeviceAcme.Core.Profiles;

/// <summary>What becomes of a genuine device that the ledger does not have.</summary>
internal enum UnknownDevices
{
    Refuse,
    Register,
}

/// <summary>What a profile says about devices and the ledger.</summary>
/// <param name="Unknown">A device that the ledger does not have.</param>
/// <param name="Said">False where the profile is silent, as those of earlier versions are: then whoever proves to be genuine is registered, and the start warns.</param>
internal sealed record DeviceRule(UnknownDevices Unknown, bool Said)
{
    public static DeviceRule Silent { get; } = new(UnknownDevices.Register, false);
}

/// <summary>Reads the <c>devices:</c> part of a profile file.</summary>
internal static class DeviceSection
{
    internal static readonly string[] Known = ["unknown"];

    public static DeviceRule Read(ProfileNode? node)
    {
        if (node is null)
        {
            return DeviceRule.Silent;
        }

        var properties = node.Properties(Known);
        if (!properties.TryGetValue("unknown", out var unknown))
        {
            return new DeviceRule(UnknownDevices.Refuse, true);
        }

        if (unknown.Scalar == "approve")
        {
            unknown.Mistake("'approve' needs approvals, which this version does not have: choose refuse or register");
            return new DeviceRule(UnknownDevices.Refuse, true);
        }

        return new DeviceRule(
            unknown.Choice(new Dictionary<string, UnknownDevices> { ["refuse"] = UnknownDevices.Refuse, ["register"] = UnknownDevices.Register }), true);
    }
}
