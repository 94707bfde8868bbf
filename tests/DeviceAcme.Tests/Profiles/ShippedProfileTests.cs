using DeviceAcme.Core.Profiles;
using DeviceAcme.Testing;
using DeviceAcme.Tests.Cli;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Profiles;

/// <summary>Each shipped profile has a page with what to set on the device.</summary>
public sealed class ShippedProfileTests
{
    public static TheoryData<string> Names => [.. Directory.EnumerateFiles(Terminal.Profiles, "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file)!)];

    [Theory, MemberData(nameof(Names))]
    public void A_page_says_what_to_set_on_the_device(string name)
    {
        var page = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "profiles", $"{name}.md"));

        page.Should().StartWith($"# {name}\n").And.Contain("**On the device").And.Contain($"https://SERVER/acme/{name}/directory");
    }

    [Fact]
    public void A_page_is_of_a_shipped_profile() =>
        Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "docs", "profiles")).Select(file => Path.GetFileNameWithoutExtension(file)!)
            .Should().BeEquivalentTo(Directory.EnumerateFiles(Terminal.Profiles, "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file)!));

    [Fact]
    public async Task A_printer_gets_its_name_or_address_for_an_account_that_is_known()
    {
        var file = Path.Combine(Terminal.Profiles, "printer.yaml");
        var mistakes = new Mistakes();
        var profile = ProfileFile.Parse(file, File.ReadAllText(file), mistakes)!;

        profile.ExternalAccountBinding.Should().Be(ExternalAccountBindingMode.Required);
        var printed = (await Terminal.Type("profile", "render", file, "--identifier", "dns=printer7.example.com", "--identifier", "ip=10.20.0.7")).ShouldExit(0).Output;
        printed.Should().MatchRegex("(?m)^subject +CN=printer7.example.com$").And.MatchRegex("(?m)^subject alternative names +dns printer7.example.com, ip 10.20.0.7$");
    }
}
