using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Architecture;

/// <summary>A project exists because it forbids something; these are the walls.</summary>
public sealed class WallTests
{
    /// <summary>The table of projects: what each may reference, and its packages.</summary>
    public static TheoryData<string, string[], string[]> Table => new()
    {
        { "DeviceAcme.Protocol", [], [] },
        { "DeviceAcme.Attestation", [], [] },
        { "DeviceAcme.Core", ["DeviceAcme.Protocol", "DeviceAcme.Attestation"], ["YamlDotNet"] },
        {
            "DeviceAcme.Server", ["DeviceAcme.Core", "DeviceAcme.Protocol", "DeviceAcme.Attestation"],
            ["CsvHelper", "Microsoft.EntityFrameworkCore.Sqlite", "Microsoft.IdentityModel.Protocols.OpenIdConnect", "Npgsql.EntityFrameworkCore.PostgreSQL", "SQLitePCLRaw.bundle_e_sqlite3", "System.CommandLine", "YamlDotNet", "System.Security.Cryptography.Pkcs"]
        },
        { "DeviceAcme.Cli", ["DeviceAcme.Protocol", "DeviceAcme.Attestation", "DeviceAcme.Core"], ["System.CommandLine", "System.Security.Cryptography.Pkcs"] },
        { "device-sim", ["DeviceAcme.Protocol"], ["System.CommandLine", "YamlDotNet"] },
    };

    /// <summary>What the code of a project must not mention, and why.</summary>
    public static TheoryData<string, string, string> Forbidden => new()
    {
        { "src/DeviceAcme.Protocol", @"Microsoft\.|YamlDotNet", "it is the wire and the BCL alone" },
        { "src/DeviceAcme.Attestation", @"Microsoft\.Extensions|Microsoft\.EntityFrameworkCore|\bILogger\b", "verifying is pure: no log, no database" },
        { "src/DeviceAcme.Attestation", @"\bTimeProvider\b|\bStopwatch\b|\bEnvironment\.", "verifying is pure: the time stands in the evidence" },
        { "src/DeviceAcme.Attestation", @"System\.Net|\bHttpClient\b|\bSocket\b|\bFile\.|\bDirectory\.|\bFileStream\b", "verifying is pure: no network, no files" },
        { "src/DeviceAcme.Attestation", @"\bX509Chain\b", "only CertificatePath builds chains" },
        { "src/DeviceAcme.Core", @"Microsoft\.EntityFrameworkCore|Microsoft\.AspNetCore|Microsoft\.Data|\bHttpContext\b|\bStatusCodes\b", "the rules know neither store nor HTTP" },
        { "src/DeviceAcme.Core", @"System\.Net\.Sockets|System\.Net\.Http|\bHttpClient\b|\bSocket\b", "the rules do not reach out" },
        { "src/DeviceAcme.Core", @"\bTimeProvider\b", "time is a parameter" },
        { "src/DeviceAcme.Cli", @"DeviceAcme\.Server\.|Microsoft\.EntityFrameworkCore", "it speaks to the server, it is not the server" },
        { "tools/device-sim", @"DeviceAcme\.(Attestation|Core|Server)\b", "it writes evidence with its own code" },
        { "src/DeviceAcme.Server/Acme", @"DeviceAcme\.Server\.(Admin|Console)\b", "Acme and Admin do not call each other" },
        { "src/DeviceAcme.Server/Admin", @"DeviceAcme\.Server\.Acme\b", "Acme and Admin do not call each other" },
        { "src/DeviceAcme.Server/Connectors", @"DeviceAcme\.Core\.(?!Issuance\b)\w+|DeviceAcme\.Server\.(Acme|Admin|Storage|Workers)\b|DeviceAcme\.Attestation\b", "connectors see only Core.Issuance and Protocol" },
        { "src", @"DeviceAcme\.(Simulator|Testing|Tests)\b", "the product does not know tools and tests" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_project_references_only_what_the_table_allows(string project, string[] projects, string[] packages)
    {
        var file = Sources.Projects.Should().ContainSingle(file => file.Name == project).Subject;

        file.Projects.Should().BeSubsetOf(projects);
        file.Packages.Should().BeSubsetOf(packages);
    }

    [Fact]
    public void Every_product_project_stands_in_the_table() =>
        Sources.Projects.Select(project => project.Name).Where(name => !name.Contains("Tests", StringComparison.Ordinal))
            .Should().BeSubsetOf([.. Table.Select(row => row.Data.Item1), "DeviceAcme.EndToEnd", "DeviceAcme.Bench", "DeviceAcme.Fuzz"]);

    [Fact]
    public void Packages_are_pinned_in_one_place() =>
        Sources.Projects.Where(project => project.Xml.Descendants("PackageReference").Any(item => item.Attribute("Version") is not null))
            .Select(project => project.Name).Should().BeEmpty("versions stand in Directory.Packages.props");

    [Fact]
    public void No_project_has_build_targets_of_its_own() =>
        Sources.Projects.Where(project => project.Xml.Descendants("Target").Any()).Select(project => project.Name).Should().BeEmpty();

    [Theory]
    [MemberData(nameof(Forbidden))]
    public void A_wall_is_not_climbed(string folder, string pattern, string because)
    {
        var offenders = Sources.Below(folder)
            .SelectMany(file => Regex.Matches(file.Code, pattern).Select(match => $"{file.Path}: {match.Value}"))
            .Distinct();

        offenders.Should().BeEmpty(because);
    }

    [Fact]
    public void Saving_goes_through_Commit_alone() =>
        Sources.Below("src/DeviceAcme.Server").Where(file => file.Name != "AcmeDb")
            .Where(file => Regex.IsMatch(file.Code, @"(?<!\bbase)\.SaveChanges(Async)?\(")).Select(file => file.Path).Should().BeEmpty();

    /// <summary>What is kept of the store in memory has to hear of it (<c>AcmeContext.RemoveAtOnce</c>, <c>ChangeAtOnce</c>).</summary>
    [Fact]
    public void Rows_are_removed_and_changed_at_once_by_the_context_alone() =>
        Sources.Below("src/DeviceAcme.Server").Where(file => file.Name != "AcmeContext")
            .Where(file => Regex.IsMatch(file.Code, @"\bExecute(Delete|Update)(Async)?\(")).Select(file => file.Path).Should().BeEmpty();

    [Fact]
    public void The_clock_of_the_system_is_named_in_programs_alone() =>
        Sources.Product.Where(file => file.Name != "Program" && file.Code.Contains("TimeProvider.System", StringComparison.Ordinal))
            .Select(file => file.Path).Should().BeEmpty();
}
