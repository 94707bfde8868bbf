using DeviceAcme.Attestation;
using DeviceAcme.Core.Challenges;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Identifiers;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Profiles;

/// <summary>Reads the <c>identifiers:</c> part of a profile file.</summary>
internal static class IdentifierSection
{
    internal static readonly string[] Known = ["challenges", "allow", "proves", "vouched", "by", "caa", "pre-validated"];

    // which challenges can prove which type; a wildcard is the order's matter, not the profile's
    private static readonly Dictionary<string, string[]> Fitting = IdentifierTypes.All.ToDictionary(
        type => type.Name, type => ChallengeTypes.All.Where(challenge => type.CanProve(challenge, wildcard: false)).ToArray());

    public static IReadOnlyDictionary<string, IdentifierRule> Read(ProfileNode node)
    {
        var rules = new Dictionary<string, IdentifierRule>(StringComparer.Ordinal);
        foreach (var (type, rule) in node.Properties([.. Fitting.Keys]))
        {
            rules[type] = Rule(type, rule);
        }

        if (rules.Count == 0 && node.IsMapping)
        {
            node.Mistake($"must list at least one identifier type: {string.Join(", ", Fitting.Keys)}");
        }

        return rules;
    }

    private static IdentifierRule Rule(string type, ProfileNode node)
    {
        var properties = node.Properties(Known);
        var attested = type is AcmeIdentifier.PermanentIdentifier or AcmeIdentifier.HardwareModule;
        return new IdentifierRule
        {
            Challenges = ReadChallenges(type, node, properties),
            Allow = properties.TryGetValue("allow", out var allow) ? Patterns(type, allow) : [AllowPattern.Parse(type, "*", out _)!],
            Proves = Proves(node, properties, attested),
            Vouching = Vouching(type, node, properties),
            Caa = Caa(type, properties),
            PreValidatedByTicket = PreValidated(properties, attested),
        };
    }

    private static IReadOnlyList<string> ReadChallenges(string type, ProfileNode node, IReadOnlyDictionary<string, ProfileNode> properties)
    {
        if (!properties.TryGetValue("challenges", out var list))
        {
            if (node.IsMapping)
            {
                node.Mistake($"needs challenges: a list of {string.Join(", ", Fitting[type])}");
            }

            return [];
        }

        var challenges = new List<string>();
        foreach (var (text, item) in list.Texts())
        {
            if (Fitting[type].Contains(text))
            {
                challenges.Add(text);
            }
            else if (ChallengeTypes.All.Contains(text))
            {
                item.Mistake($"{text} cannot prove a {type} identifier; expected {string.Join(" or ", Fitting[type])}");
            }
            else
            {
                item.Mistake($"'{text}' is not a known challenge type; {NearestName.Hint(text, Fitting[type])}");
            }
        }

        if (list.Items().Count == 0)
        {
            list.Mistake("must name at least one challenge type");
        }

        return challenges;
    }

    private static IReadOnlyList<AllowPattern> Patterns(string type, ProfileNode list)
    {
        var patterns = new List<AllowPattern>();
        foreach (var (text, item) in list.Texts())
        {
            if (AllowPattern.Parse(type, text, out var error) is { } pattern)
            {
                patterns.Add(pattern);
            }
            else
            {
                item.Mistake(error);
            }
        }

        if (list.Items().Count == 0)
        {
            list.Mistake("must name at least one pattern; '*' allows every value");
        }

        return patterns;
    }

    private static string? Proves(ProfileNode node, IReadOnlyDictionary<string, ProfileNode> properties, bool attested)
    {
        if (!properties.TryGetValue("proves", out var proves))
        {
            if (attested && node.IsMapping)
            {
                node.Mistake("needs proves: the fact that the ordered value must equal, for example device.serial");
            }

            return null;
        }

        if (!attested)
        {
            proves.Mistake("only permanent-identifier and hardware-module are proven by a fact of the evidence");
            return null;
        }

        if (proves.Text() is not { } fact)
        {
            return null;
        }

        if (fact != ExpectedIdentifier.ByTicket && !TextTemplate.IsFactName(fact))
        {
            proves.Mistake($"'{fact}' must be the dotted name of a fact, for example device.serial, or ticket");
        }

        return fact;
    }

    private static bool PreValidated(IReadOnlyDictionary<string, ProfileNode> properties, bool attested)
    {
        if (!properties.TryGetValue("pre-validated", out var node))
        {
            return false;
        }

        if (attested)
        {
            node.Mistake("is for dns and ip, and for uri: the evidence of a device also binds its key, which no ticket can stand for; 'proves: ticket' lets a ticket stand for its name");
        }

        return node.Choice(new Dictionary<string, bool> { ["none"] = false, ["by-ticket"] = true });
    }

    private static VouchingRule? Vouching(string type, ProfileNode node, IReadOnlyDictionary<string, ProfileNode> properties)
    {
        if (type != AcmeIdentifier.Uri)
        {
            foreach (var name in new[] { "vouched", "by" }.Where(properties.ContainsKey))
            {
                properties[name].Mistake("is for uri alone: for the others there are challenges");
            }

            return null;
        }

        if (!properties.TryGetValue("vouched", out var list))
        {
            if (node.IsMapping)
            {
                node.Mistake("needs vouched: the URIs that the ledger vouches for, for example [\"spiffe://example.org/host/{{ledger.asset}}\"]");
            }

            return null;
        }

        var templates = new List<TextTemplate>();
        foreach (var (text, item) in list.Texts())
        {
            if (TextTemplate.Parse(text, out var error) is not { } template)
            {
                item.Mistake(error);
            }
            else if (!template.Placeholders.Any() || template.Placeholders.FirstOrDefault(name => !LedgerFacts.IsLedger(name)) is { })
            {
                item.Mistake($"'{text}' must name something that the ledger says of the device, and nothing else, for example {{{{ledger.asset}}}}: it is the ledger that vouches");
            }
            else
            {
                templates.Add(template);
            }
        }

        if (list.IsList && list.Items().Count == 0)
        {
            list.Mistake("must name at least one text");
        }

        return new VouchingRule(templates, properties.TryGetValue("by", out var by)
            ? by.Choice(new Dictionary<string, VouchedBy> { ["attestation"] = VouchedBy.Attestation, ["ticket"] = VouchedBy.Ticket })
            : VouchedBy.Attestation);
    }

    private static bool Caa(string type, IReadOnlyDictionary<string, ProfileNode> properties)
    {
        if (!properties.TryGetValue("caa", out var caa))
        {
            // RFC 8659 §3: a CA checks before it issues; a profile may say that it does not
            return type == AcmeIdentifier.Dns;
        }

        if (type != AcmeIdentifier.Dns)
        {
            caa.Mistake("CAA records exist for dns names only");
        }

        return caa.Flag();
    }
}
