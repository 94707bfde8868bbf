using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DeviceAcme.Simulator.Files;

/// <summary>
/// Reads a mapping of a YAML file member by member; what is wrong is collected, each with its line, and reported at once. The same reader run without a
/// file (<see cref="Describe"/>) gives the JSON Schema of what it would read, so that the two cannot differ.
/// </summary>
internal sealed class YamlFields
{
    private const int LargestFile = 1 << 20;

    // references of YAML may make a small file a very deep or a very large one
    private const int Deepest = 24;

    private readonly YamlMappingNode? _node;
    private readonly string _path;
    private readonly MistakeList _mistakes;
    private readonly JsonObject? _schema;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    private YamlFields(YamlMappingNode? node, string path, MistakeList mistakes)
    {
        _node = node;
        _path = path;
        _mistakes = mistakes;
        _schema = node is null ? [] : null;
    }

    /// <summary>The line of the file that this mapping begins in.</summary>
    public int Line => _node is null ? 0 : (int)_node.Start.Line;

    /// <summary>The members that the mapping has, by name.</summary>
    public IReadOnlyList<string> Names => [.. Children.Select(child => child.Name).OfType<string>()];

    /// <summary>Reads a file with one mapping.</summary>
    /// <exception cref="SimulatorException">It cannot be read, or something in it is wrong.</exception>
    public static T ReadFile<T>(string file, Func<YamlFields, T> read)
    {
        var mistakes = new MistakeList();
        var value = ReadFile(file, read, mistakes);
        mistakes.ThrowIfAny();
        return value!;
    }

    /// <summary>The same for one of several files, whose mistakes are collected with those of the others.</summary>
    /// <returns>Not to be used where there are mistakes; null where there is nothing to read.</returns>
    public static T? ReadFile<T>(string file, Func<YamlFields, T> read, MistakeList mistakes)
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

