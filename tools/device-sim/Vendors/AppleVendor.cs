namespace DeviceAcme.Simulator.Vendors;

/// <summary>An authority shaped like Apple's enterprise attestation PKI: root, sub CA, leaves without any key identifier.</summary>
internal sealed class AppleVendor
{
    public const string RootName = "DeviceAcme Simulator Enterprise Attestation Root CA";
    public const string SubCaName = "DeviceAcme Simulator Enterprise Attestation Sub CA 1";

    public AppleVendor(Seed seed)
    {
        Root = FakeCa.Root(seed, RootName, EcDomain.P384);
        SubCa = Root.Intermediate(SubCaName, EcDomain.P384);
        BatchCa = Root.Intermediate("DeviceAcme Simulator Enterprise Attestation Sub CA for fleets", EcDomain.P256);
    }

    public FakeCa Root { get; }
    public FakeCa SubCa { get; }

    /// <summary>The same on P-256: P-384 costs forty times as much.</summary>
    public FakeCa BatchCa { get; }
}
