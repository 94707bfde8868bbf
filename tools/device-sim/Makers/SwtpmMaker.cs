using DeviceAcme.Simulator.Tpm;

namespace DeviceAcme.Simulator.Makers;

/// <summary>A TPM statement whose keys, certification and signature come from a software TPM.</summary>
/// <param name="device">The opened TPM.</param>
/// <param name="attestationKey">The attestation key in it, with its certificate.</param>
internal sealed class SwtpmMaker(SwtpmDevice device, CertifiedAttestationKey attestationKey)
{
    /// <summary>Has the attestation key certify <paramref name="key"/> over the key authorization.</summary>
    public async Task<byte[]> Make(ChallengeMaterial challenge, TpmKey key, CancellationToken cancellation)
    {
        var (attest, signature) = await device.Certify(key, attestationKey.Key, challenge.KeyAuthorizationHash, cancellation);
        return AttestationObject.Write("tpm", writer =>
        {
            writer.WriteStartMap(6);
            writer.WriteTextString("ver");
            writer.WriteTextString("2.0");
            writer.WriteTextString("alg");
            writer.WriteInt32(attestationKey.Rsa ? TpmMaker.CoseRs256 : TpmMaker.CoseEs256);
            writer.WriteTextString("x5c");
            writer.WriteCertificates(attestationKey.Chain);
            writer.WriteTextString("sig");
            writer.WriteByteString(signature);
            writer.WriteTextString("certInfo");
            writer.WriteByteString(attest);
            writer.WriteTextString("pubArea");
            writer.WriteByteString(key.PublicArea);
            writer.WriteEndMap();
        });
    }
}
