using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>What the command line says about the device.</summary>
internal sealed record DeviceSettings
{
    public required string Kind { get; init; }

    /// <summary>Key type; null chooses the kind's own.</summary>
    public string? Key { get; init; }

    /// <summary>Serial number of a Mac, phone, printer, module, YubiKey or authenticator, name of a TPM.</summary>
    public string? Serial { get; init; }

    /// <summary>What a Mac orders instead of its serial number: a profile's ClientIdentifier.</summary>
    public string? Ordered { get; init; }

    /// <summary>Real software TPM or managed code.</summary>
    public bool Swtpm { get; init; }

    /// <summary>Which endorsement key of a software TPM: rsa or ec.</summary>
    public string EndorsementKey { get; init; } = "rsa";

    /// <summary>The server's attestation CA; null for the simulator's own.</summary>
    public ActivationClient? AttestationCa { get; init; }

    /// <summary>Kebab-case name of a fault.</summary>
    public string? Fault { get; init; }
    public IReadOnlyList<string> Names { get; init; } = [];
    public required IPEndPoint DnsListen { get; init; }
    public required int HttpPort { get; init; }
    public required string TxtRecords { get; init; }

    /// <summary>State folder of a software TPM of this name.</summary>
    public required Func<string, string> SwtpmFolder { get; init; }
}

/// <summary>The kinds of device: one line each.</summary>
internal static class Devices
{
    public static IReadOnlyList<string> Kinds { get; } = ["mac", "byod", "tpm", "android", "printer", "iot", "yubikey", "authenticator", "server"];

    /// <summary>The directory of a kind on the server that <c>./dev run</c> starts.</summary>
    public static string Directory(string kind) => kind switch
    {
        "mac" => "https://localhost:14000/acme/apple-device/directory",
        "byod" => "https://localhost:14000/acme/apple-user-enrollment/directory",
        "tpm" => "https://localhost:14000/acme/linux-tpm/directory",
        "android" => "https://localhost:14000/acme/android-device/directory",
        "printer" or "iot" => "https://localhost:14000/acme/iot-idevid/directory",
        "yubikey" => "https://localhost:14000/acme/yubikey/directory",
        // no profile that ships takes packed: which authenticators, and on whose word, is for its owner to say
        "authenticator" => "https://localhost:14000/acme/authenticator/directory",
        _ => "https://localhost:14000/directory",
    };

    public static Task<IDevice> Start(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now, CancellationToken cancellation) => settings.Kind switch
    {
        "mac" => Task.FromResult(Mac(settings, vendors().Apple, now)),
        "byod" => Task.FromResult(Byod(settings, vendors().Apple, now)),
        "tpm" when settings.Swtpm => Swtpm(settings, vendors, now, cancellation),
        "tpm" => Task.FromResult(Tpm(settings, vendors().Tpm, now)),
        "android" => Task.FromResult(Android(settings, vendors().Android, now)),
        "printer" => Task.FromResult(Born(settings, IdevidDevice.Printer(vendors().Idevid, settings.Serial ?? "SIMPRINTER01"), now)),
        "iot" => Task.FromResult(Born(settings, IdevidDevice.IotModule(vendors().Idevid, settings.Serial ?? "SIMMODULE001"), now)),
        "yubikey" => Task.FromResult(YubiKey(settings, vendors().YubiKey, now)),
        "authenticator" => Task.FromResult(Authenticator(settings, vendors().Authenticator, now)),
        "server" => Server(settings, cancellation),
        _ => throw new SimulatorException($"no device of kind {settings.Kind}", $"choose one of {string.Join(", ", Kinds)}"),
    };

    private static IDevice Mac(DeviceSettings settings, AppleVendor vendor, DateTimeOffset now) =>
        Apple(settings, settings.Serial is null ? AppleDevice.Mac() : AppleDevice.Mac(settings.Serial), settings.Ordered, vendor, now);

    // under User Enrollment Apple leaves serial number and UDID out
    private static IDevice Byod(DeviceSettings settings, AppleVendor vendor, DateTimeOffset now) => settings.Ordered is { } ticket
        ? Apple(settings, AppleDevice.IPhone() with { Serial = null, Udid = null }, ticket, vendor, now)
        : throw new SimulatorException("a device under User Enrollment has nothing to order but its ticket", "--client-identifier tkt_…, from 'deviceacme ticket add --profile apple-user-enrollment'");

    private static IDevice Apple(DeviceSettings settings, AppleDevice device, string? ordered, AppleVendor vendor, DateTimeOffset now)
    {
        var maker = new AppleMaker(vendor, now) { Device = device };
        if (settings.Fault is not null)
        {
            maker = maker.With(Fault<AppleFault>(settings.Fault));
        }

        return DeviceKeys.Make(settings.Key ?? "ec-p384") is ECDsa key
            ? new MacDevice(maker, ordered ?? device.Serial!, key)
            : throw new SimulatorException("Apple attests EC keys alone", "choose --key ec-p256 or ec-p384");
    }

