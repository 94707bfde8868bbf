using System.Text;
using System.Text.RegularExpressions;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Ledger;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Ledger;

/// <summary>What docs/profiles says about the ledger: the inventory on the page can be read, and the profile finds its devices.</summary>
public sealed partial class ProfilePageTests
{
    public static TheoryData<string> DeviceProfiles => [.. Shipped().Where(profile => profile.Identifiers.Values.Any(rule => rule.Proves is not null and not ExpectedIdentifier.ByTicket)).Select(profile => profile.Name)];

    [Theory, MemberData(nameof(DeviceProfiles))]
    public void A_profile_of_devices_refuses_strangers_and_its_page_says_what_to_import(string name)
    {
        var profile = Shipped().Single(profile => profile.Name == name);

        // virtual machines come and go, and no vendor's CA is shipped for them
        profile.Devices.Should().BeEquivalentTo(new { Unknown = name == "virtual-tpm" ? UnknownDevices.Register : UnknownDevices.Refuse, Said = true });

        var inventory = Inventory.Read(Encoding.UTF8.GetBytes(Csv().Match(Page(name)).Groups["text"].Value));

        inventory.Mistakes.Should().BeEmpty();
        inventory.Rows.Should().NotBeEmpty();
        foreach (var key in inventory.Rows.SelectMany(row => row.Keys))
        {
            // what such a device would order, and how the ledger is asked then
            var ordered = key.Kind switch
            {
                AcmeIdentifier.HardwareModule => new AcmeIdentifier(AcmeIdentifier.HardwareModule, key.Value),
                DeviceKey.EndorsementKey => new AcmeIdentifier(AcmeIdentifier.PermanentIdentifier, $"{key.Value}/2.23.133.12.1"),
                _ => new AcmeIdentifier(AcmeIdentifier.PermanentIdentifier, key.Value),
            };
            profile.Identifiers[ordered.Type].Allows(ordered.Value).Should().BeTrue();
            profile.KeysOf(ordered).Should().Contain(key, $"a device of {name} is found by its {key.Kind}");
        }
    }

    [Fact]
    public void Every_page_says_what_the_ledger_is_to_the_profile() =>
        Shipped().Where(profile => !Page(profile.Name).Contains("**In the ledger.**", StringComparison.Ordinal)).Select(profile => profile.Name)
            .Except(["apple-user-enrollment"], StringComparer.Ordinal).Should().BeEmpty();

    [Fact]
    public void No_shipped_profile_is_warned_about_at_start() =>
        Shipped().Where(profile => profile.Attestation.Mode != AttestationMode.None && !profile.Devices.Said).Should().BeEmpty();

    private static IReadOnlyList<CertificateProfile> Shipped()
    {
        var mistakes = new Mistakes();
        IReadOnlyList<CertificateProfile> profiles =
            [.. Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "profiles"), "*.yaml").Select(file => ProfileFile.Parse(file, File.ReadAllText(file), mistakes)!)];
        mistakes.Errors.Should().BeEmpty();
        return profiles;
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "profiles", $"{name}.md"));

    [GeneratedRegex("^```csv\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Csv();
}
