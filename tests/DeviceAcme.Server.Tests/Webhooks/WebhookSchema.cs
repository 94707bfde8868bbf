using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DeviceAcme.Testing;

namespace DeviceAcme.Server.Tests.Webhooks;

/// <summary>docs/webhook.schema.json, with the words of JSON Schema that it uses (draft 7).</summary>
internal static class WebhookSchema
{
    private static readonly JsonObject Root = JsonNode.Parse(File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "webhook.schema.json")))!.AsObject();

    /// <summary>What of the document is not as the schema says.</summary>
    public static IReadOnlyList<string> Violations(string definition, JsonNode? document) => [.. Check(Root["definitions"]![definition]!.AsObject(), document, "")];

    private static IEnumerable<string> Check(JsonObject schema, JsonNode? value, string path)
    {
        if (schema["$ref"] is { } reference)
        {
            return Check(Root["definitions"]![((string)reference!).Split('/')[^1]]!.AsObject(), value, path);
        }

        if (schema["anyOf"] is JsonArray choices)
        {
            return choices.Any(choice => !Check(choice!.AsObject(), value, path).Any()) ? [] : [$"{path}: fits none"];
        }

        if (schema["const"] is { } one)
        {
            return JsonNode.DeepEquals(one, value) ? [] : [$"{path}: is not {one}"];
        }

        if (schema["enum"] is JsonArray words)
        {
            return words.Any(word => JsonNode.DeepEquals(word, value)) ? [] : [$"{path}: not of the enum"];
        }

        var types = schema["type"] switch { JsonArray several => several.Select(type => (string)type!).ToArray(), { } type => [(string)type!], null => [] };
        if (types.Length > 0 && !types.Intersect(TypesOf(value)).Any())
        {
            return [$"{path}: is no {string.Join(" or ", types)}"];
        }

        return value switch
        {
            JsonObject members => Members(schema, members, path),
            JsonArray list => list.SelectMany((item, index) => Check(schema["items"]!.AsObject(), item, $"{path}[{index}]")),
            JsonValue when schema["pattern"] is { } pattern && !Regex.IsMatch((string)value!, (string)pattern!) => [$"{path}: does not match"],
            JsonValue when schema["maxLength"] is { } longest && ((string)value!).Length > (int)longest => [$"{path}: too long"],
            JsonValue when schema["minimum"] is { } least && (long)value < (long)least => [$"{path}: too small"],
            _ => [],
        };
    }

    private static IEnumerable<string> Members(JsonObject schema, JsonObject members, string path)
    {
        foreach (var missing in (schema["required"] as JsonArray ?? []).Select(name => (string)name!).Where(name => !members.ContainsKey(name)))
        {
            yield return $"{path}: needs {missing}";
        }

        if (schema["maxProperties"] is { } most && members.Count > (int)most)
        {
            yield return $"{path}: too many";
        }

        foreach (var (name, value) in members)
        {
            var member = schema["properties"]?[name]
                ?? (schema["patternProperties"] as JsonObject)?.FirstOrDefault(pattern => Regex.IsMatch(name, pattern.Key)).Value
                ?? schema["additionalProperties"] as JsonObject;
            foreach (var violation in member is null ? [$"{path}.{name}: is not known"] : Check(member.AsObject(), value, $"{path}.{name}"))
            {
                yield return violation;
            }
        }
    }

    private static IEnumerable<string> TypesOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => ["null"],
        JsonValueKind.Object => ["object"],
        JsonValueKind.Array => ["array"],
        JsonValueKind.True or JsonValueKind.False => ["boolean"],
        JsonValueKind.Number => value.AsValue().TryGetValue<long>(out _) ? ["integer", "number"] : ["number"],
        _ => ["string"],
    };
}
