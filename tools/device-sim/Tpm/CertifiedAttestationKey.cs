using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Tpm;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Tpm;

/// <summary>An attestation key in a software TPM, with the certificate that an attestation CA gave it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Rsa">Its type; the other one is ECC.</param>
/// <param name="Chain">DER, the key's own certificate first.</param>
/// <param name="Identifier">The order value that names this TPM.</param>
internal sealed record CertifiedAttestationKey(TpmKey Key, bool Rsa, IReadOnlyList<byte[]> Chain, string Identifier)
{
    /// <summary>By the simulator's own attestation CA, which takes the caller's word that the key is in this TPM.</summary>
    public static async Task<CertifiedAttestationKey> Faked(SwtpmDevice device, TpmVendor vendor, DateTimeOffset now, bool rsa, CancellationToken cancellation)
    {
        var key = await device.MakeKey(TpmTemplates.AttestationKey(rsa), cancellation);
        var fields = vendor.AkFields(TpmVendor.IdentifierValue(device.EkCertificate), key.PublicKey, now);
        return new CertifiedAttestationKey(
            key, rsa, [vendor.AttestationCa.Issue(fields), vendor.AttestationCa.Certificate], TpmVendor.Identifier(device.EkCertificate));
    }

    /// <summary>By a server's attestation CA: the TPM proves that the key and the endorsement key are both in it.</summary>
    /// <param name="device">The TPM.</param>
    /// <param name="client">Talks to the attestation CA.</param>
    /// <param name="issuers">Certificates above the endorsement certificate that the CA may need, DER.</param>
    /// <param name="rsa">Type of the attestation key.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<CertifiedAttestationKey> Activated(
        SwtpmDevice device, ActivationClient client, IReadOnlyList<byte[]> issuers, bool rsa, CancellationToken cancellation)
    {
        var made = await device.MakeAttestationKey(rsa, cancellation);
        var (url, challenge) = await client.Begin(Request(device, made, issuers), cancellation);
        var secret = await device.Activate(made.Key, challenge.CredentialBlob.ToArray(), challenge.EncryptedSecret.ToArray(), cancellation);
        var certified = await client.Complete(url, secret, cancellation);
        return new CertifiedAttestationKey(made.Key, rsa, [.. certified.Certificates.Select(certificate => certificate.ToArray())], challenge.Identifier);
    }

    /// <summary>What an attestation CA is shown of the TPM and the key.</summary>
    public static ActivationRequest Request(SwtpmDevice device, TpmAttestationKey made, IReadOnlyList<byte[]> issuers) => new()
    {
        EndorsementPublicArea = device.EkPublicArea,
        EndorsementCertificates = [device.EkCertificate, .. issuers.Select(issuer => new ReadOnlyMemory<byte>(issuer))],
        AttestationPublicArea = made.Key.PublicArea,
        CreationData = made.CreationData,
        CreationAttestation = made.CreationAttestation,
        CreationSignature = made.CreationSignature,
    };
}
