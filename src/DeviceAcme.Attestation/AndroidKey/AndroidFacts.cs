using System.Globalization;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.AndroidKey;

/// <summary>The facts of a KeyDescription. Those about device and key come from the hardware-enforced list alone.</summary>
internal static class AndroidFacts
{
    public const string Serial = "device.serial";
    public const string Imei = "device.imei";
    public const string SecondImei = "device.second-imei";
    public const string Meid = "device.meid";

    private static readonly (AndroidTag Tag, string Name)[] Texts =
    [
        (AndroidTag.AttestationIdSerial, Serial),
        (AndroidTag.AttestationIdImei, Imei),
        (AndroidTag.AttestationIdSecondImei, SecondImei),
        (AndroidTag.AttestationIdMeid, Meid),
        (AndroidTag.AttestationIdBrand, "device.brand"),
        (AndroidTag.AttestationIdManufacturer, "device.manufacturer"),
        (AndroidTag.AttestationIdModel, "device.model"),
        (AndroidTag.AttestationIdProduct, "android.product"),
        (AndroidTag.AttestationIdDevice, "android.device"),
    ];

    private static readonly (AndroidTag Tag, string Name)[] Numbers =
    [
        (AndroidTag.OsPatchLevel, "android.os-patch-level"),
        (AndroidTag.VendorPatchLevel, "android.vendor-patch-level"),
        (AndroidTag.BootPatchLevel, "android.boot-patch-level"),
        (AndroidTag.UsageCountLimit, "android.usage-count-limit"),
        (AndroidTag.UserAuthType, "android.user-auth-type"),
        (AndroidTag.AuthTimeout, "android.auth-timeout"),
    ];

    private static readonly (AndroidTag Tag, string Name)[] Flags =
    [
        (AndroidTag.NoAuthRequired, "android.no-auth-required"),
        (AndroidTag.TrustedUserPresenceRequired, "android.trusted-user-presence"),
        (AndroidTag.TrustedConfirmationRequired, "android.trusted-confirmation"),
        (AndroidTag.UnlockedDeviceRequired, "android.unlocked-device-required"),
        (AndroidTag.RollbackResistance, "android.rollback-resistance"),
        (AndroidTag.DeviceUniqueAttestation, "android.device-unique-attestation"),
    ];

    /// <summary>All facts; a property that is there but empty is <see cref="FactValue.Blank"/>.</summary>
    public static List<(string Name, FactValue Value)> Read(KeyDescription description, ProvisioningInfo? provisioning)
    {
        var hardware = description.HardwareEnforced;
        var facts = new List<(string, FactValue)>
        {
            ("android.attestation-version", new FactValue.Number(description.AttestationVersion)),
            ("android.keymint-version", new FactValue.Number(description.KeyMintVersion)),
            ("android.security-level", new FactValue.Text(Show(description.SecurityLevel))),
        };
        foreach (var (tag, name) in Texts)
        {
            if (hardware.Text(tag) is { } text)
            {
                facts.Add((name, text.Length == 0 ? new FactValue.Blank() : new FactValue.Text(text)));
            }
        }

        foreach (var (tag, name) in Numbers)
        {
            if (hardware.Number(tag) is { } number)
            {
                facts.Add((name, new FactValue.Number(number)));
            }
        }

        foreach (var (tag, name) in Flags)
        {
            if (hardware.Has(tag))
            {
                facts.Add((name, new FactValue.Flag(true)));
            }
        }

        AddKey(facts, hardware);
        AddSystem(facts, description);
        if (provisioning?.CertificatesIssued is { } issued)
        {
            facts.Add(("android.provisioning-certificates-issued", new FactValue.Number(issued)));
        }

        if (provisioning is not null)
        {
            facts.Add(("android.provisioning", new FactValue.Text("remote")));
        }

        return facts;
    }

    public static string Show(AndroidSecurityLevel level) => level switch
    {
        AndroidSecurityLevel.Software => "software",
        AndroidSecurityLevel.TrustedEnvironment => "trusted-environment",
        _ => "strongbox",
    };

    public static string Show(VerifiedBootState state) => state switch
    {
        VerifiedBootState.Verified => "verified",
        VerifiedBootState.SelfSigned => "self-signed",
        VerifiedBootState.Unverified => "unverified",
        _ => "failed",
    };

    public static string ShowOrigin(long? origin) => origin switch
    {
        null => "absent",
        0 => "generated",
        1 => "derived",
        2 => "imported",
        4 => "securely-imported",
        _ => origin.Value.ToString(CultureInfo.InvariantCulture),
    };

    public static string ShowPurposes(AuthorizationList list) => string.Join(", ", list.Numbers(AndroidTag.Purpose).Select(purpose => purpose switch
    {
        0 => "encrypt",
        1 => "decrypt",
        2 => "sign",
        3 => "verify",
        5 => "wrap-key",
        6 => "agree-key",
        7 => "attest-key",
        _ => purpose.ToString(CultureInfo.InvariantCulture),
    }));

    private static void AddKey(List<(string, FactValue)> facts, AuthorizationList hardware)
    {
        if (hardware.Number(AndroidTag.Origin) is { } origin)
        {
            facts.Add(("android.origin", new FactValue.Text(ShowOrigin(origin))));
        }

        if (hardware.Has(AndroidTag.Purpose))
        {
            facts.Add(("android.purposes", new FactValue.Text(ShowPurposes(hardware))));
        }
    }

    private static void AddSystem(List<(string, FactValue)> facts, KeyDescription description)
    {
        var hardware = description.HardwareEnforced;
        if (hardware.RootOfTrust is { } root)
        {
            facts.Add(("android.bootloader-locked", new FactValue.Flag(root.DeviceLocked)));
            facts.Add(("android.verified-boot", new FactValue.Text(Show(root.State))));
            facts.Add(("android.verified-boot-key", new FactValue.Octets(root.VerifiedBootKey)));
            if (root.VerifiedBootHash is { } hash)
            {
                facts.Add(("android.verified-boot-hash", hash.Length == 0 ? new FactValue.Blank() : new FactValue.Octets(hash)));
            }
        }

        // MMmmss since version 3; 0 where the bootloader does not say
        if (hardware.Number(AndroidTag.OsVersion) is { } version and >= 0)
        {
            facts.Add(("os.version", version == 0
                ? new FactValue.Blank()
                : new FactValue.Text(string.Create(CultureInfo.InvariantCulture, $"{version / 10000}.{version / 100 % 100}.{version % 100}"))));
        }

        // Android's own word, worth what verified boot is worth: the hardware enforces neither
        if (description.SoftwareEnforced.Octets(AndroidTag.ModuleHash) is { } modules)
        {
            facts.Add(("android.module-hash", new FactValue.Octets(modules)));
        }

        if (description.SoftwareEnforced.Application is { Packages.Count: > 0 } application)
        {
            facts.Add(("android.packages", new FactValue.Text(string.Join(", ", application.Packages.Select(package => package.Name)))));
        }
    }
}
