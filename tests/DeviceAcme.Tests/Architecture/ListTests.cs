using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Architecture;

/// <summary>The lists are explicit code; what has a file and no line in its list would silently not exist.</summary>
public sealed class ListTests
{
    [Fact]
    public void Every_attestation_format_stands_in_its_list() =>
        MissingFrom("src/DeviceAcme.Attestation/AttestationFormats.cs", Implementations("src/DeviceAcme.Attestation", "IFormatVerifier")).Should().BeEmpty();

    [Fact]
    public void Every_identifier_type_stands_in_its_list() =>
        MissingFrom("src/DeviceAcme.Core/Identifiers/IdentifierTypes.cs", Implementations("src/DeviceAcme.Core/Identifiers", "IIdentifierType")).Should().BeEmpty();

    [Fact]
    public void Every_network_validation_stands_in_its_list() =>
        MissingFrom("src/DeviceAcme.Server/Network/NetworkValidation.cs", Implementations("src/DeviceAcme.Server/Network", "IChallengeValidator")).Should().BeEmpty();

    [Fact]
    public void Every_client_that_a_configuration_is_printed_for_stands_in_its_list() =>
        MissingFrom("src/DeviceAcme.Cli/ClientConfig/ClientConfigurations.cs", Implementations("src/DeviceAcme.Cli/ClientConfig", "IClientConfiguration")).Should().BeEmpty();

    [Fact]
    public void Every_test_project_is_run_by_dev()
    {
        var dev = File.ReadAllText(Path.Combine(Testing.RepositoryFiles.Root, "dev"));

        Sources.Projects.Where(project => project.Packages.Contains("xunit.v3")).Select(project => project.Name)
            .Should().OnlyContain(name => dev.Contains(name, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_section_that_is_owed_has_a_test()
    {
        var owed = File.ReadAllLines(Path.Combine(Testing.RepositoryFiles.Root, "tests", "spec-sections.txt")).Where(line => !line.StartsWith('#'));
        var tested = Sources.Below("tests").SelectMany(file => Regex.Matches(file.Text, @"\bSpec\(""([^""]+)""\)").Select(match => match.Groups[1].Value)).ToHashSet();

        owed.Where(section => !tested.Contains(section)).Should().BeEmpty();
    }

    private static IEnumerable<string> MissingFrom(string list, IReadOnlyList<string> names)
    {
        names.Should().NotBeEmpty("a list without members checks nothing");
        var code = Sources.All.Should().ContainSingle(file => file.Path == list).Subject.Code;
        return names.Where(name => !code.Contains(name, StringComparison.Ordinal));
    }

    private static IReadOnlyList<string> Implementations(string folder, string port) =>
        [.. Sources.Below(folder).Where(file => file.Code.Contains(": " + port, StringComparison.Ordinal)).Select(file => file.Name)];
}
