using System.Security.Cryptography.X509Certificates;

namespace DeviceAcme.Core.Issuance.Lint;

/// <summary>What is wrong, or likely not meant, in a certificate.</summary>
/// <param name="Code">Stable kebab-case name of the rule.</param>
/// <param name="IsError">The certificate breaks a standard; otherwise somebody will likely not like it.</param>
/// <param name="Source">Who says so.</param>
internal sealed record LintFinding(string Code, bool IsError, string Message, string Source);

/// <summary>Looks at a finished end-entity certificate with the rules of RFC 5280 and of those who will read it.</summary>
internal static class CertificateLint
{
    private static readonly TimeSpan LongestServer = TimeSpan.FromDays(825);

    // RFC 5280 §4.2.1.12: usages of which at least one must be there
    private static readonly Dictionary<string, (X509KeyUsageFlags Usages, string Text)> UsagesOf = new(StringComparer.Ordinal)
    {
        ["server-auth"] = (X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.KeyAgreement, "digital-signature, key-encipherment or key-agreement"),
        ["client-auth"] = (X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyAgreement, "digital-signature or key-agreement"),
        ["code-signing"] = (X509KeyUsageFlags.DigitalSignature, "digital-signature"),
        ["email-protection"] = (X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation | X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.KeyAgreement, "digital-signature, non-repudiation, key-encipherment or key-agreement"),
        ["time-stamping"] = (X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.NonRepudiation, "digital-signature or non-repudiation"),
        ["smartcard-logon"] = (X509KeyUsageFlags.DigitalSignature, "digital-signature"),
    };

    /// <summary>All findings, errors first.</summary>
    /// <param name="issuer">The CA's certificate; null where it is not known.</param>
    public static IReadOnlyList<LintFinding> Check(X509Certificate2 certificate, X509Certificate2? issuer = null)
    {
        var extensions = certificate.Extensions.ToList();
        var names = extensions.Find(extension => extension.Oid!.Value == Oids.SubjectAltName) is { } san ? GeneralName.Read(san.RawData) : [];
        return
        [
            .. Keys(certificate, extensions).Concat(Purposes(extensions, names)).Concat(Names(certificate, extensions, names))
                .Concat(Times(certificate, extensions, issuer)).Concat(Accounts(extensions)).Concat(Shape(extensions))
                .OrderByDescending(finding => finding.IsError),
        ];
    }

    private static IEnumerable<LintFinding> Keys(X509Certificate2 certificate, List<X509Extension> extensions)
    {
        var usage = extensions.OfType<X509KeyUsageExtension>().FirstOrDefault();
        if (usage is null || usage.KeyUsages == X509KeyUsageFlags.None)
        {
            yield return Error("key-usage-empty", "nothing of key-usage is left that a key of this type can do", "RFC 5280 §4.2.1.3");
            yield break;
        }

        var isEc = certificate.PublicKey.Oid.Value == Oids.EcPublicKey;
        if (isEc && (usage.KeyUsages & (X509KeyUsageFlags.KeyEncipherment | X509KeyUsageFlags.DataEncipherment)) != 0)
        {
            yield return Error("key-usage-against-key", "an EC key enciphers nothing", "RFC 5480 §3");
        }

        if (!isEc && usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyAgreement))
        {
            yield return Error("key-usage-against-key", "an RSA key agrees on nothing", "RFC 3279 §2.3.1");
        }

        if ((usage.KeyUsages & (X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign)) != 0)
        {
            yield return Error("key-usage-of-a-ca", "an end entity signs neither certificates nor CRLs", "RFC 5280 §4.2.1.3");
        }

