using DeviceAcme.Simulator;
using DeviceAcme.Simulator.Commands;
using DeviceAcme.Simulator.Vendors;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class VendorFolderTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public void Anchors_lie_in_a_folder_for_each_format_and_the_seed_lies_outside_of_them()
    {
        new VendorFolder(_folder).Init(null);

        Relative().Should().Equal(
            "android-key/simulator-key-attestation-root.pem", "android-status-list.json", "apple/simulator-enterprise-attestation-root.pem", "devices.json",
            "idevid/simulator-module-root.pem", "idevid/simulator-printer-root.pem", "idevid/terms.yaml",
            "packed/simulator-authenticator-root.pem", "seed", "step/simulator-piv-root.pem", "step/simulator-security-key-intermediate.pem",
            "step/simulator-security-key-piv-intermediate.pem", "step/simulator-security-key-root.pem", "tpm-ek/simulator-vendor-root.pem", "tpm-virtual/simulator-vendor-root.pem", "tpm/simulator-attestation-root.pem");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(_folder, "seed")).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public void A_second_time_changes_nothing_and_brings_back_what_was_lost()
    {
        new VendorFolder(_folder).Init(null);
        var anchor = Path.Combine(_folder, "apple", "simulator-enterprise-attestation-root.pem");
        var before = File.ReadAllText(anchor);

        new VendorFolder(_folder).Init(null).Written.Should().BeEmpty();
        File.Delete(anchor);
        new VendorFolder(_folder).Init(null).Written.Should().Equal(anchor);
        File.ReadAllText(anchor).Should().Be(before);
    }

    [Fact]
    public void Vendors_drawn_at_random_differ_and_a_seed_gives_the_same_ones()
    {
        var other = _folder + "-other";
        try
        {
            new VendorFolder(_folder).Init(null).Vendors.Apple.Root.Certificate.Should().NotEqual(new VendorFolder(other).Init(null).Vendors.Apple.Root.Certificate);
        }
        finally
        {
            Directory.Delete(other, recursive: true);
        }

        new FakeVendors("x").Tpm.AttestationCa.Certificate.Should().Equal(new FakeVendors("x").Tpm.AttestationCa.Certificate);
    }

    [Fact]
    public void Another_seed_for_the_same_folder_is_refused()
    {
        new VendorFolder(_folder).Init("one");

        var init = () => new VendorFolder(_folder).Init("two");

        init.Should().Throw<SimulatorException>();
    }

    [Fact]
    public async Task Wrong_use_is_2_and_one_clear_line()
    {
        var talk = new StringWriter();
        var data = new StringWriter();

        var code = await CommandLine.Run(["vendor", "innit"], new Terminal(data, talk), TimeProvider.System);

        code.Should().Be(2);
        data.ToString().Should().BeEmpty();
        talk.ToString().Should().StartWith("device-sim: error: ").And.NotContain("   at ");
    }

    private IEnumerable<string> Relative() =>
        Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(_folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal);
}
