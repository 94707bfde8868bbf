using System.Text.RegularExpressions;

namespace DeviceAcme.Attestation.Idevid;

/// <summary>
/// The serialNumber of an IDevID's subject, taken apart. IEEE 802.1AR wants it to be the device's serial number, but two vendors write more into
/// it: Cisco <c>PID:C9300-24U SN:FCW2128G00Z</c>, HPE <c>serial, BaseMAC AABBCC-DDEEFF</c>. Any other text is the serial number as it stands.
/// </summary>
/// <param name="Serial">What the device's label and its owner's inventory have.</param>
/// <param name="Product">The product number, where it is there.</param>
/// <param name="BaseMac">The first MAC address, where it is there.</param>
internal sealed partial record SubjectSerialNumber(string Serial, string? Product, string? BaseMac)
{
    public static SubjectSerialNumber Read(string text)
    {
        if (Cisco().Match(text) is { Success: true } cisco)
        {
            return new SubjectSerialNumber(cisco.Groups[2].Value, cisco.Groups[1].Value, null);
        }

        return Hpe().Match(text) is { Success: true } hpe
            ? new SubjectSerialNumber(hpe.Groups[1].Value, null, hpe.Groups[2].Value)
            : new SubjectSerialNumber(text, null, null);
    }

    [GeneratedRegex(@"\APID:([!-~]{1,64}) SN:([!-~]{1,64})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Cisco();

    [GeneratedRegex(@"\A([!-+.-~-]{1,64}), BaseMAC ([0-9A-Fa-f]{6}-[0-9A-Fa-f]{6})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hpe();
}
