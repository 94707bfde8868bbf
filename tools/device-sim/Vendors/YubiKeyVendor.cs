namespace DeviceAcme.Simulator.Vendors;

/// <summary>
/// A maker of security keys, shaped like Yubico: the PIV root that signs attestation certificates itself (firmware before 5.7.4), and the newer
/// root with two intermediates between, which the key does not hold and its maker publishes.
/// </summary>
internal sealed class YubiKeyVendor
{
    /// <summary>Yubico's arc; .3 firmware, .7 serial number, .8 policies, .9 form factor, .10 FIPS, .11 CSPN.</summary>
    public const string Arc = "1.3.6.1.4.1.41482.3.";

    public YubiKeyVendor(Seed seed)
    {
        PivRoot = FakeCa.Root(seed, "DeviceAcme Simulator PIV Root CA", EcDomain.P384);
        Attestation = PivRoot.Intermediate("DeviceAcme Simulator PIV Attestation", EcDomain.P256);
        AttestationRoot = FakeCa.Root(seed, "DeviceAcme Simulator Security Key Attestation Root 1", EcDomain.P384);
        Intermediate = AttestationRoot.Intermediate("DeviceAcme Simulator Security Key Attestation Intermediate B 1", EcDomain.P384);
        PivCa = Intermediate.Intermediate("DeviceAcme Simulator Security Key PIV Attestation B 1", EcDomain.P256);
        NewAttestation = PivCa.Intermediate("DeviceAcme Simulator Security Key PIV Attestation", EcDomain.P256);
    }

    public FakeCa PivRoot { get; }

    /// <summary>Slot f9 of a key with firmware before 5.7.4.</summary>
    public FakeCa Attestation { get; }
    public FakeCa AttestationRoot { get; }
    public FakeCa Intermediate { get; }
    public FakeCa PivCa { get; }

    /// <summary>Slot f9 of a key with firmware 5.7.4 or later.</summary>
    public FakeCa NewAttestation { get; }

    /// <summary>The certificate of slot f9 as the key holds it: firmware, certification, and from firmware 5 on basicConstraints.</summary>
    /// <param name="f9">One of the two attestation keys.</param>
    /// <param name="firmware">Three octets.</param>
    /// <param name="certification">.10 (FIPS) or .11 (CSPN) with its value; null for none.</param>
    /// <param name="change">What a fault does to it.</param>
    public static byte[] Certificate(
        FakeCa f9, byte[] firmware, ExtensionFields? certification, Func<CertificateFields, CertificateFields> change) => f9.Reissue(fields => change(fields with
        {
            Extensions =
        [
            new ExtensionFields(Arc + "3", false, firmware),
            .. certification is null ? Array.Empty<ExtensionFields>() : [certification],
            .. firmware[0] < 5 ? Array.Empty<ExtensionFields>() : [Authority()],
        ],
        }));

    // cA, pathLenConstraint 0
    private static ExtensionFields Authority() => new(Oids.BasicConstraints, true, Der.Sequence(writer =>
    {
        writer.WriteBoolean(true);
        writer.WriteInteger(0);
    }));
}
