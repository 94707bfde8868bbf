using System.Text.Json.Nodes;
using DeviceAcme.EndToEnd.Processes;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Crashes;

/// <summary><c>./dev bench crash</c>, a tenth of it.</summary>
public sealed class CrashBenchTests
{
    [Fact]
    public async Task Twenty_kills_under_load_lose_nothing_that_was_acknowledged()
    {
        var run = await Programs.Run(Path.Combine(AppContext.BaseDirectory, "DeviceAcme.Bench.dll"), ["crash", "--kills", "20", "--clients", "4", "--json"], limit: TimeSpan.FromMinutes(15));

        run.ShouldExit(0);
        var result = JsonNode.Parse(run.Output)!;
        result["problems"]!.AsArray().Should().BeEmpty();
        ((int)result["kills"]!).Should().Be(20);
        ((int)result["certificates"]!).Should().BeGreaterThan(20, "otherwise nothing was at stake");
        ((int)result["revocations"]!).Should().BeGreaterThan(0);
    }
}
