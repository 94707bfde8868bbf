using DeviceAcme.Simulator.Makers;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>The kinds of device: one line each.</summary>
internal static class Devices
{
    private const string Local = "https://localhost:14000";

    public static IReadOnlyList<DeviceKind> All { get; } =
    [
        new("mac", "apple-device", EvidenceFormat.Apple, (settings, vendors, now, _) => AppleDevices.Start(settings, vendors, now, AppleDevice.Mac())) { Serial = AppleDevice.Mac().Serial! },
        new("iphone", "apple-device", EvidenceFormat.Apple, (settings, vendors, now, _) => AppleDevices.Start(settings, vendors, now, AppleDevice.IPhone())) { Serial = AppleDevice.IPhone().Serial! },
        new("apple-tv", "apple-device", EvidenceFormat.Apple, (settings, vendors, now, _) => AppleDevices.Start(settings, vendors, now, AppleDevice.AppleTv())) { Serial = AppleDevice.AppleTv().Serial! },
        new("byod", "apple-user-enrollment", EvidenceFormat.Apple, (settings, vendors, now, _) => AppleDevices.StartAnonymous(settings, vendors, now)) { Serial = "", NamesItself = false },
        new("tpm", "linux-tpm", EvidenceFormat.Tpm, TpmDevices.Start) { Serial = TpmDevices.Standard },
        new("windows-tpm", "windows-tpm", EvidenceFormat.Tpm, (settings, vendors, now, _) => TpmDevices.StartWindows(settings, vendors, now)) { Serial = TpmDevices.StandardWindows },
        new(ActivatedTpm.KindName, "linux-tpm", EvidenceFormat.Endorsement, TpmDevices.StartActivated) { Serial = TpmDevices.Standard },
        new("android", "android-device", EvidenceFormat.Android, (settings, vendors, now, _) => OtherDevices.Android(settings, vendors, now, AndroidDevice.Phone())) { Serial = AndroidDevice.Phone().Serial! },
        new("strongbox", "android-device", EvidenceFormat.Android, (settings, vendors, now, _) => OtherDevices.Android(settings, vendors, now, AndroidDevice.Phone("SIMSTRONG001") with { StrongBox = true })) { Serial = "SIMSTRONG001" },
        new("android-factory", "android-device", EvidenceFormat.Android, (settings, vendors, now, _) => OtherDevices.Android(settings, vendors, now, AndroidDevice.Phone("SIMFACTORY01") with { FactoryProvisioned = true })) { Serial = "SIMFACTORY01" },
        new("printer", "iot-idevid", EvidenceFormat.Idevid, (settings, vendors, now, _) => OtherDevices.Born(settings, IdevidDevice.Printer(vendors().Idevid, settings.Serial ?? "SIMPRINTER01"), now)) { Serial = "SIMPRINTER01" },
        new("iot", "iot-idevid", EvidenceFormat.Idevid, (settings, vendors, now, _) => OtherDevices.Born(settings, IdevidDevice.IotModule(vendors().Idevid, settings.Serial ?? "SIMMODULE001"), now)) { Serial = "SIMMODULE001" },
        new("yubikey", "yubikey", EvidenceFormat.YubiKey, (settings, vendors, now, _) => OtherDevices.YubiKey(settings, vendors, now)) { Serial = "31000001" },
        // no profile that ships takes packed: which authenticators, and on whose word, is for its owner to say
        new("authenticator", "authenticator", EvidenceFormat.Packed, (settings, vendors, now, _) => OtherDevices.Authenticator(settings, vendors, now)) { Serial = "51a000000001" },
        new(ServerHost.KindName, "tls-server", EvidenceFormat.None, (settings, _, _, cancellation) => OtherDevices.Server(settings, cancellation)) { Serial = "" },
    ];

    public static IReadOnlyList<string> Kinds { get; } = [.. All.Select(kind => kind.Name)];

    /// <summary>Kinds of this format.</summary>
    public static IReadOnlyList<string> Of(EvidenceFormat format) => [.. All.Where(kind => kind.Format == format).Select(kind => kind.Name)];

    public static DeviceKind Find(string name) =>
        All.FirstOrDefault(kind => kind.Name == name) ?? throw new SimulatorException($"no device of kind {name}", $"choose one of {string.Join(", ", Kinds)}");

    /// <summary>The directory of a kind on the server that <c>./dev run</c> starts.</summary>
    public static string Directory(string kind) => kind == ServerHost.KindName ? $"{Local}/directory" : Directory(kind, Local);

    /// <summary>The directory of a kind on any DeviceAcme with the shipped profiles.</summary>
    public static string Directory(string kind, string server) => $"{server}/acme/{Find(kind).Profile}/directory";

    public static Task<IDevice> Start(DeviceSettings settings, Func<FakeVendors> vendors, DateTimeOffset now, CancellationToken cancellation) =>
        Find(settings.Kind).Start(settings, vendors, now, cancellation);
}
