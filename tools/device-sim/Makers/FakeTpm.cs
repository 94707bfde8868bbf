using System.Security.Cryptography;
using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>A TPM in managed code: an endorsement key with its certificate, and attestation keys.</summary>
/// <param name="vendor">Who made it and who certifies its attestation keys.</param>
/// <param name="name">Which TPM of this vendor; the same name is the same TPM.</param>
internal sealed class FakeTpm(TpmVendor vendor, string name = "tpm-1")
{
    private readonly Lazy<EcKey> _ek = new(() => vendor.Seed.Key("ek:" + name, EcDomain.P256));
    private readonly Lazy<ECDsa> _ecAk = new(() => vendor.Seed.Key("ak:" + name, EcDomain.P256).Algorithm);
    private RSA? _rsaAk;
    private readonly Dictionary<EkKind, FakeEk> _endorsementKeys = [];
    private byte[]? _ekCertificate;

    public TpmVendor Vendor => vendor;

    /// <summary>RSA keys grow from the seed too, so that it is the same TPM in each run; that takes half a second for each.</summary>
    public bool GrowsRsaKeys { get; init; }

    public byte[] EkCertificate => _ekCertificate ??= vendor.VendorCa.Issue(vendor.EkFields(name, _ek.Value.PublicKey));

    /// <summary>The order value that names this TPM.</summary>
    public string Identifier => TpmVendor.Identifier(EkCertificate);

    /// <summary>The restricted key that signs attestations; ECC P-256, or RSA 2048.</summary>
    public AsymmetricAlgorithm AttestationKey(bool rsa) => rsa ? _rsaAk ??= Rsa("ak:" + name) : _ecAk.Value;

    /// <summary>An endorsement key with its private half.</summary>
    public FakeEk EndorsementKey(EkKind kind)
    {
        if (!_endorsementKeys.TryGetValue(kind, out var key))
        {
            key = new FakeEk(kind == EkKind.Rsa2048 ? Rsa("ek:" + name) : Agreement(kind == EkKind.EcP256 ? _ek.Value : vendor.Seed.Key("ek384:" + name, EcDomain.P384)));
            _endorsementKeys.Add(kind, key);
        }

        return key;
    }

    /// <summary>The name of a key below the endorsement hierarchy, as TPMS_ATTEST qualifies its signer (Part 1 §16).</summary>
    public static byte[] QualifiedName(byte[] name)
    {
        var hierarchy = new TpmWriter().U32(TpmIds.Endorsement).ToArray();
        return TpmtPublic.NameOf(TpmIds.AlgSha256, [.. hierarchy, .. name]);
    }

    // without growing it is made anew for each object of this class
    private RSA Rsa(string label) => GrowsRsaKeys ? vendor.RsaKey(label) : RSA.Create(2048);

    private static ECDiffieHellman Agreement(EcKey key) => ECDiffieHellman.Create(key.Algorithm.ExportParameters(includePrivateParameters: true));
}
