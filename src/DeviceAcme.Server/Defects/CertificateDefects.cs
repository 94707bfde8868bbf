using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Server.Defects;

/// <summary>Defects of what a certificate says.</summary>
internal static class CertificateDefects
{
    private const string NoNames = "certificate-without-identifiers";
    private const string MoreNames = "certificate-with-another-name";
    private const string LongerValidity = "validity-beyond-the-wish";

    public static IReadOnlyList<PlantedDefect> All { get; } =
    [
        Of(NoNames, "RFC 8555 §7.4", "server", "certificate-names", "leaves the ordered identifiers out of the certificate"),
        Of(MoreNames, "RFC 8555 §7.4", "mac", "certificate-names", "puts a name into the certificate that nobody ordered"),
        Of(LongerValidity, "RFC 8555 §7.4", "mac", "validity-as-asked", "issues for longer than the order asked"),
    ];

    /// <summary>The plan as a wrong server makes it.</summary>
    public static CertificatePlan Change(CertificatePlan plan) =>
        Planted.Is(NoNames) ? plan with { Extensions = [.. plan.Extensions.Where(extension => extension.Oid != Oids.SubjectAltName)] }
        : Planted.Is(MoreNames) ? plan with { Extensions = [.. plan.Extensions.Select(extension => extension.Oid == Oids.SubjectAltName ? extension with { Value = WithAnother(extension.Value) } : extension)] }
        : Planted.Is(LongerValidity) ? plan with { NotAfter = plan.NotAfter.AddDays(2) }
        : plan;

    private static byte[] WithAnother(ReadOnlyMemory<byte> names)
    {
        var added = new SubjectAlternativeNameBuilder();
        added.AddDnsName("stranger.example");
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var list in new[] { names, added.Build().RawData })
            {
                var reader = new AsnReader(list, AsnEncodingRules.DER).ReadSequence();
                while (reader.HasData)
                {
                    writer.WriteEncodedValue(reader.ReadEncodedValue().Span);
                }
            }
        }

        return writer.Encode();
    }

    private static PlantedDefect Of(string name, string section, string kind, string found, string broken) => new() { Name = name, Section = section, Kind = kind, Case = found, Broken = broken };
}
