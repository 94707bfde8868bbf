namespace DeviceAcme.Simulator.Vendors;

/// <summary>All fake vendors of one seed.</summary>
internal sealed class FakeVendors
{
    public FakeVendors(string seed)
    {
        Seed = new Seed(seed);
        Apple = new AppleVendor(Seed);
        Tpm = new TpmVendor(Seed);
    }

    public Seed Seed { get; }
    public AppleVendor Apple { get; }
    public TpmVendor Tpm { get; }

    /// <summary>The anchors by format and file name, as <c>profiles/trust</c> lays them out.</summary>
    public IReadOnlyList<(string Format, string File, byte[] Certificate)> Anchors =>
    [
        ("apple", "simulator-enterprise-attestation-root.pem", Apple.Root.Certificate),
        ("tpm", "simulator-attestation-root.pem", Tpm.AttestationRoot.Certificate),
        ("tpm", "simulator-vendor-root.pem", Tpm.VendorRoot.Certificate),
    ];
}
