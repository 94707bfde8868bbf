using System.Formats.Asn1;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Idevid;

/// <summary>What an IDevID certificate says of its device (IEEE 802.1AR, RFC 8995 §2.3).</summary>
/// <param name="Reason">Why it is no birth certificate; null where it is one.</param>
/// <param name="Found">What was found, for people.</param>
/// <param name="Facts">The device and its identifiers, as far as they could be read.</param>
internal sealed record BirthCertificate(Reason? Reason, string Found, IReadOnlyList<(string Name, FactValue Value)> Facts)
{
    public const string Serial = "device.serial";
    public const string HardwareModule = "idevid.hardware-module";
    public const string PermanentIdentifier = "idevid.permanent-identifier";

    private const string CommonName = "2.5.4.3";
    private const string SerialNumber = "2.5.4.5";
    private const string Organization = "2.5.4.10";

    /// <param name="certificate">The certificate of the IDevID key.</param>
    /// <param name="hardwareType">
    /// What the anchor says of devices whose certificate names no hardware module: the type that goes with the serial number of the subject.
    /// Null where it says nothing.
    /// </param>
    public static BirthCertificate Read(Certificate certificate, string? hardwareType)
    {
        List<NameAttribute> subject;
        AlternativeNames names;
        try
        {
            subject = DistinguishedName.Read(certificate.Subject);
            names = certificate.Find(Oids.SubjectAlternativeName) is { } extension ? AlternativeNames.Read(extension.Value) : AlternativeNames.None;
        }
        catch (AsnContentException broken)
        {
            return new BirthCertificate(Reasons.CertificateMalformed, $"subject or subject alternative name: {broken.Message}", []);
        }

        if (!CertificateConstraints.TryRead(certificate, out var constraints, out var problem))
        {
            return new BirthCertificate(Reasons.CertificateMalformed, problem, []);
        }

        var facts = new List<(string, FactValue)>();
        var serial = ReadSubject(subject, facts);
        ReadNames(names, serial, hardwareType, facts);
        facts.Add(("idevid.issuer", new FactValue.Text(certificate.IssuerText)));
        facts.Add(("idevid.not-after", new FactValue.Instant(certificate.NotAfter)));
        facts.Add(("attestation.certificate-sha256", new FactValue.Octets(certificate.Sha256)));
        return Breach(certificate, constraints, subject, names) is { } breach
            ? new BirthCertificate(Reasons.IdevidCertificateProfile, breach, facts)
            : new BirthCertificate(null, $"v3, no CA, may sign, '{certificate.SubjectText}'", facts);
    }

    private static string? Breach(Certificate certificate, CertificateConstraints constraints, List<NameAttribute> subject, AlternativeNames names)
    {
        if (certificate.Version != 3)
        {
            return $"version {certificate.Version}, 3 is needed";
        }

        if (constraints.IsCa == true || constraints.KeyUsage is { } usage && (usage & CertificateConstraints.KeyCertSignBit) != 0)
        {
            return "a CA certificate";
        }

        if (!constraints.MaySign)
        {
            return "keyUsage without digitalSignature";
        }

        // which of two would be compared with the order?
        var serials = subject.Count(attribute => attribute.Oid == SerialNumber);
        return serials > 1 || names.HardwareModules.Count > 1 || names.PermanentIdentifiers.Count > 1
            ? $"{serials} serialNumbers in the subject, {names.HardwareModules.Count} HardwareModuleNames and {names.PermanentIdentifiers.Count} PermanentIdentifiers, at most one of each can be compared"
            : null;
    }

    /// <summary>The device's serial number; null where the subject has none that an order could name.</summary>
    private static string? ReadSubject(List<NameAttribute> subject, List<(string, FactValue)> facts)
    {
        if (First(subject, Organization) is { } organization)
        {
            facts.Add(("device.manufacturer", TextOrBlank(organization)));
        }

        if (First(subject, CommonName) is { } commonName)
        {
            facts.Add(("idevid.common-name", TextOrBlank(commonName)));
        }

        if (First(subject, SerialNumber) is not { } written)
        {
            return null;
        }

        facts.Add(("idevid.subject-serial-number", TextOrBlank(written)));
        var parts = SubjectSerialNumber.Read(written);
        if (parts.Product is { } product)
        {
            facts.Add(("device.model", new FactValue.Text(product)));
        }

        if (parts.BaseMac is { } mac)
        {
            facts.Add(("device.base-mac", new FactValue.Text(mac)));
        }

        // an order's "A/1.2" is the value A of the assigner 1.2 (device-attest §3): a serial number with a slash must not look like one
        var orderable = !parts.Serial.Contains('/', StringComparison.Ordinal);
        facts.Add((Serial, orderable ? TextOrBlank(parts.Serial) : new FactValue.Blank()));
        return orderable && parts.Serial.Length > 0 ? parts.Serial : null;
    }

    private static void ReadNames(AlternativeNames names, string? serial, string? hardwareType, List<(string, FactValue)> facts)
    {
        if (names.PermanentIdentifiers.Count == 1)
        {
            facts.Add((PermanentIdentifier, new FactValue.Text(names.PermanentIdentifiers[0])));
        }

        if (names.HardwareModules is [var module])
        {
            Add(module.Type, module.SerialText is { } text ? TextOrBlank(text) : new FactValue.Octets(module.Serial), module.Ordered, "certificate");
        }
        else if (names.HardwareModules.Count == 0 && hardwareType is not null && serial is not null)
        {
            Add(hardwareType, new FactValue.Text(serial), $"{serial}/{hardwareType}", "anchor");
        }

        void Add(string type, FactValue moduleSerial, string? ordered, string source)
        {
            facts.Add(("idevid.hardware-type", new FactValue.Text(type)));
            facts.Add(("idevid.hardware-serial", moduleSerial));
            facts.Add(("idevid.hardware-source", new FactValue.Text(source)));
            if (ordered is not null)
            {
                facts.Add((HardwareModule, new FactValue.Text(ordered)));
            }
        }
    }

    private static string? First(List<NameAttribute> subject, string oid) => subject.Find(attribute => attribute.Oid == oid)?.Value;

    private static FactValue TextOrBlank(string value) => value.Length == 0 ? new FactValue.Blank() : new FactValue.Text(value);
}
