using System.Formats.Asn1;

namespace DeviceAcme.Attestation.X509;

/// <summary>A BOOLEAN whose TRUE may be any octet but zero (BER): genuine StrongBox chips write 01 where DER wants FF.</summary>
internal static class LenientBoolean
{
    /// <summary>Throws <see cref="AsnContentException"/>.</summary>
    public static bool Read(AsnReader reader)
    {
        var value = new AsnReader(reader.ReadEncodedValue(), AsnEncodingRules.BER);
        return value.ReadBoolean();
    }
}
