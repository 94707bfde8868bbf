using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DeviceAcme.Tests.Profiles;

/// <summary>profiles/profile.schema.json is what the code knows, accepts the shipped profiles and finds slips; <c>UPDATE_DOCS=1</c> writes it anew.</summary>
public sealed class ProfileSchemaTests
{
    private static readonly string Folder = Path.Combine(RepositoryFiles.Root, "profiles");
    private static readonly JsonObject Schema = JsonNode.Parse(ProfileSchema.Text())!.AsObject();

    public static TheoryData<string> Shipped => [.. Directory.EnumerateFiles(Folder, "*.yaml").Select(file => Path.GetFileName(file)!)];

    [Fact]
    public void The_published_schema_is_the_codes()
    {
        var file = Path.Combine(Folder, "profile.schema.json");
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(file, ProfileSchema.Text());
        }

        File.ReadAllText(file).Should().Be(ProfileSchema.Text(), "UPDATE_DOCS=1 ./dev test ProfileSchema writes it anew");
    }

    [Theory, MemberData(nameof(Shipped))]
    public void A_shipped_profile_fits_and_names_the_schema(string file)
    {
        var text = File.ReadAllText(Path.Combine(Folder, file));

        Violations(text).Should().BeEmpty();
        text.Should().StartWith("# yaml-language-server: $schema=profile.schema.json\n");
    }

    [Theory]
    [InlineData("mode: required", "mode: requird")]
    [InlineData("validity: 90d", "validity: 90days")]
    [InlineData("validity: 90d", "validty: 90d")]
    [InlineData("keys: [ec-p256, ec-p384]", "keys: ec-p256")]
    [InlineData("identifier-in-certificate: true", "identifier-in-certificate: yes-please")]
    [InlineData("- permanent-identifier: \"{{identifier}}\"", "- permanent-identifer: \"{{identifier}}\"")]
    [InlineData("on-failure: challenge", "facts: { serial: x }\n  on-failure: challenge")]
    public void A_slip_is_found(string before, string after) =>
        Violations(File.ReadAllText(Path.Combine(Folder, "apple-device.yaml")).Replace(before, after, StringComparison.Ordinal)).Should().NotBeEmpty();

    [Theory]
    [InlineData("validity: 90d", "validity: [{ when: { any: [{ key.protection: [a, b] }, { os.version: 15 }] }, for: 1y }, 30d]\n  policies: [1.2.3, { oid: 1.2.3.4, when: { device.serial: { is: present } } }]")]
    [InlineData("issuer: default", "issuer: { ec-p256: one, default: two }\ntests: [{ facts: { os.version: 15.1, a.flag: true }, verdict: refused }]")]
    public void What_is_right_is_not_found(string before, string after) =>
        Violations(File.ReadAllText(Path.Combine(Folder, "apple-device.yaml")).Replace(before, after, StringComparison.Ordinal)).Should().BeEmpty();

    private static List<string> Violations(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return Violations(Schema, stream.Documents[0].RootNode, "").ToList();
    }

    // the words of JSON Schema that our schema uses (draft 7)
    private static IEnumerable<string> Violations(JsonObject schema, YamlNode node, string path)
    {
        if (schema["$ref"] is not null)
        {
            return Violations(Schema["definitions"]!["rules"]!.AsObject(), node, path);
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

    private static IEnumerable<string> Members(JsonObject schema, YamlMappingNode mapping, string path)
    {
        var names = mapping.Children.Keys.Select(key => ((YamlScalarNode)key).Value!).ToList();
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
