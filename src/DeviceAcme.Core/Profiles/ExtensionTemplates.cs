using System.Formats.Asn1;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Core.Profiles;

/// <summary>Reads <c>extensions</c>: a list of { oid, critical, and one value }.</summary>
internal static class ExtensionTemplates
{
    internal static readonly string[] Values = ["utf8", "ia5", "printable", "octets", "der"];
    internal static readonly string[] Known = ["oid", "critical", .. Values];

    // what the CA or other properties of the profile decide; none of it may come in through the side door
    private static readonly Dictionary<string, string> Elsewhere = new(StringComparer.Ordinal)
    {
        [Oids.SubjectAltName] = "is set by subject-alternative-names",
        [Oids.KeyUsage] = "is set by key-usage",
        [Oids.ExtKeyUsage] = "is set by extended-key-usage",
        [Oids.BasicConstraints] = "is set by the CA",
        [Oids.SubjectKeyIdentifier] = "is set by the CA",
        [Oids.AuthorityKeyIdentifier] = "is set by the CA",
        [Oids.CrlDistributionPoints] = "is set by the CA",
        [Oids.AuthorityInfoAccess] = "is set by the CA",
        [Oids.MicrosoftSid] = "maps to a directory account: it can only come from the device ledger, see microsoft-sid",
        [Oids.CertificatePolicies] = "is set by policies",
        [Oids.NoRevAvail] = "is set by no-rev-avail",
        [Oids.TlsFeature] = "is set by must-staple",
        ["2.5.29.30"] = "(nameConstraints) belongs to CA certificates",
        ["2.5.29.36"] = "(policyConstraints) belongs to CA certificates",
        ["2.5.29.33"] = "(policyMappings) belongs to CA certificates",
        ["2.5.29.54"] = "(inhibitAnyPolicy) belongs to CA certificates",
    };

    public static IReadOnlyList<ExtensionTemplate> Read(ProfileNode node)
    {
        var templates = new List<ExtensionTemplate>();
        foreach (var item in node.Items())
        {
            if (ReadOne(item) is not { } template)
            {
                continue;
            }

            if (templates.Any(other => other.Oid == template.Oid))
            {
                item.Mistake($"{template.Oid} stands here twice (RFC 5280 §4.2: once at most)");
                continue;
            }

            templates.Add(template);
        }

        return templates;
    }

    private static ExtensionTemplate? ReadOne(ProfileNode node)
    {
        var properties = node.Properties(Known);
        if (!node.IsMapping)
        {
            return null;
        }

        if (!properties.TryGetValue("oid", out var oidNode) || oidNode.Text() is not { } oid)
        {
            node.Mistake("needs oid, the extension's object identifier in dotted decimal");
            return null;
        }

        if (!Oids.IsValid(oid))
        {
            oidNode.Mistake($"'{oid}' is not an object identifier in dotted decimal");
            return null;
        }

        if (Elsewhere.TryGetValue(oid, out var why))
        {
            oidNode.Mistake($"{oid} {why}");
            return null;
        }

        var values = Values.Where(properties.ContainsKey).ToArray();
        if (values.Length != 1)
        {
            node.Mistake($"needs one value ({string.Join(", ", Values)}), found {values.Length}");
            return null;
        }

        var critical = properties.TryGetValue("critical", out var flag) && flag.Flag();
        var value = properties[values[0]];
        return value.Text() is { } text ? Value(oid, critical, values[0], text, value) : null;
    }

    private static ExtensionTemplate? Value(string oid, bool critical, string kind, string text, ProfileNode node)
    {
        if (kind is "der" or "octets")
        {
            if (Hex(text) is not { } octets || octets.Length > 4096)
            {
                node.Mistake("must be hex digits (spaces and colons may stand between octets), at most 4096 octets");
                return null;
            }

            if (kind == "octets")
            {
                var writer = new AsnWriter(AsnEncodingRules.DER);
                writer.WriteOctetString(octets);
                octets = writer.Encode();
            }
            else if (!IsOneValue(octets))
            {
                node.Mistake("must be exactly one value in DER");
                return null;
            }

            return new ExtensionTemplate(oid, critical, null, ExtensionTextKind.Utf8, octets);
        }

        if (TextTemplate.Parse(text, out var error) is not { } template)
        {
            node.Mistake(error);
            return null;
        }

        var textKind = kind switch { "ia5" => ExtensionTextKind.Ia5, "printable" => ExtensionTextKind.Printable, _ => ExtensionTextKind.Utf8 };
        if (template.IsLiteral && !AsnText.Fits(Tag(textKind), text))
        {
            node.Mistake($"'{text}' does not fit the string type {kind}");
            return null;
        }

        return new ExtensionTemplate(oid, critical, template, textKind, default);
    }

    /// <summary>The ASN.1 string type of a kind of text.</summary>
    public static UniversalTagNumber Tag(ExtensionTextKind kind) => kind switch
    {
        ExtensionTextKind.Ia5 => UniversalTagNumber.IA5String,
        ExtensionTextKind.Printable => UniversalTagNumber.PrintableString,
        _ => UniversalTagNumber.UTF8String,
    };

    private static byte[]? Hex(string text)
    {
        var digits = text.Replace(" ", "", StringComparison.Ordinal).Replace(":", "", StringComparison.Ordinal);
        return digits.Length > 0 && digits.Length % 2 == 0 && digits.All(char.IsAsciiHexDigit) ? Convert.FromHexString(digits) : null;
    }

    private static bool IsOneValue(byte[] der)
    {
        try
        {
            var reader = new AsnReader(der, AsnEncodingRules.DER);
            reader.ReadEncodedValue();
            return !reader.HasData;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }
}
