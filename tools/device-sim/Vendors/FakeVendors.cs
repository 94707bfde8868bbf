namespace DeviceAcme.Simulator.Vendors;

/// <summary>All fake vendors of one seed.</summary>
internal sealed class FakeVendors
{
    public FakeVendors(string seed)
    {
        Seed = new Seed(seed);
        Apple = new AppleVendor(Seed);
        Tpm = new TpmVendor(Seed);
        Android = new AndroidVendor(Seed);
        Idevid = new IdevidVendor(Seed);
        YubiKey = new YubiKeyVendor(Seed);
        Authenticator = new AuthenticatorVendor(Seed);
    }

    /// <summary>The vendors for a fleet: what they sign of its devices differs from run to run, and costs little.</summary>
    public FakeVendors InHaste()
    {
        foreach (var authority in new[] { Apple.BatchCa, Tpm.AttestationCa, Android.Tee, Android.StrongBox, Idevid.PrinterCa, Idevid.ModuleCa })
        {
            authority.InHaste = true;
        }

        return this;
    }

    public Seed Seed { get; }
    public AppleVendor Apple { get; }
    public TpmVendor Tpm { get; }
    public AndroidVendor Android { get; }
    public IdevidVendor Idevid { get; }
    public YubiKeyVendor YubiKey { get; }
    public AuthenticatorVendor Authenticator { get; }

    /// <summary>The anchors by folder and file name, as <c>profiles/trust</c> lays them out.</summary>
    public IReadOnlyList<(string Folder, string File, byte[] Certificate)> Anchors =>
    [
        ("android-key", "simulator-key-attestation-root.pem", Android.Root.Certificate),
        ("apple", "simulator-enterprise-attestation-root.pem", Apple.Root.Certificate),
        ("idevid", "simulator-module-root.pem", Idevid.ModuleRoot.Certificate),
        ("idevid", "simulator-printer-root.pem", Idevid.PrinterRoot.Certificate),
        ("packed", "simulator-authenticator-root.pem", Authenticator.Root.Certificate),
        ("step", "simulator-piv-root.pem", YubiKey.PivRoot.Certificate),
        ("step", "simulator-security-key-intermediate.pem", YubiKey.Intermediate.Certificate),
        ("step", "simulator-security-key-piv-intermediate.pem", YubiKey.PivCa.Certificate),
        ("step", "simulator-security-key-root.pem", YubiKey.AttestationRoot.Certificate),
        ("tpm", "simulator-attestation-root.pem", Tpm.AttestationRoot.Certificate),
        ("tpm-ek", "simulator-vendor-root.pem", Tpm.VendorRoot.Certificate),
        ("tpm-virtual", "simulator-vendor-root.pem", Tpm.VendorRoot.Certificate),
    ];

    /// <summary>What the anchors of a folder may vouch for, as <c>terms.yaml</c> in it says.</summary>
    public IReadOnlyList<(string Folder, string Text)> Terms => [("idevid", Idevid.Terms)];
}
