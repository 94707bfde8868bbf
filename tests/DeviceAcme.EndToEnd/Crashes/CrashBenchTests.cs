using System.Text.Json.Nodes;
using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Crashes;

/// <summary><c>./dev bench crash</c>, a tenth of it, over both stores together.</summary>
public sealed class CrashBenchTests
{
    private const string Kills = "10";

    [Fact]
    public Task Kills_under_load_lose_nothing_that_was_acknowledged() => Crash();

    [Fact, Needs("postgresql")]
    public Task Nor_do_they_on_PostgreSQL_of_which_one_is_a_power_cut_too() => Crash("--postgresql");

    private static async Task Crash(params string[] options)
    {
        var run = await Programs.Run(BenchProgram.Path, ["crash", "--kills", Kills, "--clients", "4", "--json", .. options], limit: TimeSpan.FromMinutes(15));

        run.ShouldExit(0);
        var result = JsonNode.Parse(run.Output)!;
        result["problems"]!.AsArray().Should().BeEmpty();
        ((int)result["kills"]!).Should().Be(10);
        ((int)result["certificates"]!).Should().BeGreaterThanOrEqualTo(8, "eight of ten processes live until an order is acknowledged, and each order is brought to its end");
        ((int)result["revocations"]!).Should().BeGreaterThan(0, "one certificate in three is revoked, by the next process where this one dies");
    }
}
