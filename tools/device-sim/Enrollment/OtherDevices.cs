using System.Globalization;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>Phones, YubiKeys, authenticators, devices with birth certificates, and hosts.</summary>
internal static class OtherDevices
{
    public static Task<IDevice> Android(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now, AndroidDevice standard)
    {
        var facts = settings.Facts;
        var maker = (new AndroidMaker(vendors().Android, now) with
        {
            Device = standard with
            {
                Serial = settings.Serial ?? standard.Serial,
                Imei = facts.Imei ?? (settings.Serial is null ? standard.Imei : null),
                Model = facts.Model ?? standard.Model,
                OsVersion = facts.OsVersion is { } version ? Number(version, "os-version", "160000 is Android 16") : standard.OsVersion,
                OsPatchLevel = facts.PatchLevel ?? standard.OsPatchLevel,
                StrongBox = facts.StrongBox ?? standard.StrongBox,
            },
        }).With(settings.Faults<AndroidFault>());
        var key = settings.Key("ec-p256");
        return Holder(settings, maker.Device.Serial!, challenge => maker.Make(challenge, key), key);
    }

    public static Task<IDevice> YubiKey(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now)
    {
        var device = settings.Serial is null ? YubiKeyDevice.Five()
            : long.TryParse(settings.Serial, NumberStyles.None, CultureInfo.InvariantCulture, out var serial) ? YubiKeyDevice.Five(serial)
            : throw new SimulatorException($"'{settings.Serial}' is no serial number of a YubiKey", "give a decimal number, for example --serial 31000001");
        var maker = (new YubiKeyMaker(vendors().YubiKey, now) with
        {
            Device = settings.Facts.Firmware is { } firmware
                ? device with { Firmware = [.. firmware.Split('.').Select(part => (byte)Number(part, "firmware", "for example 5.7.4"))] }
                : device,
        }).With(settings.Faults<YubiKeyFault>());
        var key = settings.Key("ec-p256");
        return Holder(settings, device.Serial!.Value.ToString(CultureInfo.InvariantCulture), challenge => maker.Make(challenge, key), key);
    }

    public static Task<IDevice> Authenticator(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now)
    {
        var maker = new PackedMaker(vendors().Authenticator, now);
        if (settings.Serial is not null)
        {
            try
            {
                maker = maker with { Serial = Convert.FromHexString(settings.Serial) };
            }
            catch (FormatException)
            {
                throw new SimulatorException($"'{settings.Serial}' is no serial number of an authenticator", "give octets in hex, for example --serial 51a000000001");
            }
        }

        maker = maker.With(settings.Faults<PackedFault>());
        var key = settings.Key("ec-p256");
        return Holder(settings, Convert.ToHexStringLower(maker.Serial), challenge => maker.Make(challenge, key), key);
    }

    /// <summary>A device with a birth certificate: it orders the name of its hardware module.</summary>
    public static Task<IDevice> Born(DeviceSettings settings, IdevidDevice device, DateTimeOffset now)
    {
        var maker = new IdevidMaker(device, now).With(settings.Faults<IdevidFault>());
        var key = settings.Key("ec-p256");
        return Holder(settings, maker.Device.Identifier, challenge => maker.Make(challenge, key), key, AcmeIdentifier.HardwareModule);
    }

    public static async Task<IDevice> Server(DeviceSettings settings, CancellationToken cancellation)
    {
        if (settings.Fault is not null)
        {
            throw new SimulatorException("a server has no evidence that could be at fault", "'faults --kind server' lists what it can do wrongly");
        }

        if (settings.Names.Count == 0)
        {
            throw new SimulatorException("a server needs a name", "--name host.example");
        }

        var key = settings.Key("ec-p256");
        var network = settings.Network ?? await HostNetwork.Start(settings.DnsListen, settings.HttpPort, new TxtRecords(settings.TxtRecords), cancellation);
        var host = new ServerHost(settings.Names, key, network);
        return settings.Csr is { } csr ? new ServerHost(settings.Names, key, network) { Csr = csr with { Dns = [.. host.Csr.Dns, .. csr.Dns], Addresses = host.Csr.Addresses } } : host;
    }

    private static Task<IDevice> Holder(
        DeviceSettings settings, string identifier, Func<ChallengeMaterial, MadeEvidence> make, System.Security.Cryptography.AsymmetricAlgorithm key, string type = AcmeIdentifier.PermanentIdentifier) =>
        Task.FromResult<IDevice>(new AttestingDevice(settings.Kind, new AcmeIdentifier(type, identifier), make, key)
        {
            ShortSignatures = settings.ShortSignatures ?? false,
            Csr = settings.Csr ?? CsrContent.Nothing,
        });

    private static int Number(string text, string name, string hint) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new SimulatorException($"{name}: expected a number, found '{text}'", hint);
}
