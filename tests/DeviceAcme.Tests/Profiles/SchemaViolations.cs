using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DeviceAcme.Tests.Profiles;

/// <summary>What in a YAML file does not fit a JSON Schema, in the words of draft 7 that our schemas use.</summary>
internal sealed class SchemaViolations
{
    private readonly JsonObject _whole;

    private SchemaViolations(JsonObject schema) => _whole = schema;

    public static IReadOnlyList<string> Of(JsonObject schema, string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return new SchemaViolations(schema).Violations(schema, stream.Documents[0].RootNode, "").ToList();
    }

    private IEnumerable<string> Violations(JsonObject schema, YamlNode node, string path)
    {
        if (schema["$ref"] is not null)
        {
            return Violations(_whole["definitions"]!["rules"]!.AsObject(), node, path);
        }

        if (schema["anyOf"] is JsonArray choices)
        {
            return choices.Any(choice => !Violations(choice!.AsObject(), node, path).Any()) ? [] : [$"{path}: fits none"];
        }

        if (schema["enum"] is JsonArray words)
        {
            return node is YamlScalarNode word && words.Any(known => known!.GetValue<string>() == word.Value) ? [] : [$"{path}: not of the enum"];
        }

        var types = schema["type"] switch { JsonArray several => several.Select(type => type!.GetValue<string>()).ToArray(), { } one => [one.GetValue<string>()], _ => [] };
        if (types.Length > 0 && !types.Intersect(TypesOf(node)).Any())
        {
            return [$"{path}: is no {string.Join(" or ", types)}"];
        }

        return node switch
        {
            YamlScalarNode scalar when schema["pattern"] is { } pattern && !Regex.IsMatch(scalar.Value!, pattern.GetValue<string>()) => [$"{path}: does not match"],
            YamlSequenceNode list when schema["items"] is JsonObject items => list.Children.SelectMany((item, index) => Violations(items, item, $"{path}[{index}]")),
            YamlMappingNode mapping => Members(schema, mapping, path),
            _ => [],
        };
    }

    private IEnumerable<string> Members(JsonObject schema, YamlMappingNode mapping, string path)
    {
        var names = mapping.Children.Keys.Select(key => ((YamlScalarNode)key).Value!).ToList();
        if (schema["oneOf"] is JsonArray choices && choices.Count(choice => choice!["required"]!.AsArray().All(name => names.Contains(name!.GetValue<string>()))) != 1)
        {
            yield return $"{path}: needs one of several";
        }

        foreach (var missing in (schema["required"] as JsonArray ?? new JsonArray()).Select(name => name!.GetValue<string>()).Except(names))
        {
            yield return $"{path}: needs {missing}";
        }

        foreach (var (key, value) in mapping.Children)
        {
            var name = ((YamlScalarNode)key).Value!;
            var member = schema["properties"]?[name]
                ?? (schema["patternProperties"] as JsonObject)?.FirstOrDefault(pattern => Regex.IsMatch(name, pattern.Key)).Value;
            if (member is null && schema["additionalProperties"] is not null)
            {
                yield return $"{path}.{name}: is not known";
            }

            foreach (var violation in member is null ? Enumerable.Empty<string>() : Violations(member.AsObject(), value, $"{path}.{name}"))
            {
                yield return violation;
            }
        }
    }

    private static IEnumerable<string> TypesOf(YamlNode node) => node switch
    {
        YamlMappingNode => ["object"],
        YamlSequenceNode => ["array"],
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } => ["boolean"],
        YamlScalarNode { Style: ScalarStyle.Plain } number when double.TryParse(number.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) => ["number"],
        _ => ["string"],
    };
}
