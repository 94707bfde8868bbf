using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>A device with a birth certificate: its key and names stay the same for its life.</summary>
internal sealed class IdevidDevice
{
    // an RSA key from a seed takes a second
    private static readonly ConcurrentDictionary<(IdevidVendor, string), RSA> RsaKeys = new();

    private IdevidDevice(IdevidVendor vendor)
    {
        Vendor = vendor;
    }

    public IdevidVendor Vendor { get; }
    public required string Model { get; init; }

    /// <summary>The serial number on its label.</summary>
    public required string SerialNumber { get; init; }

    /// <summary>Type and serial number of its security chip, as the certificate names them; null where it names none.</summary>
    public (string Type, string Serial)? Module { get; init; }

    /// <summary>What it orders: chip serial and type (device-attest §4).</summary>
    public required string Identifier { get; init; }

    public required FakeCa Root { get; init; }
    public required FakeCa Issuer { get; init; }
    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>The IDevID key, RSA; null for a device with an EC key.</summary>
    public RSA? Rsa { get; init; }

    /// <summary>The IDevID key, EC; its signatures follow RFC 6979.</summary>
    public EcKey? Ec { get; init; }

    public byte[] PublicKey => Rsa?.ExportSubjectPublicKeyInfo() ?? Ec!.PublicKey;

    /// <summary>A printer: RSA, HardwareModuleName beside the serial number, a certificate without end (99991231235959Z, RFC 5280 §4.1.2.5).</summary>
    public static IdevidDevice Printer(IdevidVendor vendor, string serial = "SIMPRINTER01") => new(vendor)
    {
        Model = "Simulated Printer",
        SerialNumber = serial,
        Module = (IdevidVendor.PrinterType, "CHIP-" + serial),
        Identifier = PrinterIdentifier(serial),
        Root = vendor.PrinterRoot,
        Issuer = vendor.PrinterCa,
        NotAfter = new DateTimeOffset(9999, 12, 31, 23, 59, 59, TimeSpan.Zero),
        Rsa = RsaKeys.GetOrAdd((vendor, serial), _ => RsaKey.Make(vendor.Seed, "idevid:" + serial, 2048)),
    };

    /// <summary>An IoT module: P-256, serial number in the subject alone, a certificate that ended three years after it was made.</summary>
    public static IdevidDevice IotModule(IdevidVendor vendor, string serial = "SIMMODULE001") => new(vendor)
    {
        Model = "Simulated IoT Module",
        SerialNumber = serial,
        Identifier = ModuleIdentifier(serial),
        Root = vendor.ModuleRoot,
        Issuer = vendor.ModuleCa,
        NotAfter = FakeCa.Epoch.AddYears(3),
        Ec = vendor.Seed.Key("idevid:" + serial, EcDomain.P256),
    };

    /// <summary>What a printer orders.</summary>
    public static string PrinterIdentifier(string serial = "SIMPRINTER01") => $"CHIP-{serial}/{IdevidVendor.PrinterType}";

    /// <summary>What an IoT module orders.</summary>
    public static string ModuleIdentifier(string serial = "SIMMODULE001") => $"{serial}/{IdevidVendor.ModuleType}";

    public ExtensionFields? Names(byte[]? serial = null) =>
        Module is var (type, text) ? IdevidVendor.HardwareModules((type, serial ?? Encoding.UTF8.GetBytes(text))) : null;

    /// <summary>As the chip signs: RSASSA-PKCS1-v1_5 or ECDSA in DER, both with SHA-256.</summary>
    public byte[] Sign(byte[] data) => Rsa?.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) ?? Ec!.Sign(data);
}
