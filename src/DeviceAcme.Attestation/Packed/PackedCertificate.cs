using System.Formats.Asn1;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Packed;

/// <summary>The certificate of an authenticator's attestation key (WebAuthn §8.2.1) and the extensions of FIDO that stand in it.</summary>
internal static class PackedCertificate
{
    /// <summary>OCTET STRING of 16: the model.</summary>
    public const string Aaguid = "1.3.6.1.4.1.45724.1.1.4";

    /// <summary>OCTET STRING: enterprise attestation's serial number, unique for one vendor.</summary>
    public const string SerialNumber = "1.3.6.1.4.1.45724.1.1.2";

    /// <summary>The firmware's version.</summary>
    public const string FirmwareVersion = "1.3.6.1.4.1.45724.1.1.5";

    public const string SerialFact = "device.serial";

    private const string Country = "2.5.4.6";
    private const string Organization = "2.5.4.10";
    private const string OrganizationalUnit = "2.5.4.11";
    private const string CommonName = "2.5.4.3";
    private const string Unit = "Authenticator Attestation";
    private const int MaxSerial = 64;

    /// <summary>What breaks §8.2.1; null where nothing does.</summary>
    public static string? Violation(Certificate certificate)
    {
        if (certificate.Version != 3)
        {
            return $"v{certificate.Version}, expected v3";
        }

        try
        {
            var subject = DistinguishedName.Read(certificate.Subject);
            foreach (var (oid, name) in new[] { (Country, "C"), (Organization, "O"), (CommonName, "CN") })
            {
                if (Value(subject, oid) is null)
                {
                    return $"the subject '{certificate.SubjectText}' has no {name}";
                }
            }

            if (!subject.Exists(attribute => attribute is { Oid: OrganizationalUnit, Value: Unit }))
            {
                return $"the subject '{certificate.SubjectText}' has no OU '{Unit}'";
            }
        }
        catch (AsnContentException broken)
        {
            return $"the subject: {broken.Message}";
        }

        return !CertificateConstraints.TryRead(certificate, out var constraints, out var problem) ? problem
            : constraints.IsCa is null ? "no basicConstraints"
            : constraints.IsCa == true ? "it is a CA certificate"
            : !constraints.MaySign ? "keyUsage without digitalSignature"
            : null;
    }

    /// <summary>The facts of a certificate without <see cref="Violation"/>, each extension read once; throws <see cref="AsnContentException"/>.</summary>
    public static List<(string Name, FactValue Value)> Facts(Certificate certificate)
    {
        var subject = DistinguishedName.Read(certificate.Subject);
        var facts = new List<(string, FactValue)>
        {
            ("device.manufacturer", new FactValue.Text(Value(subject, Organization)!)),
            ("packed.common-name", new FactValue.Text(Value(subject, CommonName)!)),
        };
        if (certificate.Find(Aaguid) is { } aaguid)
        {
            var octets = Octets(aaguid);
            facts.Add(("packed.aaguid", octets.Length == 16
                ? new FactValue.Text(new Guid(octets, bigEndian: true).ToString())
                : throw new AsnContentException($"the aaguid has {octets.Length} octets")));
        }

        if (certificate.Find(SerialNumber) is { } serial)
        {
            // hex, because vendors put text and numbers there, and two devices must never share a value
            var octets = Octets(serial);
            facts.Add((SerialFact, octets.Length switch
            {
                0 => new FactValue.Blank(),
                > MaxSerial => throw new AsnContentException($"the serial number has {octets.Length} octets"),
                _ => new FactValue.Text(Convert.ToHexStringLower(octets)),
            }));
        }

        if (certificate.Find(FirmwareVersion) is { } firmware)
        {
            facts.Add(("packed.firmware", Number(firmware)));
        }

        return facts;
    }

    // a name may have several attributes of a kind, also ones that are no text
    private static string? Value(List<NameAttribute> subject, string oid) =>
        subject.Find(attribute => attribute.Oid == oid && attribute.Value is { Length: > 0 })?.Value;

    private static byte[] Octets(CertificateExtension extension)
    {
        var reader = new AsnReader(extension.Value, AsnEncodingRules.DER);
        var octets = reader.ReadOctetString();
        reader.ThrowIfNotEmpty();
        return octets;
    }

    private static FactValue.Number Number(CertificateExtension extension)
    {
        var reader = new AsnReader(extension.Value, AsnEncodingRules.DER);
        if (!reader.TryReadInt64(out var number) || number < 0)
        {
            throw new AsnContentException("the firmware version is negative or longer than 64 bits");
        }

        reader.ThrowIfNotEmpty();
        return new FactValue.Number(number);
    }
}
