namespace DeviceAcme.Simulator.Vendors;

/// <summary>An authority shaped like Google's remote key provisioning: root, Droid CA, and per device one attestation key for each kind of hardware.</summary>
internal sealed class AndroidVendor
{
    public const string RootName = "DeviceAcme Simulator Key Attestation Root CA";
    private const string LeakedName = "DeviceAcme Simulator TEE whose key leaked";

    /// <summary>Remote key provisioning: a CBOR map with 1, certificates issued.</summary>
    private static readonly ExtensionFields Provisioning = new("1.3.6.1.4.1.11129.2.1.30", false, [0xA1, 0x01, 0x18, 0x20]);

    public AndroidVendor(Seed seed)
    {
        Root = FakeCa.Root(seed, RootName, EcDomain.P384);
        DroidCa = Root.Intermediate("DeviceAcme Simulator Droid CA2", EcDomain.P384);
        Tee = DroidCa.Intermediate("DeviceAcme Simulator TEE", EcDomain.P256);
        Leaked = DroidCa.Intermediate(LeakedName, EcDomain.P256);
        LeakedSerial = Convert.ToHexStringLower(Leaked.Serial.ToByteArray(isUnsigned: true, isBigEndian: true));
        StrongBox = DroidCa.Intermediate("DeviceAcme Simulator StrongBox", EcDomain.P256);
    }

    public FakeCa Root { get; }
    public FakeCa DroidCa { get; }

    /// <summary>The attestation key in the trusted execution environment.</summary>
    public FakeCa Tee { get; }

    /// <summary>The attestation key in the chip beside the processor.</summary>
    public FakeCa StrongBox { get; }

    /// <summary>An attestation key that everybody has by now.</summary>
    public FakeCa Leaked { get; }

    /// <summary>Serial number of its certificate in hex, as the status list writes it.</summary>
    public string LeakedSerial { get; }

    /// <summary>The list of revoked attestation certificates: the leaked one is on it.</summary>
    public string StatusList => $$"""{ "entries": { "{{LeakedSerial}}": { "status": "REVOKED", "reason": "KEY_COMPROMISE" } } }""" + "\n";

    /// <summary>The certificate of an attestation key that was provisioned remotely a few days ago, for a few weeks: with its provisioning information, as devices present it.</summary>
    public static byte[] Provisioned(FakeCa attestationKey, DateTimeOffset now, Func<CertificateFields, CertificateFields>? change = null) => attestationKey.Reissue(fields =>
        (change ?? (same => same))(fields with { NotBefore = Midnight(now).AddDays(-5), NotAfter = Midnight(now).AddDays(25), Extensions = [.. fields.Extensions, Provisioning] }));

    // whole days: what a phone presents is the same in all runs of a day
    private static DateTimeOffset Midnight(DateTimeOffset now) => new(now.UtcDateTime.Date, TimeSpan.Zero);
}
