using DeviceAcme.Core.Issuance;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Profiles;

/// <summary>Reads the <c>certificate:</c> part of a profile file.</summary>
internal static class CertificateSection
{
    internal static readonly string[] Known =
    [
        "subject", "subject-alternative-names", "from-request", "identifier-in-certificate", "keys", "key-usage",
        "extended-key-usage", "policies", "extensions", "validity", "backdate", "no-rev-avail", "must-staple", "microsoft-sid",
    ];

    internal static readonly IReadOnlyDictionary<string, SidMode> SidModes = Enum.GetValues<SidMode>().ToDictionary(mode => mode.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    public static CertificateTemplate Read(ProfileNode node)
    {
        var properties = node.Properties(Known);
        var subject = properties.TryGetValue("subject", out var written) ? Subject(written) : [];
        IReadOnlyList<AlternativeNameTemplate> names = properties.TryGetValue("subject-alternative-names", out written)
            ? [.. written.Items().Select(AlternativeNames.Read).OfType<AlternativeNameTemplate>()]
            : [new AlternativeNameTemplate(AlternativeNames.Identifiers, null)];
        var (validity, byFacts) = properties.TryGetValue("validity", out written) ? ValiditySection.Read(written) : (Missing(node), []);
        return new CertificateTemplate
        {
            Subject = subject,
            SubjectAlternativeNames = names,
            FromRequest = properties.TryGetValue("from-request", out written) ? RequestWishes.Read(written, subject, names) : [],
            IdentifierInCertificate = !properties.TryGetValue("identifier-in-certificate", out written) || written.Flag(),
            Keys = Keys(node, properties),
            KeyUsage = properties.TryGetValue("key-usage", out written) ? Usage(written) : KeyUsages.DigitalSignature,
            ExtendedKeyUsage = Purposes(node, properties),
            Extensions = properties.TryGetValue("extensions", out written) ? ExtensionTemplates.Read(written) : [],
            Policies = properties.TryGetValue("policies", out written) ? PolicySection.Read(written) : [],
            NoRevocation = properties.TryGetValue("no-rev-avail", out written) && written.Flag(),
            MustStaple = properties.TryGetValue("must-staple", out written) && written.Flag(),
            MicrosoftSid = properties.TryGetValue("microsoft-sid", out written) ? written.Choice(SidModes) : SidMode.None,
            Validity = validity,
            ValidityByFacts = byFacts,
            Backdate = properties.TryGetValue("backdate", out written) ? Duration.Read(written, TimeSpan.FromDays(1)) : TimeSpan.FromMinutes(5),
        };
    }

    private static IReadOnlyList<IReadOnlyList<SubjectAttribute>> Subject(ProfileNode node)
    {
        if (node.Scalar is "")
        {
            return [];
        }

        if (node.Text() is not { } text)
        {
            return [];
        }

        if (SubjectTemplate.Parse(text, out var error) is { } subject)
        {
            return subject;
        }

        node.Mistake(error);
        return [];
    }

    private static IReadOnlyList<string> Keys(ProfileNode node, IReadOnlyDictionary<string, ProfileNode> properties)
    {
        if (!properties.TryGetValue("keys", out var keys))
        {
            node.Mistake($"needs keys: a list of the key types that may be certified ({string.Join(", ", SubjectKey.Types)})");
            return [];
        }

        var types = new List<string>();
        foreach (var (text, item) in keys.Texts())
        {
            if (!SubjectKey.Types.Contains(text))
            {
                item.Mistake($"'{text}' is not a known key type; {NearestName.Hint(text, SubjectKey.Types)}");
                continue;
            }

            types.Add(text);
        }

        if (types.Count == 0)
        {
            keys.Mistake("must name at least one key type");
        }

        return types;
    }

    private static KeyUsages Usage(ProfileNode node)
    {
        var usage = KeyUsages.None;
        foreach (var (text, item) in node.Texts())
        {
            if (KeyUsageNames.Known.TryGetValue(text, out var bit))
            {
                usage |= bit;
            }
            else if (text is "key-cert-sign" or "crl-sign")
            {
                item.Mistake($"'{text}' belongs to certification authorities; a profile cannot make one");
            }
            else
            {
                item.Mistake($"'{text}' is not a known key usage; {NearestName.Hint(text, [.. KeyUsageNames.Known.Keys])}");
            }
        }

        if (usage == KeyUsages.None)
        {
            node.Mistake("must name at least one key usage (RFC 5280 §4.2.1.3)");
        }

        return usage;
    }

    private static IReadOnlyList<string> Purposes(ProfileNode node, IReadOnlyDictionary<string, ProfileNode> properties)
    {
        if (!properties.TryGetValue("extended-key-usage", out var list))
        {
            node.Mistake("needs extended-key-usage: a list of purposes such as client-auth; without one the certificate would serve every purpose");
            return [];
        }

        var purposes = new List<string>();
        foreach (var (text, item) in list.Texts())
        {
            if (KeyUsageNames.Purposes.TryGetValue(text, out var oid) || (Oids.IsValid(text) && (oid = text) is not null))
            {
                purposes.Add(oid);
            }
            else
            {
                item.Mistake($"'{text}' is not a known purpose nor an OID; {NearestName.Hint(text, [.. KeyUsageNames.Purposes.Keys])}");
            }
        }

        if (purposes.Count == 0)
        {
            list.Mistake("must name at least one purpose");
        }
        else if (purposes.Distinct(StringComparer.Ordinal).Count() != purposes.Count)
        {
            list.Mistake("names one purpose twice");
        }

        return purposes;
    }

    private static TimeSpan Missing(ProfileNode node)
    {
        node.Mistake("needs validity: how long a certificate lives, for example 90d");
        return TimeSpan.FromDays(1);
    }
}

/// <summary>Reads a length of time such as <c>90d</c> or <c>12h</c>.</summary>
internal static class Duration
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(36_500);

    public static TimeSpan Read(ProfileNode node, TimeSpan? longest = null)
    {
        if (node.Text() is not { } text)
        {
            return TimeSpan.Zero;
        }

        var limit = longest ?? Longest;
        if (text.Length is < 2 or > 8
            || !int.TryParse(text[..^1], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var count)
            || Unit(text[^1]) is not { } unit)
        {
            node.Mistake($"must be a number and a unit: m (minutes), h (hours), d (days) or y (365 days), for example 90d; found '{text}'");
            return TimeSpan.Zero;
        }

        var duration = (double)count * unit.Ticks;
        if (count == 0 || duration > limit.Ticks)
        {
            node.Mistake($"must be more than 0 and at most {limit.TotalDays:0} days, found '{text}'");
            return TimeSpan.Zero;
        }

        return unit * count;
    }

    private static TimeSpan? Unit(char unit) => unit switch
    {
        'm' => TimeSpan.FromMinutes(1),
        'h' => TimeSpan.FromHours(1),
        'd' => TimeSpan.FromDays(1),
        'y' => TimeSpan.FromDays(365),
        _ => null,
    };
}
