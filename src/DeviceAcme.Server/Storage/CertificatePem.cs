using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;

namespace DeviceAcme.Server.Storage;

/// <summary>A stored certificate with one of its chains as text.</summary>
internal static class CertificatePem
{
    /// <summary>RFC 8555 §9.1: strict RFC 7468 without explanatory text, leaf first.</summary>
    /// <param name="leaf">The certificate, DER.</param>
    /// <param name="chain">What a <see cref="StoredChain"/> holds: certificates one after the other.</param>
    public static string Write(byte[] leaf, byte[] chain)
    {
        var text = new StringBuilder().Append(PemEncoding.Write("CERTIFICATE", leaf)).Append('\n');
        for (ReadOnlyMemory<byte> rest = chain; rest.Length > 0;)
        {
            AsnDecoder.ReadEncodedValue(rest.Span, AsnEncodingRules.DER, out _, out _, out var length);
            text.Append(PemEncoding.Write("CERTIFICATE", rest.Span[..length])).Append('\n');
            rest = rest[length..];
        }

        return text.ToString();
    }
}