        foreach (var (purpose, (usages, text)) in UsagesOf.Where(known => Has(extensions, known.Key) && (usage.KeyUsages & known.Value.Usages) == 0))
        {
            yield return Error("purpose-against-key-usage", $"{purpose} needs a key usage of {text}, which a key of this type does not get here", "RFC 5280 §4.2.1.12");
        }
    }

    private static IEnumerable<LintFinding> Purposes(List<X509Extension> extensions, IReadOnlyList<GeneralName> names)
    {
        if (Has(extensions, "server-auth") && !names.Any(name => name is GeneralName.Dns or GeneralName.Ip))
        {
            yield return Warning("server-without-name", "a TLS server is known by a dns or ip name, and there is none", "RFC 9525 §2");
        }

        if (Has(extensions, "email-protection") && !names.Any(name => name is GeneralName.Email))
        {
            yield return Warning("email-without-address", "a mail certificate is known by an email name, and there is none", "RFC 8550 §3");
        }

        if (Has(extensions, "smartcard-logon") && !names.Any(name => name is GeneralName.UserPrincipal))
        {
            yield return Warning("logon-without-upn", "a logon is known by a upn name, and there is none", "MS-PKCA §3.1.5.2.1");
        }

        if (Has(extensions, "time-stamping"))
        {
            yield return Error("time-stamping-not-alone", "time-stamping must be the one purpose and critical, which this CA does not write", "RFC 3161 §2.3");
        }
    }

    private static IEnumerable<LintFinding> Names(X509Certificate2 certificate, List<X509Extension> extensions, IReadOnlyList<GeneralName> names)
    {
        var empty = certificate.SubjectName.RawData.Length == 2;
        var san = extensions.Find(extension => extension.Oid!.Value == Oids.SubjectAltName);
        if (empty && san is null)
        {
            yield return Error("no-name", "there is neither a subject nor an alternative name", "RFC 5280 §4.1.2.6");
        }

        if (empty && san is { Critical: false })
        {
            yield return Error("alternative-names-not-critical", "without a subject the alternative names must be critical", "RFC 5280 §4.2.1.6");
        }

        if (!empty && san is { Critical: true })
        {
            yield return Warning("alternative-names-critical", "beside a subject the alternative names should not be critical", "RFC 5280 §4.2.1.6");
        }

        var common = certificate.GetNameInfo(X509NameType.SimpleName, false);
        if (Has(extensions, "server-auth") && !empty && certificate.SubjectName.Name.Contains("CN=", StringComparison.Ordinal)
            && !names.Any(name => (name is GeneralName.Dns dns && dns.Name.Equals(common, StringComparison.OrdinalIgnoreCase)) || (name is GeneralName.Ip ip && ip.Address.ToString() == common)))
        {
            yield return Warning("common-name-not-repeated", $"the common name '{common}' is not among the alternative names; TLS clients look there alone", "RFC 9525 §2");
        }

        if (names.OfType<GeneralName.PermanentIdentifier>().Any(name => name.Value is null))
        {
            yield return Error("permanent-identifier-empty", "a permanent identifier has no value", "device-attest §3.2");
        }
    }

    private static IEnumerable<LintFinding> Times(X509Certificate2 certificate, List<X509Extension> extensions, X509Certificate2? issuer)
    {
        if (certificate.NotAfter <= certificate.NotBefore)
        {
            yield return Error("never-valid", "it ends before it begins", "RFC 5280 §4.1.2.5");
        }

        if (issuer is not null && certificate.NotAfter > issuer.NotAfter)
        {
            yield return Error("beyond-the-ca", $"it lives longer than its CA, which ends at {issuer.NotAfter.ToUniversalTime():u}", "RFC 5280 §6.1.3");
        }

        if (Has(extensions, "server-auth") && certificate.NotAfter - certificate.NotBefore > LongestServer)
        {
            yield return Warning("server-too-long", $"Apple's systems refuse TLS servers' certificates that live longer than {LongestServer.TotalDays:0} days", "support.apple.com/103769");
        }
    }

    private static IEnumerable<LintFinding> Accounts(List<X509Extension> extensions)
    {
        if (extensions.Find(extension => extension.Oid!.Value == Oids.MicrosoftSid) is not { } sid)
        {
            yield break;
        }

        if (sid.Critical)
        {
            yield return Error("microsoft-sid-critical", "the Microsoft SID extension must not be critical", "MS-WCCE 2.2.2.7.7.4");
        }

        if (MicrosoftSid.Read(sid.RawData) is null)
        {
            yield return Error("microsoft-sid-malformed", "the Microsoft SID extension does not hold an account's security identifier", "MS-WCCE 2.2.2.7.7.4");
        }

        if (!Has(extensions, "client-auth") && !Has(extensions, "smartcard-logon"))
        {
            yield return Warning("microsoft-sid-without-logon", "an account is named, and nobody can log on with this certificate: client-auth or smartcard-logon is missing", "KB5014754");
        }
    }

    private static IEnumerable<LintFinding> Shape(List<X509Extension> extensions)
    {
        foreach (var twice in extensions.GroupBy(extension => extension.Oid!.Value, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            yield return Error("extension-twice", $"extension {twice.Key} stands there {twice.Count()} times", "RFC 5280 §4.2");
        }

        if (extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority))
        {
            yield return Error("is-a-ca", "it is a CA's certificate", "RFC 5280 §4.2.1.9");
        }

        if (extensions.Find(extension => extension.Oid!.Value == Oids.NoRevAvail) is not { } noRevocation)
        {
            yield break;
        }

        if (noRevocation.Critical)
        {
            yield return Error("no-rev-avail-critical", "noRevAvail must not be critical", "RFC 9608 §2");
        }

        if (extensions.Exists(extension => extension.Oid!.Value == Oids.CrlDistributionPoints))
        {
            yield return Error("no-rev-avail-with-crl", "noRevAvail contradicts a CRL distribution point", "RFC 9608 §2");
        }

        if (Has(extensions, "client-auth"))
        {
            yield return Warning("no-rev-avail-for-clients", "Windows' network policy server looks for a CRL and ignores noRevAvail", "RFC 9608 §2");
        }
    }

    private static bool Has(List<X509Extension> extensions, string purpose) =>
        extensions.OfType<X509EnhancedKeyUsageExtension>().Any(usage => usage.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>().Any(oid => oid.Value == KeyUsageNames.Purposes[purpose]));

    private static LintFinding Error(string code, string message, string source) => new(code, true, message, source);

    private static LintFinding Warning(string code, string message, string source) => new(code, false, message, source);
}
