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

        var tpm = TpmDescription.Read(names.DirectoryAttributes);
        var facts = tpm.Facts().ToList();
        ReadIdentifiers(names, facts);

        // contained, not first: Azure's AK certificates have another purpose before it
        if (!constraints.ExtendedKeyUsage.Contains(AikCertificate))
        {
            var found = constraints.ExtendedKeyUsage.Count == 0 ? "none" : string.Join(", ", constraints.ExtendedKeyUsage);
            return new AkCertificate(Reasons.AkEkuMissing, $"extended key usage: {found}; needed: {AikCertificate}", facts);
        }

        return Breach(certificate, constraints, extension, names, tpm) is { } breach
            ? new AkCertificate(Reasons.AkCertificateProfile, breach, facts)
            : new AkCertificate(null, $"v3, no CA, {AikCertificate}, {tpm.Vendor!.Name}", facts);
    }

    private static string? Breach(
        Certificate certificate, CertificateConstraints constraints, CertificateExtension? extension, AlternativeNames names, TpmDescription tpm)
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

        if (tpm.Vendor is null)
        {
            return $"no TPM manufacturer ({TpmDescription.Manufacturer}) of the form id:XXXXXXXX in the subject alternative name";
        }

        if (tpm.ModelText is null || tpm.VersionText is null)
        {
            return $"no TPM model ({TpmDescription.Model}) or version ({TpmDescription.Version}) in the subject alternative name";
        }

        return names.PermanentIdentifiers.Count > 1 || names.HardwareModules.Count > 1
            ? $"{names.PermanentIdentifiers.Count} PermanentIdentifiers and {names.HardwareModules.Count} HardwareModuleNames, at most one of each can be compared"
            : null;
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
}
