using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.AndroidKey;

/// <summary>What remote key provisioning (RKP) says in the certificate of an attestation key: a CBOR map with small numbers as keys.</summary>
/// <param name="CertificatesIssued">How many certificates the device got in the last 30 days; null where that is not said.</param>
internal sealed record ProvisioningInfo(long? CertificatesIssued)
{
    public const string Oid = "1.3.6.1.4.1.11129.2.1.30";

    private const long CertificatesIssuedKey = 1;

    /// <summary>Reads the extension of the attested key's issuer, nearest first; null where none has it or it is no map.</summary>
    /// <param name="issuers">The chain above the leaf: what the leaf itself says here would be the device's own word.</param>
    public static ProvisioningInfo? Find(IEnumerable<Certificate> issuers)
    {
        foreach (var issuer in issuers)
        {
            if (issuer.Find(Oid) is { } extension)
            {
                return Read(extension.Value);
            }
        }

        return null;
    }

    private static ProvisioningInfo? Read(ReadOnlyMemory<byte> value)
    {
        try
        {
            if (StrictCbor.Read(value) is not CborItem.Map map)
            {
                return null;
            }

            foreach (var entry in map.Entries)
            {
                if (entry is { Key: CborItem.Integer { Value: CertificatesIssuedKey }, Value: CborItem.Integer issued })
                {
                    return new ProvisioningInfo(issued.Value);
                }
            }

            return new ProvisioningInfo((long?)null);
        }
        catch (MalformedEvidenceException)
        {
            // informative only: an authority that Google's root vouches for wrote something that is not known here
            return null;
        }
    }
}
