using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Apple;

/// <summary>A device management service and the words that it replaces in the profiles that it delivers.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Title">As it calls itself.</param>
/// <param name="Serial">What it replaces by the device's serial number.</param>
/// <param name="Udid">What it replaces by the device's UDID; null where it has no such word.</param>
/// <param name="RenewalMarker">A word that it wants in the subject, to know the certificate again and send the profile anew before it ends; null for none.</param>
internal sealed record MdmService(string Name, string Title, string Serial, string? Udid, string? RenewalMarker = null)
{
    /// <summary>The services that are known, one line each.</summary>
    public static IReadOnlyList<MdmService> All { get; } =
    [
        new("fleet", "Fleet", "$FLEET_VAR_HOST_HARDWARE_SERIAL", "$FLEET_VAR_HOST_UUID", "$FLEET_VAR_CERTIFICATE_RENEWAL_ID"),
        new("intune", "Microsoft Intune", "{{serialnumber}}", null),
        new("iru", "Iru (Kandji)", "$SERIAL_NUMBER", "$UDID"),
        new("jamf", "Jamf Pro", "$SERIALNUMBER", "$UDID"),
        new("mosyle", "Mosyle", "%SerialNumber%", "%UUID%"),
        new("workspace-one", "Workspace ONE UEM", "{DeviceSerialNumber}", "{DeviceUid}"),
    ];

    /// <summary>The word for a fact of the evidence; null where the service has none.</summary>
    public string? Variable(string fact) => fact switch
    {
        DeviceFacts.Serial => Serial,
        DeviceFacts.Udid => Udid,
        _ => null,
    };

    public static MdmService Find(string name) => All.FirstOrDefault(service => service.Name == name)
        ?? throw new WrongUse($"--mdm: '{name}' is not known", NearestName.Hint(name, [.. All.Select(service => service.Name)]));
}

/// <summary>The facts of a device that its management knows too.</summary>
internal static class DeviceFacts
{
    public const string Serial = "device.serial";
    public const string Udid = "device.udid";
}
