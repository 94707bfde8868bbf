using System.Formats.Asn1;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Revocation;

namespace DeviceAcme.Server.Revocation;

/// <summary>Writes and signs complete CRLs, v2 (RFC 5280 §5).</summary>
internal static class CrlBuilder
{
    /// <param name="issuer">Name, key identifier and key, as in the issuer's certificate.</param>
    /// <param name="number">cRLNumber (§5.2.3).</param>
    /// <param name="revoked">The lines.</param>
    public static byte[] Build(
        CertificateIssuer issuer, long number, DateTimeOffset thisUpdate, DateTimeOffset nextUpdate, IReadOnlyList<RevokedCertificate> revoked)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER, 512 + (64 * revoked.Count));
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            writer.WriteEncodedValue(issuer.Key.Algorithm.Span);
            writer.WriteEncodedValue(issuer.Name.Span);
            CertificateBuilder.WriteTime(writer, thisUpdate);
            CertificateBuilder.WriteTime(writer, nextUpdate);

            // §5.1.2.6: absent where there is none
            if (revoked.Count > 0)
            {
                using (writer.PushSequence())
                {
                    foreach (var certificate in revoked)
                    {
                        WriteLine(writer, certificate);
                    }
                }
            }

            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0, true)))
            {
                CertificateBuilder.WriteExtensions(writer, [CertificateBuilder.AuthorityKeyIdentifier(issuer.KeyIdentifier.Span), Number(number)]);
            }
        }

        return CertificateBuilder.Signed(writer.Encode(), issuer.Key);
    }

    private static void WriteLine(AsnWriter writer, RevokedCertificate certificate)
    {
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Convert.FromHexString(certificate.Serial));
            CertificateBuilder.WriteTime(writer, certificate.RevokedAt);

            // §5.3.1: unspecified (0) is said by leaving the reason out
            if (certificate.Reason is { } reason and not 0)
            {
                var value = new AsnWriter(AsnEncodingRules.DER);
                value.WriteEnumeratedValue((CrlReason)reason);
                CertificateBuilder.WriteExtensions(writer, [new PlannedExtension(Oids.ReasonCode, false, value.Encode())]);
            }
        }
    }

    private static PlannedExtension Number(long number)
    {
        var value = new AsnWriter(AsnEncodingRules.DER);
        value.WriteInteger(number);
        return new PlannedExtension(Oids.CrlNumber, false, value.Encode());
    }

    // the values come from stored reason codes; the type is only for the writer
    private enum CrlReason
    {
        Unspecified = 0,
    }
}
