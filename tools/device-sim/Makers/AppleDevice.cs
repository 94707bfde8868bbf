using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Simulator.Makers;

/// <summary>The properties that Apple attests. Null leaves the extension out, an empty text leaves it blank.</summary>
internal sealed record AppleDevice
{
    public string? Serial { get; init; }
    public string? Udid { get; init; }

    /// <summary>SoftwareUpdateDeviceID, the model.</summary>
    public string? Model { get; init; }
    public string? OsVersion { get; init; }
    public string? SepOsVersion { get; init; }
    public string? LlbVersion { get; init; }
    public string? SecureBoot { get; init; }

    /// <summary>System Integrity Protection; 0 is on.</summary>
    public int? Sip { get; init; }
    public int? ThirdPartyKexts { get; init; }

    public static AppleDevice Mac(string serial = "C02SIM000001") => new()
    {
        Serial = serial,
        Udid = "00006030-000A51D200000001",
        Model = "J514sAP",
        OsVersion = "15.5",
        SepOsVersion = "15.5",
        LlbVersion = "15.5",
        SecureBoot = "Full Security",
        Sip = 0,
        ThirdPartyKexts = 0,
    };

    /// <summary>A UDID that belongs to this serial number alone.</summary>
    public static string UdidOf(string serial)
    {
        var octets = Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(serial)));
        return $"00008120-{octets[..16]}";
    }

    /// <summary>Apple silicon since the A12, no Mac-only properties.</summary>
    public static AppleDevice AppleTv(string serial = "F2LSIMTV01") => new()
    {
        Serial = serial,
        Udid = "00008110-000A51D200000003",
        Model = "AppleTV14,1",
        OsVersion = "18.5",
        SepOsVersion = "18.5",
        LlbVersion = "18.5",
    };

    /// <summary>No Mac-only properties.</summary>
    public static AppleDevice IPhone(string serial = "F2LSIM0001") => new()
    {
        Serial = serial,
        Udid = "00008120-000A51D200000002",
        Model = "iPhone15,3",
        OsVersion = "18.5",
        SepOsVersion = "18.5",
        LlbVersion = "18.5",
    };
}
