namespace DeviceAcme.Core.Profiles;

/// <summary>Reads <c>validity</c>: one duration, or a list of <c>{ when: facts, for: duration }</c> that ends with a plain duration.</summary>
internal static class ValiditySection
{
    private static readonly string[] Known = ["when", "for"];

    /// <summary>The duration where no line holds, and the lines before it, in order.</summary>
    public static (TimeSpan Otherwise, IReadOnlyList<ValidityTemplate> ByFacts) Read(ProfileNode node)
    {
        if (!node.IsList)
        {
            return (Duration.Read(node), []);
        }

        var items = node.Items();
        var lines = new List<ValidityTemplate>();
        foreach (var item in items.SkipLast(1))
        {
            if (Line(item) is { } line)
            {
                lines.Add(line);
            }
        }

        if (items.Count > 0 && !items[^1].IsMapping)
        {
            return (Duration.Read(items[^1]), lines);
        }

        node.Mistake("must end with a plain duration such as 30d: it counts where no line before it holds");
        return (TimeSpan.FromDays(1), lines);
    }

    private static ValidityTemplate? Line(ProfileNode node)
    {
        if (!node.IsMapping)
        {
            node.Mistake("must be { when: facts, for: duration }; only the last line is a plain duration, and nothing after it would count");
            return null;
        }

        var properties = node.Properties(Known);
        if (properties.TryGetValue("when", out var when) && properties.TryGetValue("for", out var length))
        {
            return new ValidityTemplate(FactRuleSection.Read(when), Duration.Read(length));
        }

        node.Mistake("needs when (facts) and for (a duration)");
        return null;
    }
}
