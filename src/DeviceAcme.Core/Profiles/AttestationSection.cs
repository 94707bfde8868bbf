using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Profiles;

/// <summary>Reads the <c>attestation:</c> part of a profile file.</summary>
internal static class AttestationSection
{
    internal static readonly string[] Known = ["mode", "formats", "anchors", "on-failure", "privacy", "status-list", "expired-certificates", "facts", "observed-facts", "ek"];

    public static AttestationRule Read(ProfileNode? node)
    {
        if (node is null)
        {
            return new AttestationRule { Mode = AttestationMode.None, Formats = [], Anchors = [], OnFailure = AttestationFailureAnswer.Challenge };
        }

        var properties = node.Properties(Known);
        var tolerateExpired = properties.TryGetValue("expired-certificates", out var expired)
            && expired.Choice(new Dictionary<string, bool> { ["refuse"] = false, ["tolerate"] = true });
        return new AttestationRule
        {
            Mode = Mode(node, properties),
            Formats = FormatNames(properties),
            Anchors = Folders(properties),
            OnFailure = properties.TryGetValue("on-failure", out var answer)
                ? answer.Choice(new Dictionary<string, AttestationFailureAnswer>
                {
                    ["challenge"] = AttestationFailureAnswer.Challenge,
                    ["problem"] = AttestationFailureAnswer.Problem,
                })
                : AttestationFailureAnswer.Challenge,
            Privacy = properties.TryGetValue("privacy", out var privacy)
                ? privacy.Choice(new Dictionary<string, AttestationPrivacy>
                {
                    ["full"] = AttestationPrivacy.Full,
                    ["reason"] = AttestationPrivacy.Reason,
                    ["none"] = AttestationPrivacy.None,
                })
                : AttestationPrivacy.Full,
            StatusList = properties.TryGetValue("status-list", out var list) ? StatusList(list) : null,
            TolerateExpired = tolerateExpired,
            Ek = properties.TryGetValue("ek", out var ek) ? EkSection.Read(ek, tolerateExpired) : null,
            Facts = properties.TryGetValue("facts", out var facts) ? FactRuleSection.Read(facts) : [],
            ObservedFacts = properties.TryGetValue("observed-facts", out var observed) ? FactRuleSection.Read(observed) : [],
        };
    }

    private static StatusListRule StatusList(ProfileNode node)
    {
        var properties = node.Properties(["stale-after", "missing"]);
        return new StatusListRule(
            properties.TryGetValue("stale-after", out var age) ? Duration.Read(age, TimeSpan.FromDays(366)) : StatusListRule.Strict.StaleAfter,
            properties.TryGetValue("missing", out var missing)
                && missing.Choice(new Dictionary<string, bool> { ["refuse"] = false, ["accept"] = true }));
    }

    private static AttestationMode Mode(ProfileNode node, IReadOnlyDictionary<string, ProfileNode> properties)
    {
        if (!properties.TryGetValue("mode", out var mode))
        {
            if (node.IsMapping)
            {
                node.Mistake("needs mode: required, observe or none");
            }

            return AttestationMode.Required;
        }

        return mode.Choice(new Dictionary<string, AttestationMode>
        {
            ["required"] = AttestationMode.Required,
            ["observe"] = AttestationMode.Observe,
            ["none"] = AttestationMode.None,
        });
    }

    private static IReadOnlyList<string> FormatNames(IReadOnlyDictionary<string, ProfileNode> properties)
    {
        if (!properties.TryGetValue("formats", out var list))
        {
            return [];
        }

        var formats = list.Texts();
        foreach (var (text, item) in formats.Where(format => !AttestationFormats.Names.Contains(format.Text)))
        {
            item.Mistake($"'{text}' is not a format that this version verifies; {NearestName.Hint(text, AttestationFormats.Names)}");
        }

        return [.. formats.Select(format => format.Text)];
    }

    private static IReadOnlyList<string> Folders(IReadOnlyDictionary<string, ProfileNode> properties)
    {
        if (!properties.TryGetValue("anchors", out var list))
        {
            return [];
        }

        var folders = list.Texts();
        foreach (var (text, item) in folders.Where(folder => !ProfileFile.IsName(folder.Text)))
        {
            item.Mistake($"'{text}' must be the name of a folder under trust/: lower-case letters, digits and inner hyphens");
        }

        return [.. folders.Select(folder => folder.Text)];
    }
}