        return Read(File.ReadAllText(file), file, read, mistakes);
    }

    /// <param name="text">The file's text.</param>
    /// <param name="name">What mistakes call it.</param>
    /// <param name="read">Reads the members.</param>
    public static T Read<T>(string text, string name, Func<YamlFields, T> read)
    {
        var mistakes = new MistakeList();
        var value = Read(text, name, read, mistakes);
        mistakes.ThrowIfAny();
        return value!;
    }

    /// <summary>The JSON Schema (draft 7) of what a reader reads.</summary>
    public static JsonObject Describe<T>(Func<YamlFields, T> read)
    {
        var fields = new YamlFields(null, "", new MistakeList());
        read(fields);
        return fields.Described();
    }

    public string? Text(string name, string? about = null, string? pattern = null) => Find(name, "string", about, schema => Add(schema, "pattern", pattern)) switch
    {
        null => null,
        YamlScalarNode { Value: { } value } => value,
        var other => Wrong<string>(other, name, "a text"),
    };

    public string RequiredText(string name, string? about = null)
    {
        if (Text(name, about) is { } text)
        {
            return text;
        }

        Require(name);
        return "";
    }

    public int? Number(string name, string? about = null) => Find(name, "number", about) switch
    {
        null => null,
        YamlScalarNode { Value: { } value } when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var other => Wrong<int?>(other, name, "a whole number"),
    };

    public bool? Flag(string name, string? about = null) => Find(name, "boolean", about) switch
    {
        null => null,
        YamlScalarNode { Value: "true" } => true,
        YamlScalarNode { Value: "false" } => false,
        var other => Wrong<bool?>(other, name, "true or false"),
    };

    /// <summary>For example 250ms, 5s, 2m, 1h.</summary>
    public TimeSpan? Duration(string name, string? about = null) => Find(name, "word", about, schema => Add(schema, "pattern", "^[0-9]+(ms|s|m|h|d|y)$")) switch
    {
        null => null,
        YamlScalarNode { Value: { } value } when Durations.TryParse(value, out var duration) => duration,
        var other => Wrong<TimeSpan?>(other, name, "a duration such as 250ms, 5s or 2m"),
    };

    /// <summary>One of several words.</summary>
    public T? Word<T>(string name, string? about, params (string Word, T Value)[] words)
        where T : struct
    {
        var text = Word(name, about, [.. words.Select(word => word.Word)]);
        return text is null ? null : words.Single(word => word.Word == text).Value;
    }

    /// <summary>One of several words, as it stands.</summary>
    public string? Word(string name, string? about, IReadOnlyList<string> words)
    {
        var node = Find(name, "word", about, schema => schema["enum"] = Texts(words));
        return node is YamlScalarNode { Value: { } text } && words.Contains(text) ? text
            : node is null ? null
            : Wrong<string>(node, name, $"one of {string.Join(", ", words)}");
    }

    public IReadOnlyList<string> Texts(string name, string? about = null)
    {
        if (Find(name, "array", about, schema => schema["items"] = new JsonObject { ["type"] = Types("string") }) is not { } node)
        {
            return [];
        }

        return node is YamlSequenceNode list && list.Children.All(item => item is YamlScalarNode { Value: not null })
            ? [.. list.Children.Select(item => ((YamlScalarNode)item).Value!)]
            : Wrong<IReadOnlyList<string>>(node, name, "a list of texts") ?? [];
    }

    /// <summary>A mapping of names to texts.</summary>
    public IReadOnlyDictionary<string, string> Pairs(string name, string? about = null)
    {
        if (Find(name, "object", about, schema => schema["patternProperties"] = new JsonObject { [""] = new JsonObject { ["type"] = Types("string") } }) is not { } node)
        {
            return new Dictionary<string, string>();
        }

        return node is YamlMappingNode mapping && mapping.Children.All(pair => pair is { Key: YamlScalarNode { Value: not null }, Value: YamlScalarNode { Value: not null } })
            ? mapping.Children.ToDictionary(pair => ((YamlScalarNode)pair.Key).Value!, pair => ((YamlScalarNode)pair.Value).Value!)
            : Wrong<IReadOnlyDictionary<string, string>>(node, name, "a mapping of names to texts") ?? new Dictionary<string, string>();
    }

    /// <summary>A mapping within; null where it is not there.</summary>
    public T? Section<T>(string name, Func<YamlFields, T?> read, string? about = null)
        where T : class
    {
        if (Find(name, "object", about, schema => Within(schema, read)) is not { } node)
        {
            return null;
        }

        return node is YamlMappingNode mapping ? Read(mapping, $"{_path}{name}.", read) : Wrong<T>(node, name, "a mapping");
    }

    /// <summary>A list of mappings.</summary>
    public IReadOnlyList<T> Sections<T>(string name, Func<YamlFields, T> read, string? about = null)
    {
        if (Find(name, "array", about, schema => schema["items"] = Within(new JsonObject { ["type"] = "object" }, read)) is not { } node)
        {
            return [];
        }

        return node is YamlSequenceNode list && list.Children.All(item => item is YamlMappingNode)
            ? [.. list.Children.Select((item, index) => Read((YamlMappingNode)item, $"{_path}{name}[{index}].", read))]
            : Wrong<IReadOnlyList<T>>(node, name, "a list of mappings") ?? [];
    }

    /// <summary>A mapping of names to mappings.</summary>
    public IReadOnlyDictionary<string, T> Named<T>(string name, Func<YamlFields, T> read, string? about = null)
    {
        if (Find(name, "object", about, schema => schema["patternProperties"] = new JsonObject { [""] = Within(new JsonObject { ["type"] = "object" }, read) }) is not { } node)
        {
            return new Dictionary<string, T>();
        }

        return node is YamlMappingNode mapping && mapping.Children.All(pair => pair is { Key: YamlScalarNode { Value: not null }, Value: YamlMappingNode })
            ? mapping.Children.ToDictionary(pair => ((YamlScalarNode)pair.Key).Value!, pair => Read((YamlMappingNode)pair.Value, $"{_path}{name}.{pair.Key}.", read))
            : Wrong<IReadOnlyDictionary<string, T>>(node, name, "a mapping of names to mappings") ?? new Dictionary<string, T>();
    }

    /// <summary>Says that a member must be there.</summary>
    public void Require(string name)
    {
        if (_schema is not null)
        {
            var required = _schema["required"] as JsonArray ?? [];
            _schema["required"] = required;
            required.Add(name);
        }
        else if (!Children.Any(child => child.Name == name))
        {
            Mistake(_node!, $"{_path}{name} is missing");
        }
    }

    /// <summary>Says that exactly one of these members must be there.</summary>
    public void RequireOne(IReadOnlyList<string> names)
    {
        if (_schema is not null)
        {
            _schema["oneOf"] = new JsonArray([.. names.Select(name => (JsonNode)new JsonObject { ["required"] = Texts([name]) })]);
        }
        else if (Children.Count(child => names.Contains(child.Name)) is var found && found != 1)
        {
            Mistake(_node!, $"{_path.TrimEnd('.')}: expected one of {string.Join(", ", names)}, found {(found == 0 ? "none" : "several")}");
        }
    }

    /// <summary>Says that a member's value is wrong.</summary>
    public void Mistake(string name, string what)
    {
        if (_node is not null)
        {
            Mistake(Children.FirstOrDefault(child => child.Name == name).Value ?? _node, $"{_path}{name}: {what}");
        }
    }

    private IEnumerable<(string? Name, YamlNode Value)> Children => _node is null ? [] : _node.Children.Select(child => ((child.Key as YamlScalarNode)?.Value, child.Value));

    private static T? Read<T>(string text, string name, Func<YamlFields, T> read, MistakeList mistakes)
    {
        mistakes.File = name;
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException fault)
        {
            mistakes.Add((int)fault.Start.Line, $"no YAML: {fault.Message}");
            return default;
        }

        if (stream.Documents is not [{ RootNode: YamlMappingNode root }])
        {
            mistakes.Add(1, "expected one mapping of names to values");
            return default;
        }

        if (IsDeeper(root, Deepest))
        {
            mistakes.Add(1, $"mappings and lists are nested more than {Deepest} deep");
            return default;
        }

        var fields = new YamlFields(root, "", mistakes);
        var value = read(fields);
        fields.Finish();
        return value;
    }

    private static bool IsDeeper(YamlNode node, int most) => most == 0 || node switch
    {
        YamlMappingNode mapping => mapping.Children.Any(child => IsDeeper(child.Value, most - 1)),
        YamlSequenceNode list => list.Children.Any(child => IsDeeper(child, most - 1)),
        _ => false,
    };

    private T Read<T>(YamlMappingNode node, string path, Func<YamlFields, T> read)
    {
        var fields = new YamlFields(node, path, _mistakes);
        var value = read(fields);
        fields.Finish();
        return value;
    }

    private YamlNode? Find(string name, string type, string? about, Action<JsonObject>? more = null)
    {
        _read.Add(name);
        if (_schema is null)
        {
            return _node!.Children.TryGetValue(new YamlScalarNode(name), out var value) ? value : null;
        }

        var member = new JsonObject { ["type"] = Types(type) };
        Add(member, "description", about);
        more?.Invoke(member);
        var properties = _schema["properties"] as JsonObject ?? [];
        _schema["properties"] = properties;
        properties[name] = member;
        return null;
    }

    // an unquoted 15 or true is a text here, where a text is wanted
    private static JsonNode Types(string type) => type == "string" ? Texts(["string", "number", "boolean"]) : JsonValue.Create(type == "word" ? "string" : type);

    private static void Add(JsonObject schema, string name, string? value)
    {
        if (value is not null)
        {
            schema[name] = value;
        }
    }

    private static JsonObject Within<T>(JsonObject schema, Func<YamlFields, T> read)
    {
        foreach (var (name, value) in Describe(read).ToList())
        {
            schema[name] = value?.DeepClone();
        }

        return schema;
    }

    private JsonObject Described()
    {
        var described = new JsonObject { ["type"] = "object", ["additionalProperties"] = false };
        foreach (var (name, value) in _schema!.ToList())
        {
            described[name] = value?.DeepClone();
        }

        return described;
    }

    private void Finish()
    {
        foreach (var key in _node!.Children.Keys)
        {
            if (key is not YamlScalarNode { Value: { } name } || !_read.Contains(name))
            {
                Mistake(key, $"{_path}{key} is no member; {NearName.Hint($"{key}", _read)}");
            }
        }
    }

    private T? Wrong<T>(YamlNode node, string name, string expected)
    {
        Mistake(node, $"{_path}{name}: expected {expected}, found {(node is YamlScalarNode scalar ? $"'{scalar.Value}'" : "something else")}");
        return default;
    }

    private void Mistake(YamlNode node, string what) => _mistakes.Add((int)node.Start.Line, what);

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)JsonValue.Create(text))]);
}
