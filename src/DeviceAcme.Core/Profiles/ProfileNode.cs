using YamlDotNet.RepresentationModel;

namespace DeviceAcme.Core.Profiles;

/// <summary>A node of a profile file that knows its file, line and dotted key, and notes every mistake there.</summary>
internal sealed class ProfileNode(Mistakes mistakes, string file, string key, YamlNode node, YamlNode? position = null)
{
    public string File => file;
    public string Key => key;
    public int Line => (int)(position ?? node).Start.Line;
    public bool IsMapping => node is YamlMappingNode;
    public bool IsList => node is YamlSequenceNode;

    /// <summary>The node's text if it is a scalar; null (without a mistake) otherwise.</summary>
    public string? Scalar => (node as YamlScalarNode)?.Value;

    public void Mistake(string message) => mistakes.Add(file, Line, key, message);

    public void Warning(string message) => mistakes.Warn(file, Line, key, message);

    /// <summary>The properties by name; notes every name that is not known, with the nearest known one.</summary>
    /// <param name="known">The names that may stand here.</param>
    public IReadOnlyDictionary<string, ProfileNode> Properties(IReadOnlyCollection<string> known)
    {
        var properties = new Dictionary<string, ProfileNode>(StringComparer.Ordinal);
        foreach (var (name, property) in Entries())
        {
            if (known.Contains(name))
            {
                properties[name] = property;
            }
            else
            {
                property.Mistake($"is not a known property; {NearestName.Hint(name, known)}");
            }
        }

        return properties;
    }

    /// <summary>All entries of a mapping, in order; notes a mistake where the node is none.</summary>
    public IEnumerable<(string Name, ProfileNode Node)> Entries()
    {
        if (node is not YamlMappingNode mapping)
        {
            Mistake($"must be a mapping of properties, found {Kind(node)}");
            yield break;
        }

        foreach (var (name, value) in mapping.Children)
        {
            var text = (name as YamlScalarNode)?.Value;
            if (string.IsNullOrEmpty(text))
            {
                mistakes.Add(file, (int)name.Start.Line, key, "a property name must be text");
                continue;
            }

            // the name says where the property stands; a multi-line value starts below it
            yield return (text, new ProfileNode(mistakes, file, key.Length > 0 ? $"{key}.{text}" : text, value, name));
        }
    }

    /// <summary>The items of a list; notes a mistake where the node is none.</summary>
    public IReadOnlyList<ProfileNode> Items()
    {
        if (node is not YamlSequenceNode sequence)
        {
            Mistake($"must be a list, for example [a, b], found {Kind(node)}");
            return [];
        }

        return [.. sequence.Children.Select((item, index) => new ProfileNode(mistakes, file, $"{key}[{index}]", item))];
    }

    /// <summary>The text of the node; notes a mistake and gives null where it has none.</summary>
    public string? Text()
    {
        if (node is not YamlScalarNode scalar)
        {
            Mistake($"must be text, found {Kind(node)}");
            return null;
        }

        if (string.IsNullOrEmpty(scalar.Value))
        {
            Mistake("must not be empty");
            return null;
        }

        return scalar.Value;
    }

    /// <summary>One of the given values; notes a mistake with the nearest one and gives the first.</summary>
    public T Choice<T>(IReadOnlyDictionary<string, T> choices)
    {
        var text = Text();
        if (text is null)
        {
            return choices.Values.First();
        }

        if (!choices.TryGetValue(text, out var choice))
        {
            Mistake($"must be one of {string.Join(", ", choices.Keys)}, found '{text}'; {NearestName.Hint(text, [.. choices.Keys])}");
            return choices.Values.First();
        }

        return choice;
    }

    /// <summary>true or false.</summary>
    public bool Flag() => Choice(new Dictionary<string, bool> { ["true"] = true, ["false"] = false });

    /// <summary>Texts of a list; notes repeated ones.</summary>
    public IReadOnlyList<(string Text, ProfileNode Node)> Texts()
    {
        var texts = new List<(string, ProfileNode)>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in Items())
        {
            if (item.Text() is not { } text)
            {
                continue;
            }

            if (!seen.Add(text))
            {
                item.Mistake($"'{text}' stands here twice");
                continue;
            }

            texts.Add((text, item));
        }

        return texts;
    }

    private static string Kind(YamlNode node) => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        YamlScalarNode { Value: null or "" } => "nothing",
        YamlScalarNode scalar => $"'{scalar.Value}'",
        _ => "something else",
    };
}