    private static IDevice Tpm(DeviceSettings settings, TpmVendor vendor, DateTimeOffset now)
    {
        var maker = new TpmMaker(new FakeTpm(vendor, settings.Serial ?? "tpm-1"), now);
        if (settings.Fault is not null)
        {
            maker = maker.With(Fault<TpmFault>(settings.Fault));
        }

        return new TpmDevice(maker, DeviceKeys.Make(settings.Key ?? "ec-p256"));
    }

    private static IDevice Android(DeviceSettings settings, AndroidVendor vendor, DateTimeOffset now)
    {
        var maker = new AndroidMaker(vendor, now);
        if (settings.Serial is not null)
        {
            maker = maker with { Device = AndroidDevice.Phone(settings.Serial) };
        }

        if (settings.Fault is not null)
        {
            maker = maker.With(Fault<AndroidFault>(settings.Fault));
        }

        var key = DeviceKeys.Make(settings.Key ?? "ec-p256");
        return new KeyHolder(maker.Device.Serial!, challenge => maker.Make(challenge, key), key);
    }

    private static IDevice YubiKey(DeviceSettings settings, YubiKeyVendor vendor, DateTimeOffset now)
    {
        var maker = new YubiKeyMaker(vendor, now);
        if (settings.Serial is not null)
        {
            maker = long.TryParse(settings.Serial, NumberStyles.None, CultureInfo.InvariantCulture, out var serial)
                ? maker with { Device = YubiKeyDevice.Five(serial) }
                : throw new SimulatorException($"'{settings.Serial}' is no serial number of a YubiKey", "give a decimal number, for example --serial 31000001");
        }

        if (settings.Fault is not null)
        {
            maker = maker.With(Fault<YubiKeyFault>(settings.Fault));
        }

        var key = DeviceKeys.Make(settings.Key ?? "ec-p256");
        return new KeyHolder(maker.Device.Serial!.Value.ToString(CultureInfo.InvariantCulture), challenge => maker.Make(challenge, key), key);
    }

    private static IDevice Authenticator(DeviceSettings settings, AuthenticatorVendor vendor, DateTimeOffset now)
    {
        var maker = new PackedMaker(vendor, now);
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

        if (settings.Fault is not null)
        {
            maker = maker.With(Fault<PackedFault>(settings.Fault));
        }

        var key = DeviceKeys.Make(settings.Key ?? "ec-p256");
        return new KeyHolder(Convert.ToHexStringLower(maker.Serial), challenge => maker.Make(challenge, key), key);
    }

    private static IDevice Born(DeviceSettings settings, IdevidDevice device, DateTimeOffset now)
    {
        var maker = new IdevidMaker(device, now);
        if (settings.Fault is not null)
        {
            maker = maker.With(Fault<IdevidFault>(settings.Fault));
        }

        return new BornDevice(maker, DeviceKeys.Make(settings.Key ?? "ec-p256"));
    }

    private static async Task<IDevice> Swtpm(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now, CancellationToken cancellation)
    {
        if (settings.Fault is not (null or SwtpmEnrollee.OtherKey))
        {
            throw new SimulatorException($"a real TPM makes no faults but {SwtpmEnrollee.OtherKey}", "use --tpm managed for the others");
        }

        var state = settings.SwtpmFolder(settings.Serial ?? "tpm-1");
        var endorsementKey = settings.EndorsementKey == "ec" ? EndorsementKeyKind.P384 : EndorsementKeyKind.Rsa2048;
        return await SwtpmEnrollee.Start(state, settings.Key ?? "ec-p256", endorsementKey, Certify, settings.Fault is not null, cancellation);

        Task<CertifiedAttestationKey> Certify(SwtpmDevice tpm) => settings.AttestationCa is { } client
            ? CertifiedAttestationKey.Activated(tpm, client, SwtpmProcess.VendorIntermediates(state), rsa: settings.EndorsementKey != "ec", cancellation)
            : CertifiedAttestationKey.Faked(tpm, vendors().Tpm, now, rsa: true, cancellation);
    }

    private static async Task<IDevice> Server(DeviceSettings settings, CancellationToken cancellation)
    {
        if (settings.Fault is not null)
        {
            throw new SimulatorException("a server has no evidence that could be at fault", "--fault is for the other kinds");
        }

        if (settings.Names.Count == 0)
        {
            throw new SimulatorException("a server needs a name", "--name host.example");
        }

        var key = DeviceKeys.Make(settings.Key ?? "ec-p256");
        return await ServerHost.Start(settings.Names, key, settings.DnsListen, settings.HttpPort, new TxtRecords(settings.TxtRecords), cancellation);
    }

    private static TFault Fault<TFault>(string name)
        where TFault : struct, Enum =>
        Faults.TryParse<TFault>(name, out var fault)
            ? fault
            : throw new SimulatorException($"no fault '{name}'", $"choose one of {string.Join(", ", Enum.GetValues<TFault>().Select(Faults.NameOf))}");
}
