using System.Formats.Asn1;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>What the certificate of an attestation key says (WebAuthn §8.3.1, TCG EK Credential Profile §3.2.9).</summary>
/// <param name="Reason">Why it breaks the profile; null where it does not.</param>
/// <param name="Found">What was found, for people.</param>
/// <param name="Facts">TPM and identifiers, as far as they could be read.</param>
internal sealed record AkCertificate(Reason? Reason, string Found, IReadOnlyList<(string Name, FactValue Value)> Facts)
{
    /// <summary>tcg-kp-AIKCertificate.</summary>
    private const string AikCertificate = "2.23.133.8.3";

    private const string Manufacturer = "2.23.133.2.1";
    private const string Model = "2.23.133.2.2";
    private const string Version = "2.23.133.2.3";

    public static AkCertificate Read(Certificate certificate)
    {
        if (!CertificateConstraints.TryRead(certificate, out var constraints, out var problem))
        {
            return new AkCertificate(Reasons.CertificateMalformed, problem, []);
        }

        AlternativeNames names;
        var extension = certificate.Find(Oids.SubjectAlternativeName);
        try
        {
            names = extension is null ? AlternativeNames.None : AlternativeNames.Read(extension.Value);
        }
        catch (AsnContentException broken)
        {
            return new AkCertificate(Reasons.CertificateMalformed, $"subject alternative name: {broken.Message}", []);
        }

        if (names.HardwareModules.Any(module => module.SerialText is null))
        {
            return new AkCertificate(Reasons.CertificateMalformed, "subject alternative name: a HardwareModuleName whose serial number is not UTF-8", []);
        }

        var facts = new List<(string, FactValue)>();
        var vendor = ReadTpm(names, facts);
        ReadIdentifiers(names, facts);

        // contained, not first: Azure's AK certificates have another purpose before it
        if (!constraints.ExtendedKeyUsage.Contains(AikCertificate))
        {
            var found = constraints.ExtendedKeyUsage.Count == 0 ? "none" : string.Join(", ", constraints.ExtendedKeyUsage);
            return new AkCertificate(Reasons.AkEkuMissing, $"extended key usage: {found}; needed: {AikCertificate}", facts);
        }

        return Breach(certificate, constraints, extension, names, vendor) is { } breach
            ? new AkCertificate(Reasons.AkCertificateProfile, breach, facts)
            : new AkCertificate(null, $"v3, no CA, {AikCertificate}, {vendor!.Name}", facts);
    }

    private static string? Breach(
        Certificate certificate, CertificateConstraints constraints, CertificateExtension? extension, AlternativeNames names, TpmVendor? vendor)
    {
        if (certificate.Version != 3)
        {
            return $"version {certificate.Version}, 3 is needed";
        }

        if (constraints.IsCa == true)
        {
            return "basicConstraints says CA";
        }

        if (!constraints.MaySign)
        {
            return "keyUsage without digitalSignature";
        }

        if (!certificate.SubjectIsEmpty)
        {
            return $"the subject must be empty, found '{certificate.SubjectText}'";
        }

        // RFC 5280 §4.2.1.6
        if (extension is not { Critical: true })
        {
            return extension is null ? "no subject alternative name" : "the subject is empty, but the subject alternative name is not critical";
        }

        if (vendor is null)
        {
            return $"no TPM manufacturer ({Manufacturer}) of the form id:XXXXXXXX in the subject alternative name";
        }

        if (Attribute(names, Model) is null || Attribute(names, Version) is null)
        {
            return $"no TPM model ({Model}) or version ({Version}) in the subject alternative name";
        }

        return names.PermanentIdentifiers.Count > 1 || names.HardwareModules.Count > 1
            ? $"{names.PermanentIdentifiers.Count} PermanentIdentifiers and {names.HardwareModules.Count} HardwareModuleNames, at most one of each can be compared"
            : null;
    }

    private static TpmVendor? ReadTpm(AlternativeNames names, List<(string, FactValue)> facts)
    {
        var vendor = Attribute(names, Manufacturer) is { } id ? TpmVendors.Read(id) : null;
        var model = Attribute(names, Model);
        if (vendor is not null)
        {
            facts.Add(("tpm.manufacturer", new FactValue.Text(vendor.Name)));
            facts.Add(("tpm.manufacturer-id", new FactValue.Text(vendor.Id)));
            facts.Add(("tpm.manufacturer-registered", new FactValue.Flag(vendor.Registered)));
            facts.Add(("tpm.virtual", new FactValue.Flag(vendor.Software || model is "vTPM" or "swtpm")));
        }

        if (model is not null)
        {
            facts.Add(("tpm.model", TextOrBlank(model)));
        }

        if (Attribute(names, Version) is { } version)
        {
            facts.Add(("tpm.firmware-version", TextOrBlank(version.StartsWith("id:", StringComparison.Ordinal) ? version[3..] : version)));
        }

        return vendor;
    }

    private static void ReadIdentifiers(AlternativeNames names, List<(string, FactValue)> facts)
    {
        if (names.PermanentIdentifiers.Count == 1)
        {
            facts.Add((TpmVerifier.PermanentIdentifier, new FactValue.Text(names.PermanentIdentifiers[0])));
        }

        if (names.HardwareModules is [{ Ordered: { } module }])
        {
            facts.Add((TpmVerifier.HardwareModule, new FactValue.Text(module)));
        }
    }

    // one multi-valued RDN or three RDNs: the attributes are taken together
    private static string? Attribute(AlternativeNames names, string oid)
    {
        foreach (var attribute in names.DirectoryAttributes)
        {
            if (attribute.Oid == oid)
            {
                return attribute.Value;
            }
        }

        return null;
    }

    private static FactValue TextOrBlank(string value) => value.Length == 0 ? new FactValue.Blank() : new FactValue.Text(value);
}
