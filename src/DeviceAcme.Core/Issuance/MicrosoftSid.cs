using System.Formats.Asn1;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Issuance;

/// <summary>
/// The extension by which a domain controller knows the account that a certificate is for (MS-WCCE 2.2.2.7.7.4): whoever holds the certificate is that
/// account. The security identifier comes from the ledger alone, for a device that its evidence proved; no CSR, evidence or webhook can name one.
/// </summary>
internal static class MicrosoftSid
{
    /// <summary>szOID_NTDS_OBJECTSID.</summary>
    private const string ObjectSid = "1.3.6.1.4.1.311.25.2.1";

    private const string Fact = LedgerFacts.Prefix + DeviceDescription.SidAttribute;

    /// <summary>The extension for a device; null where the profile wants none, or the ledger has none and none is needed.</summary>
    /// <param name="proven">Whether evidence proved the device that the facts are about.</param>
    /// <exception cref="ProblemException">One is required and there is none.</exception>
    public static PlannedExtension? Plan(SidMode mode, FactSet facts, bool proven)
    {
        if (mode == SidMode.None)
        {
            return null;
        }

        var sid = proven && facts.Find(Fact)?.Value is FactValue.Text { Value: var text } && DeviceDescription.IsSid(text) ? text : null;
        return sid is not null ? new PlannedExtension(Oids.MicrosoftSid, false, Write(sid))
            : mode == SidMode.Optional ? null
            : throw Problems.RejectedIdentifier(
                TextTemplate.MissingValue,
                $"certificate.microsoft-sid: {(proven ? $"the device's entry in the ledger has no attribute '{DeviceDescription.SidAttribute}'" : "nothing proved the device")}, and this profile needs it");
    }

    public static byte[] Write(string sid)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        var context = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
        using (writer.PushSequence())
        using (writer.PushSequence(context))
        {
            writer.WriteObjectIdentifier(ObjectSid);
            using (writer.PushSequence(context))
            {
                writer.WriteOctetString(Encoding.ASCII.GetBytes(sid));
            }
        }

        return writer.Encode();
    }

    /// <summary>The security identifier of an extension's value; null where it is none.</summary>
    public static string? Read(ReadOnlyMemory<byte> value)
    {
        try
        {
            var context = new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true);
            var whole = new AsnReader(value, AsnEncodingRules.DER);
            var names = whole.ReadSequence();
            var name = names.ReadSequence(context);
            var isObjectSid = name.ReadObjectIdentifier() == ObjectSid;
            var octets = name.ReadSequence(context);
            var sid = Encoding.ASCII.GetString(octets.ReadOctetString());
            return isObjectSid && !octets.HasData && !name.HasData && !names.HasData && !whole.HasData && DeviceDescription.IsSid(sid) ? sid : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }
}
