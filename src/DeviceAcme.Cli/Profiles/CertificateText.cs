using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Protocol;

namespace DeviceAcme.Cli.Profiles;

/// <summary>A certificate as people read it.</summary>
internal static class CertificateText
{
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        [Oids.SubjectAltName] = "subject alternative names",
        [Oids.KeyUsage] = "key usage",
        [Oids.ExtKeyUsage] = "extended key usage",
        [Oids.BasicConstraints] = "basic constraints",
        [Oids.CertificatePolicies] = "policies",
        [Oids.NoRevAvail] = "noRevAvail (RFC 9608)",
        [Oids.MicrosoftSid] = "Microsoft SID",
        [Oids.TlsFeature] = "must-staple (RFC 7633)",
        [Oids.SubjectKeyIdentifier] = "subject key identifier",
        [Oids.AuthorityKeyIdentifier] = "authority key identifier",
        [Oids.CrlDistributionPoints] = "CRL distribution point",
        [Oids.AuthorityInfoAccess] = "authority information access",
    };

    public static string Of(X509Certificate2 certificate, string keyType)
    {
        var text = new StringBuilder();
        void Line(string name, string value) => text.Append(CultureInfo.InvariantCulture, $"{name,-30}").AppendLine(string.Concat(value.Select(character => char.IsControl(character) ? '?' : character)));

        Line("subject", certificate.SubjectName.RawData.Length == 2 ? "(empty)" : certificate.Subject);
        Line("issuer", certificate.Issuer);
        Line("valid from", Rfc3339.Format(certificate.NotBefore.ToUniversalTime()));
        Line("valid to", Rfc3339.Format(certificate.NotAfter.ToUniversalTime()));
        Line("key", keyType);
        foreach (var extension in certificate.Extensions)
        {
            var oid = extension.Oid!.Value!;
            Line(Names.GetValueOrDefault(oid, oid) + (extension.Critical ? " !" : ""), Value(oid, extension));
        }

        return text.AppendLine("(! critical)").ToString();
    }

    private static string Value(string oid, X509Extension extension) => extension switch
    {
        X509KeyUsageExtension usage => string.Join(", ", KeyUsageNames.Known.Where(known => usage.KeyUsages.HasFlag(Flag(known.Value))).Select(known => known.Key)),
        X509EnhancedKeyUsageExtension purposes => string.Join(", ", purposes.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>().Select(purpose => ShowCommand.Purpose(purpose.Value!))),
        X509BasicConstraintsExtension constraints => constraints.CertificateAuthority ? "a CA" : "not a CA",
        _ when oid == Oids.MicrosoftSid && MicrosoftSid.Read(extension.RawData) is { } sid => sid,
        _ when oid == Oids.SubjectAltName => string.Join(", ", GeneralName.Read(extension.RawData).Select(Name)),
        _ when oid == Oids.CertificatePolicies => string.Join(", ", Policies(extension.RawData)),
        _ => Convert.ToHexStringLower(extension.RawData),
    };

    // X.509 counts bits from the left, RFC 5280 §4.2.1.3
    private static X509KeyUsageFlags Flag(KeyUsages usage) => usage switch
    {
        KeyUsages.DigitalSignature => X509KeyUsageFlags.DigitalSignature,
        KeyUsages.NonRepudiation => X509KeyUsageFlags.NonRepudiation,
        KeyUsages.KeyEncipherment => X509KeyUsageFlags.KeyEncipherment,
        KeyUsages.DataEncipherment => X509KeyUsageFlags.DataEncipherment,
        _ => X509KeyUsageFlags.KeyAgreement,
    };

    private static string Name(GeneralName name) => name switch
    {
        GeneralName.Dns dns => $"dns {dns.Name}",
        GeneralName.Ip ip => $"ip {ip.Address}",
        GeneralName.Email email => $"email {email.Address}",
        GeneralName.Link link => $"uri {link.Uri}",
        GeneralName.UserPrincipal upn => $"upn {upn.Name}",
        GeneralName.RegisteredId registered => $"registered-id {registered.Oid}",
        GeneralName.PermanentIdentifier permanent => $"permanent-identifier {permanent.Value}{(permanent.Assigner is null ? "" : $"/{permanent.Assigner}")}",
        GeneralName.HardwareModule module => $"hardware-module {module.Serial}/{module.Type}",
        GeneralName.Other other => other.What,
        _ => name.ToString(),
    };

    private static List<string> Policies(byte[] der)
    {
        var list = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        var policies = new List<string>();
        while (list.HasData)
        {
            var oid = list.ReadSequence().ReadObjectIdentifier();
            policies.Add(oid switch
            {
                Oids.UnprovenIdentifierPolicy => $"{oid} (identifier not proven)",
                Oids.UnprovenKeyResidencyPolicy => $"{oid} (key residency not proven)",
                _ => oid,
            });
        }

        return policies;
    }
}
