using DeviceAcme.Core.Profiles;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DeviceAcme.Server.Hosting;

/// <summary>Reads <c>deviceacme.yaml</c>: one mapping from setting names to a value or a sequence of values.</summary>
internal static class SettingsFile
{
    private const int MaximumBytes = 64 * 1024;

    public static IReadOnlyDictionary<string, IReadOnlyList<SettingValue>> Read(string path, List<SettingMistake> mistakes)
    {
        var values = new Dictionary<string, IReadOnlyList<SettingValue>>();
        var root = Parse(path, mistakes);
        if (root is null)
        {
            return values;
        }

        foreach (var (keyNode, valueNode) in root.Children)
        {
            var source = $"{path}:{keyNode.Start.Line}";
            var key = (keyNode as YamlScalarNode)?.Value ?? "";
            var setting = Settings.All.FirstOrDefault(s => s.Name == key);
            if (setting is null)
            {
                var near = NearestName.Of(key, Settings.All.Select(s => s.Name));
                mistakes.Add(new SettingMistake(source, null, $"unknown setting '{key}'" + (near is null ? "" : $"; the nearest known one is '{near}'")));
            }
            else if (Values(setting, valueNode) is { } nodes)
            {
                var folder = Path.GetDirectoryName(path)!;
                values[key] = [.. nodes.Select(node => new SettingValue(node.Value!, $"{path}:{node.Start.Line}", folder))];
            }
            else
            {
                mistakes.Add(new SettingMistake(source, key, setting.IsList ? "expected a value or a sequence of values" : "expected one value"));
            }
        }

        return values;
    }

    private static IReadOnlyList<YamlScalarNode>? Values(Setting setting, YamlNode node) => node switch
    {
        YamlScalarNode { Value.Length: > 0 } scalar => [scalar],
        YamlSequenceNode sequence when setting.IsList && sequence.All(item => item is YamlScalarNode { Value.Length: > 0 }) =>
            [.. sequence.Cast<YamlScalarNode>()],
        _ => null,
    };

    private static YamlMappingNode? Parse(string path, List<SettingMistake> mistakes)
    {
        try
        {
            if (new FileInfo(path).Length > MaximumBytes)
            {
                mistakes.Add(new SettingMistake(path, null, $"larger than {MaximumBytes} bytes"));
                return null;
            }

            using var reader = File.OpenText(path);
            var stream = new YamlStream();
            stream.Load(reader);
            switch (stream.Documents)
            {
                case []:
                    return null;
                case [{ RootNode: YamlMappingNode root }]:
                    return root;
                default:
                    mistakes.Add(new SettingMistake(path + ":1", null, "expected one document that maps setting names to values"));
                    return null;
            }
        }
        catch (YamlException exception)
        {
            mistakes.Add(new SettingMistake($"{path}:{exception.Start.Line}", null, exception.Message));
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException)
        {
            // the YAML library's own slips over malformed text
            mistakes.Add(new SettingMistake(path, null, $"is not YAML: {exception.Message}"));
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            mistakes.Add(new SettingMistake(path, null, exception.Message));
            return null;
        }
    }
}
