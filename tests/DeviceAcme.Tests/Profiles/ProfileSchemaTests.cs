using System.Text.Json.Nodes;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

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

    private static IReadOnlyList<string> Violations(string yaml) => SchemaViolations.Of(Schema, yaml);
}
