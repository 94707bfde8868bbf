#if PLANTED_DEFECTS
using System.Text;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Server.Defects;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>What a release build does not have: rules that can be broken on purpose.</summary>
public sealed class ReleaseBuildTests
{
    [Fact]
    public async Task A_release_build_knows_no_defects()
    {
        var folder = Path.Combine(RepositoryFiles.Root, "src", "DeviceAcme.Server", "bin", "Release", "net10.0");
        // nothing that lives on may hold this process's pipes; the build of the tests has analyzed the same sources
        (await Programs.Run(
            "dotnet", ["build", Path.Combine(RepositoryFiles.Root, "src", "DeviceAcme.Server", "DeviceAcme.Server.csproj"), "--configuration", "Release", "--verbosity", "quiet", "--nologo", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false"],
            folder: RepositoryFiles.Root, limit: TimeSpan.FromMinutes(10))).ShouldExit(0);

        foreach (var assembly in new[] { "Server", "Core", "Attestation", "Protocol" })
        {
            var octets = await File.ReadAllBytesAsync(Path.Combine(folder, $"DeviceAcme.{assembly}.dll"), TestContext.Current.CancellationToken);
            // names of types are UTF-8, texts are UTF-16 that may begin at an odd place
            var texts = new[] { Encoding.UTF8.GetString(octets), Encoding.Unicode.GetString(octets), Encoding.Unicode.GetString(octets, 1, octets.Length - 1) };
            string[] words = ["Planted", "DefectSwitch", "by-request", "--defect", .. PlantedDefects.All.Select(defect => defect.Name)];
            words.Where(word => texts.Any(text => text.Contains(word, StringComparison.Ordinal))).Should().BeEmpty($"{assembly} is a release build");
        }

        var started = await Programs.Run(Path.Combine(folder, "DeviceAcme.Server.dll"), ["--defect", "by-request"]);
        started.ShouldExit(2).Error.Should().Contain("--defect: unknown option");
    }

    [Fact]
    public void The_same_search_finds_them_in_the_test_build()
    {
        var octets = File.ReadAllBytes(typeof(PlantedDefects).Assembly.Location);
        var text = Encoding.Unicode.GetString(octets) + Encoding.Unicode.GetString(octets, 1, octets.Length - 1);

        PlantedDefects.All.Select(defect => defect.Name).Should().OnlyContain(name => text.Contains(name, StringComparison.Ordinal));
    }
}
#endif
