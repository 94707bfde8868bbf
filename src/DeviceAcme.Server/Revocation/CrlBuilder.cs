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
                var reasons = revoked.Select(certificate => certificate.Reason ?? 0).Distinct().ToDictionary(reason => reason, Reason);
                using (writer.PushSequence())
                {
                    foreach (var certificate in revoked)
                    {
                        WriteLine(writer, certificate, reasons[certificate.Reason ?? 0]);
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

    private static void WriteLine(AsnWriter writer, RevokedCertificate certificate, ReadOnlyMemory<byte> reason)
    {
        using (writer.PushSequence())
        {
            writer.WriteIntegerUnsigned(Convert.FromHexString(certificate.Serial));
            CertificateBuilder.WriteTime(writer, certificate.RevokedAt);
            if (!reason.IsEmpty)
            {
                writer.WriteEncodedValue(reason.Span);
            }
        }
    }

    /// <summary>crlEntryExtensions with the reason; nothing for unspecified (0), which is said by leaving it out (§5.3.1).</summary>
    private static ReadOnlyMemory<byte> Reason(int reason)
    {
        if (reason == 0)
        {
            return default;
        }

        var (value, extensions) = (new AsnWriter(AsnEncodingRules.DER), new AsnWriter(AsnEncodingRules.DER));
        value.WriteEnumeratedValue((CrlReason)reason);
        CertificateBuilder.WriteExtensions(extensions, [new PlannedExtension(Oids.ReasonCode, false, value.Encode())]);
        return extensions.Encode();
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
