using System.Formats.Asn1;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>What the certificate of an endorsement key says (TCG EK Credential Profile §3).</summary>
/// <param name="Reason">Why it breaks the profile; null where it does not.</param>
/// <param name="Found">What was found, for people.</param>
/// <param name="Tpm">How it describes its TPM.</param>
/// <param name="Facts">TPM and instance, as far as they could be read.</param>
internal sealed record EkCertificate(Reason? Reason, string Found, TpmDescription Tpm, IReadOnlyList<(string Name, FactValue Value)> Facts)
{
    /// <summary>tcg-kp-EKCertificate.</summary>
    private const string EkCertificatePurpose = "2.23.133.8.1";

    private const string Google = "474F4F47";
    private static readonly TpmDescription NoTpm = TpmDescription.Read([]);

    public static EkCertificate Read(Certificate certificate)
    {
        if (!CertificateConstraints.TryRead(certificate, out var constraints, out var problem))
        {
            return new EkCertificate(Reasons.CertificateMalformed, problem, NoTpm, []);
        }

        AlternativeNames names;
        GceInstance? instance;
        try
        {
            names = certificate.Find(Oids.SubjectAlternativeName) is { } extension ? AlternativeNames.Read(extension.Value) : AlternativeNames.None;
            instance = certificate.Find(GceInstance.Oid) is { } gce ? GceInstance.Read(gce.Value) : null;
        }
        catch (AsnContentException broken)
        {
            return new EkCertificate(Reasons.CertificateMalformed, $"alternative name or instance: {broken.Message}", NoTpm, []);
        }

        var (directory, specification) = Directory(certificate);
        var tpm = TpmDescription.Read(names.DirectoryAttributes);
        if (tpm.Vendor is null)
        {
            tpm = instance is null ? TpmDescription.Read([.. names.DirectoryAttributes, .. directory]) : TpmDescription.OfCloud(Google);
        }

        List<(string, FactValue)> facts = [.. tpm.Facts(), .. instance?.Facts() ?? []];
        if (specification is not null)
        {
            facts.Add(("tpm.specification", new FactValue.Text(specification)));
        }

        var (reason, found) = Judge(certificate, constraints, instance is not null, tpm);
        return new EkCertificate(reason, found, tpm, facts);
    }

    private static (Reason? Reason, string Found) Judge(Certificate certificate, CertificateConstraints constraints, bool isGoogle, TpmDescription tpm)
    {
        // Google Cloud's have no purpose at all, but say which instance they belong to; keyUsage tells them from its attestation keys
        var byShape = isGoogle && constraints.ExtendedKeyUsage.Count == 0 && constraints.KeyUsage is not null;
        if (!constraints.ExtendedKeyUsage.Contains(EkCertificatePurpose) && !byShape)
        {
            var purposes = constraints.ExtendedKeyUsage.Count == 0 ? "none" : string.Join(", ", constraints.ExtendedKeyUsage);
            return (Reasons.EkEkuMissing, $"extended key usage: {purposes}; needed: {EkCertificatePurpose}");
        }

        if (Breach(certificate, constraints, tpm) is { } breach)
        {
            return (Reasons.EkCertificateProfile, breach);
        }

        return (null, byShape ? $"v3, no CA, a Google Cloud instance, {tpm.Vendor!.Name}" : $"v3, no CA, {EkCertificatePurpose}, {tpm.Vendor!.Name}");
    }

    private static string? Breach(Certificate certificate, CertificateConstraints constraints, TpmDescription tpm)
    {
        if (certificate.Version != 3)
        {
            return $"version {certificate.Version}, 3 is needed";
        }

        if (constraints.IsCa == true)
        {
            return "basicConstraints says CA";
        }

        // an endorsement key decrypts or agrees; what may sign is another kind of key
        if (!constraints.MayReceiveKeys)
        {
            return "keyUsage has neither keyEncipherment nor keyAgreement";
        }

        return tpm.Vendor is null ? $"no TPM manufacturer ({TpmDescription.Manufacturer}) of the form id:XXXXXXXX" : null;
    }

    // not critical, and vendors fill it with much that nobody reads: what cannot be read describes nothing
    private static (IReadOnlyList<NameAttribute> Attributes, string? Specification) Directory(Certificate certificate)
    {
        try
        {
            return certificate.Find(Oids.SubjectDirectoryAttributes) is { } extension ? TpmDescription.ReadDirectoryAttributes(extension.Value) : ([], null);
        }
        catch (AsnContentException)
        {
            return ([], null);
        }
    }
}
