namespace DeviceAcme.Simulator.Vendors;

/// <summary>A maker of authenticators for enterprise attestation: root and one CA whose certificates name a model and a serial number.</summary>
internal sealed class AuthenticatorVendor
{
    public AuthenticatorVendor(Seed seed)
    {
        Root = FakeCa.Root(seed, "DeviceAcme Simulator Authenticator Root CA", EcDomain.P384);
        Ca = Root.Intermediate("DeviceAcme Simulator Authenticator CA 1", EcDomain.P256);
    }

    public FakeCa Root { get; }
    public FakeCa Ca { get; }
}
