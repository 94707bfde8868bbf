using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Core.Profiles;

/// <summary>Reads <c>policies</c>: a list of OIDs, each for every certificate or for those whose facts meet its <c>when</c>.</summary>
internal static class PolicySection
{
    // what the server itself says; a profile that could say it too would make it worthless, and one that could deny it a lie
    private static readonly string[] OurOwn = [Oids.UnprovenIdentifierPolicy, Oids.UnprovenKeyResidencyPolicy];

    public static IReadOnlyList<PolicyTemplate> Read(ProfileNode node)
    {
        var policies = new List<PolicyTemplate>();
        foreach (var item in node.Items())
        {
            if (ReadOne(item) is not { } policy)
            {
                continue;
            }

            if (policies.Any(other => other.Oid == policy.Oid))
            {
                item.Mistake($"{policy.Oid} stands here twice (RFC 5280 §4.2.1.4: once at most)");
                continue;
            }

            policies.Add(policy);
        }

        return policies;
    }

    private static PolicyTemplate? ReadOne(ProfileNode node)
    {
        if (!node.IsMapping)
        {
            return node.Text() is { } text ? Policy(text, [], node) : null;
        }

        var properties = node.Properties(["oid", "when"]);
        if (!properties.TryGetValue("oid", out var oid))
        {
            node.Mistake("needs oid, the policy's object identifier in dotted decimal");
            return null;
        }

        IReadOnlyList<FactRule> rules = properties.TryGetValue("when", out var when) ? FactRuleSection.Read(when) : [];
        return oid.Text() is { } written ? Policy(written, rules, oid) : null;
    }

    private static PolicyTemplate? Policy(string oid, IReadOnlyList<FactRule> rules, ProfileNode node)
    {
        if (!Oids.IsValid(oid))
        {
            node.Mistake($"'{oid}' is not an object identifier in dotted decimal");
        }
        else if (oid == Oids.AnyPolicy)
        {
            node.Mistake($"{oid} (anyPolicy) would claim every policy there is; it belongs to CA certificates");
        }
        else if (OurOwn.Contains(oid))
        {
            node.Mistake($"{oid} says that something was not proven: the server sets it where that is so");
        }
        else
        {
            return new PolicyTemplate(oid, rules);
        }

        return null;
    }
}
