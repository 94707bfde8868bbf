using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Simulator.Enrollment;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>What a scenario can say of a certificate.</summary>
internal sealed record CertificateFacts
{
    private const string CertificatePolicies = "2.5.29.32";

    private static readonly (string Oid, string Word)[] Purposes =
    [
        ("1.3.6.1.5.5.7.3.1", "server-auth"), ("1.3.6.1.5.5.7.3.2", "client-auth"), ("1.3.6.1.5.5.7.3.3", "code-signing"), ("1.3.6.1.5.5.7.3.4", "email-protection"),
        ("1.3.6.1.4.1.311.20.2.2", "smartcard-logon"),
    ];

    private static readonly (X509KeyUsageFlags Flag, string Word)[] Usages =
    [
        (X509KeyUsageFlags.DigitalSignature, "digital-signature"), (X509KeyUsageFlags.NonRepudiation, "non-repudiation"), (X509KeyUsageFlags.KeyEncipherment, "key-encipherment"),
        (X509KeyUsageFlags.DataEncipherment, "data-encipherment"), (X509KeyUsageFlags.KeyAgreement, "key-agreement"), (X509KeyUsageFlags.KeyCertSign, "key-cert-sign"), (X509KeyUsageFlags.CrlSign, "crl-sign"),
    ];

    public required CertificateText Text { get; init; }

    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public required byte[] PublicKey { get; init; }
    public required string KeyType { get; init; }
    public required IReadOnlyList<string> ExtendedKeyUsage { get; init; }
    public required IReadOnlyList<string> KeyUsage { get; init; }
    public required IReadOnlyList<string> Policies { get; init; }
    public required IReadOnlyList<string> Extensions { get; init; }

    public static CertificateFacts Read(IReadOnlyList<byte[]> chain)
    {
        using var leaf = X509CertificateLoader.LoadCertificate(chain[0]);
        var text = CertificateText.Read(chain);
        return new CertificateFacts
        {
            Text = text,
            PublicKey = leaf.PublicKey.ExportSubjectPublicKeyInfo(),
            KeyType = text.Key.Replace("EC P-", "ec-p", StringComparison.Ordinal).Replace("RSA ", "rsa-", StringComparison.Ordinal),
            ExtendedKeyUsage = [.. leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().SelectMany(extension => extension.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>()).Select(PurposeOf)],
            KeyUsage = [.. leaf.Extensions.OfType<X509KeyUsageExtension>().SelectMany(extension => Usages.Where(usage => extension.KeyUsages.HasFlag(usage.Flag))).Select(usage => usage.Word)],
            Policies = [.. leaf.Extensions.Where(extension => extension.Oid?.Value == CertificatePolicies).SelectMany(extension => PoliciesOf(extension.RawData))],
            Extensions = [.. leaf.Extensions.Select(extension => extension.Oid?.Value).OfType<string>()],
        };
    }

    private static string PurposeOf(System.Security.Cryptography.Oid purpose) =>
        Purposes.FirstOrDefault(known => known.Oid == purpose.Value).Word ?? purpose.Value ?? "";

    // RFC 5280 §4.2.1.4
    private static List<string> PoliciesOf(byte[] extension)
    {
        var policies = new List<string>();
        var reader = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (reader.HasData)
        {
            policies.Add(reader.ReadSequence().ReadObjectIdentifier());
        }

        return policies;
    }
}
