using System.Text.Json.Nodes;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Crashes;

/// <summary><c>./dev bench nodes</c>, a small one. No names: a validation that the dead server had begun is taken over after two minutes only.</summary>
public sealed class NodesBenchTests
{
    private const int Devices = 120;

    [Fact, Needs("haproxy"), Needs("postgresql")]
    public async Task A_fleet_enrolls_behind_HAProxy_whatever_happens_to_one_server_and_to_PostgreSQL()
    {
        var run = await Programs.Run(
            BenchProgram.Path, ["nodes", "--devices", $"{Devices}", "--mix", "apple=60,tpm=30", "--concurrency", "16", "--away", "1", "--json"], limit: TimeSpan.FromMinutes(15));

        run.ShouldExit(0);
        var result = JsonNode.Parse(run.Output)!;
        result["problems"]!.AsArray().Should().BeEmpty();
        ((int)result["enrolled"]!).Should().Be(Devices);
        ((int)result["certificatesStored"]!).Should().BeGreaterThanOrEqualTo(Devices);
        result["triedAgain"]!.AsObject().Should().NotBeEmpty("else nobody was disturbed");
    }
}
