using DeviceAcme.Simulator.Tpm;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Makers;

/// <summary>A TPM statement whose keys, certification and signature come from a software TPM; only the AK certificate is the simulator's.</summary>
/// <param name="device">The opened TPM.</param>
/// <param name="vendor">Whose attestation CA certifies the attestation key. It takes the caller's word that the key is in this TPM.</param>
/// <param name="now">When the AK certificate is made.</param>
internal sealed class SwtpmMaker(SwtpmDevice device, TpmVendor vendor, DateTimeOffset now)
{
    /// <summary>The order value that names this TPM.</summary>
    public string Identifier => TpmVendor.Identifier(device.EkCertificate);

    /// <summary>The attestation key's type.</summary>
    public bool RsaAttestationKey { get; init; } = true;

    /// <summary>Makes an attestation key and has it certify <paramref name="key"/> over the key authorization.</summary>
    public async Task<(byte[] AttestationObject, IReadOnlyList<byte[]> Chain)> Make(ChallengeMaterial challenge, TpmKey key, CancellationToken cancellation)
    {
        var attestationKey = await device.MakeKey(TpmTemplates.AttestationKey(RsaAttestationKey), cancellation);
        var (attest, signature) = await device.Certify(key, attestationKey, challenge.KeyAuthorizationHash, cancellation);
        var fields = vendor.AkFields(TpmVendor.IdentifierValue(device.EkCertificate), attestationKey.PublicKey, now);
        IReadOnlyList<byte[]> chain = [vendor.AttestationCa.Issue(fields), vendor.AttestationCa.Certificate];
        var statement = AttestationObject.Write("tpm", writer =>
        {
            writer.WriteStartMap(6);
            writer.WriteTextString("ver");
            writer.WriteTextString("2.0");
            writer.WriteTextString("alg");
            writer.WriteInt32(RsaAttestationKey ? TpmMaker.CoseRs256 : TpmMaker.CoseEs256);
            writer.WriteTextString("x5c");
            writer.WriteCertificates(chain);
            writer.WriteTextString("sig");
            writer.WriteByteString(signature);
            writer.WriteTextString("certInfo");
            writer.WriteByteString(attest);
            writer.WriteTextString("pubArea");
            writer.WriteByteString(key.PublicArea);
            writer.WriteEndMap();
        });
        return (statement, chain);
    }
}
