using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Profiles;

/// <summary>
/// Reads <c>facts:</c> of a profile. Each line names a fact and what its value must be; <c>any</c>, <c>all</c> and <c>none</c> take lists of
/// such mappings. A value is a text (equal), a list (one of), <c>&gt;= 14.2</c> (ordered), <c>!= x</c>, or a mapping with one of
/// <c>is</c>, <c>not-in</c>, <c>matches</c>.
/// </summary>
internal static class FactRuleSection
{
    private static readonly string[] Forms = ["is", "not-in", "matches"];

    private static readonly (string Sign, FactOrder Order)[] Orders =
    [
        (">=", FactOrder.GreaterOrEqual), ("<=", FactOrder.LessOrEqual), (">", FactOrder.Greater), ("<", FactOrder.Less),
    ];

    /// <summary>The rules, one for each line; every one of them must hold.</summary>
    public static IReadOnlyList<FactRule> Read(ProfileNode node)
    {
        var rules = new List<FactRule>();
        var lines = node.Entries().ToList();
        foreach (var (name, value) in lines)
        {
            if (Line(name, value) is { } rule)
            {
                rules.Add(rule);
            }
        }

        if (lines.Count == 0 && node.IsMapping)
        {
            node.Mistake("must have at least one line: a fact and what its value must be, for example os.version: \">= 14.2\"");
        }

        return rules;
    }

    private static FactRule? Line(string name, ProfileNode value) => name switch
    {
        "any" => new FactRule.Any(Groups(value)),
        "all" => new FactRule.All(Groups(value)),
        "none" => new FactRule.None(Groups(value)),
        _ => Fact(name, value),
    };

    private static List<FactRule> Groups(ProfileNode list)
    {
        var groups = list.Items().Select(item => Read(item)).Select(rules => rules.Count == 1 ? rules[0] : new FactRule.All(rules)).ToList();
        if (groups.Count == 0)
        {
            list.Mistake("must have at least one mapping of facts");
        }

        return groups;
    }

    private static FactRule? Fact(string name, ProfileNode value)
    {
        if (!TextTemplate.IsFactName(name))
        {
            value.Mistake($"'{name}' must be any, all, none, or a fact such as device.serial; {NearestName.Hint(name, ["any", "all", "none"])}");
            return null;
        }

        if (value.IsMapping)
        {
            return Form(name, value);
        }

        if (value.IsList)
        {
            return new FactRule.Comparison(name, new FactTest.OneOf(Texts(value), false));
        }

        return value.Text() is { } text ? Scalar(name, text, value) : null;
    }

    private static FactRule? Scalar(string name, string text, ProfileNode value)
    {
        if (text.StartsWith("!=", StringComparison.Ordinal))
        {
            return Equal(name, text[2..].Trim(), value, true);
        }

        foreach (var (sign, order) in Orders)
        {
            if (!text.StartsWith(sign, StringComparison.Ordinal))
            {
                continue;
            }

            var limit = text[sign.Length..].Trim();
            if (FactTest.Order.IsOperand(limit))
            {
                return new FactRule.Comparison(name, new FactTest.Order(order, limit));
            }

            value.Mistake($"'{text}' must compare with a number, a version or a time such as 5, 14.2 or 2026-01-31");
            return null;
        }

        return Equal(name, text.StartsWith('=') ? text[1..].Trim() : text, value, false);
    }

    private static FactRule.Comparison? Equal(string name, string text, ProfileNode value, bool negated)
    {
        if (text.Length > 0)
        {
            return new FactRule.Comparison(name, new FactTest.OneOf([text], negated));
        }

        value.Mistake("must name the value to compare with");
        return null;
    }

    private static FactRule? Form(string name, ProfileNode value)
    {
        var properties = value.Properties(Forms);
        if (properties.Count != 1)
        {
            value.Mistake($"must have one of {string.Join(", ", Forms)}");
            return null;
        }

        var (form, operand) = properties.Single();
        return form switch
        {
            "is" => new FactRule.Presence(name, operand.Choice(new Dictionary<string, FactPresence>
            {
                ["present"] = FactPresence.Present,
                ["absent"] = FactPresence.Absent,
                ["blank"] = FactPresence.Blank,
            })),
            "not-in" => new FactRule.Comparison(name, new FactTest.OneOf(Texts(operand), true)),
            _ => new FactRule.Comparison(name, new FactTest.Matches(Patterns(operand))),
        };
    }

    private static List<string> Texts(ProfileNode list)
    {
        var texts = list.Texts().Select(item => item.Text).ToList();
        if (texts.Count == 0)
        {
            list.Mistake("must have at least one value");
        }

        return texts;
    }

    private static List<AllowPattern> Patterns(ProfileNode node)
    {
        var texts = node.IsList ? node.Texts() : node.Text() is { } single ? [(single, node)] : [];
        var patterns = new List<AllowPattern>();
        foreach (var (text, item) in texts)
        {
            if (AllowPattern.Parse(null, text, out var error) is { } pattern)
            {
                patterns.Add(pattern);
            }
            else
            {
                item.Mistake(error);
            }
        }

        return patterns;
    }
}
