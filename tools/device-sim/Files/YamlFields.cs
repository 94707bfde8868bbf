using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DeviceAcme.Simulator.Files;

/// <summary>Reads a mapping of a YAML file member by member; what is wrong is collected, each with its line, and reported at once.</summary>
internal sealed class YamlFields
{
    private const int LargestFile = 1 << 20;

    private readonly YamlMappingNode _node;
    private readonly string _path;
    private readonly List<string> _mistakes;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private YamlFields(YamlMappingNode node, string path, List<string> mistakes)
    {
        _node = node;
        _path = path;
        _mistakes = mistakes;
    }

    /// <summary>Reads a file with one mapping.</summary>
    /// <exception cref="SimulatorException">It cannot be read, or something in it is wrong.</exception>
    public static T ReadFile<T>(string file, Func<YamlFields, T> read)
    {
        var info = new FileInfo(file);
        if (!info.Exists)
        {
            throw new SimulatorException($"there is no file {info.FullName}");
        }

        if (info.Length > LargestFile)
        {
            throw new SimulatorException($"{file} is larger than {LargestFile} octets");
        }

        return Read(File.ReadAllText(file), file, read);
    }

    /// <param name="text">The file's text.</param>
    /// <param name="name">What mistakes call it.</param>
    /// <param name="read">Reads the members.</param>
    public static T Read<T>(string text, string name, Func<YamlFields, T> read)
    {
        var mistakes = new List<string>();
        var fields = new YamlFields(Root(text, name), "", mistakes);
        var value = read(fields);
        fields.Finish();
        return mistakes.Count == 0 ? value : throw new SimulatorException(string.Join("; ", mistakes.Select(mistake => $"{name}: {mistake}")));
    }

    public string? Text(string name) => Find(name) switch
    {
        null => null,
        YamlScalarNode { Value: { } value } => value,
        var other => Wrong<string>(other, name, "a text"),
    };

    public string RequiredText(string name)
    {
        if (Text(name) is { } text)
        {
            return text;
        }

        Mistake(_node, $"{_path}{name} is missing");
        return "";
    }

    public int? Number(string name) => Find(name) switch
    {
        null => null,
        YamlScalarNode { Value: { } value } when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var other => Wrong<int?>(other, name, "a whole number"),
    };

    public bool? Flag(string name) => Find(name) switch
    {
        null => null,
        YamlScalarNode { Value: "true" } => true,
        YamlScalarNode { Value: "false" } => false,
        var other => Wrong<bool?>(other, name, "true or false"),
    };

    /// <summary>For example 250ms, 5s, 2m, 1h.</summary>
    public TimeSpan? Duration(string name) => Find(name) switch
    {
        null => null,
        YamlScalarNode { Value: { } value } when Durations.TryParse(value, out var duration) => duration,
        var other => Wrong<TimeSpan?>(other, name, "a duration such as 250ms, 5s or 2m"),
    };

    /// <summary>One of several words.</summary>
    public T? Word<T>(string name, params (string Word, T Value)[] words)
        where T : struct
    {
        var node = Find(name);
        foreach (var (word, value) in words)
        {
            if (node is YamlScalarNode { Value: { } text } && text == word)
            {
                return value;
            }
        }

        return node is null ? null : Wrong<T?>(node, name, $"one of {string.Join(", ", words.Select(word => word.Word))}");
    }

    public IReadOnlyList<string> Texts(string name)
    {
        if (Find(name) is not { } node)
        {
            return [];
        }

        return node is YamlSequenceNode list && list.Children.All(item => item is YamlScalarNode { Value: not null })
            ? [.. list.Children.Select(item => ((YamlScalarNode)item).Value!)]
            : Wrong<IReadOnlyList<string>>(node, name, "a list of texts") ?? [];
    }

    /// <summary>A mapping within; null where it is not there.</summary>
    public T? Section<T>(string name, Func<YamlFields, T?> read)
        where T : class
    {
        if (Find(name) is not { } node)
        {
            return null;
        }

        if (node is not YamlMappingNode mapping)
        {
            return Wrong<T>(node, name, "a mapping");
        }

        var fields = new YamlFields(mapping, $"{_path}{name}.", _mistakes);
        var value = read(fields);
        fields.Finish();
        return value;
    }

    /// <summary>A list of mappings.</summary>
    public IReadOnlyList<T> Sections<T>(string name, Func<YamlFields, T> read)
    {
        if (Find(name) is not { } node)
        {
            return [];
        }

        if (node is not YamlSequenceNode list || !list.Children.All(item => item is YamlMappingNode))
        {
            return Wrong<IReadOnlyList<T>>(node, name, "a list of mappings") ?? [];
        }

        var items = new List<T>();
        foreach (var (index, item) in list.Children.Index())
        {
            var fields = new YamlFields((YamlMappingNode)item, $"{_path}{name}[{index}].", _mistakes);
            items.Add(read(fields));
            fields.Finish();
        }

        return items;
    }

    /// <summary>Says that a member's value is wrong.</summary>
    public void Mistake(string name, string what) => Mistake(_node.Children.FirstOrDefault(child => child.Key is YamlScalarNode { Value: { } key } && key == name).Value ?? _node, $"{_path}{name}: {what}");

    private static YamlMappingNode Root(string text, string name)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException fault)
        {
            throw new SimulatorException($"{name}: line {fault.Start.Line}: no YAML: {fault.Message}");
        }

        return stream.Documents is [{ RootNode: YamlMappingNode root }] ? root : throw new SimulatorException($"{name}: expected one mapping of names to values");
    }

    private YamlNode? Find(string name)
    {
        _read.Add(name);
        return _node.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;
    }

    private void Finish()
    {
        foreach (var key in _node.Children.Keys)
        {
            if (key is not YamlScalarNode { Value: { } name } || !_read.Contains(name))
            {
                Mistake(key, $"{_path}{key} is no member; known are {string.Join(", ", _read.Order(StringComparer.Ordinal))}");
            }
        }
    }

    private T? Wrong<T>(YamlNode node, string name, string expected)
    {
        Mistake(node, $"{_path}{name}: expected {expected}, found {(node is YamlScalarNode scalar ? $"'{scalar.Value}'" : "something else")}");
        return default;
    }

    private void Mistake(YamlNode node, string what) => _mistakes.Add($"line {node.Start.Line}: {what}");
}
