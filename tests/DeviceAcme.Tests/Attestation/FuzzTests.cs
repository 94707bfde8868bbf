using DeviceAcme.Fuzz;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Attestation;

/// <summary>A short run of <c>./dev fuzz</c> with the simulator's evidence: every parser, the same inputs each time.</summary>
public sealed class FuzzTests
{
    private static readonly Seeds Seeds = new(recorded: null);

    public static TheoryData<string> Names => [.. Targets.All(Seeds).Select(target => target.Name)];

    [Theory, MemberData(nameof(Names))]
    public void No_broken_input_surprises_a_parser(string name)
    {
        var target = Targets.All(Seeds).Single(target => target.Name == name);

        var report = new FuzzRun(target, seed: 20261122).Go(1500);

        report.Findings.Select(finding => $"{finding.What} {Convert.ToHexString(finding.Input)}").Should().BeEmpty();
        report.Behaviours.Should().BeGreaterThan(10, "the inputs must get somewhere");
    }

    [Fact]
    public void What_a_parser_throws_takes_or_never_ends_with_is_found()
    {
        byte[] marked = [1, 2, 3, 4];
        var target = new FuzzTarget("broken", "a parser with mistakes", [marked], input => input.Span switch
        {
            [1, 2, 3, ..] => "read",
            [1, ..] => throw new FormatException("unexpected"),
            [_, 2, ..] => $"{GC.AllocateUninitializedArray<byte>(1024 * 1024).Length}",
            _ => "refused",
        });

        var report = new FuzzRun(target, seed: 1).Go(2000);

        report.Findings.Should().HaveCount(2);
        report.Findings.Should().Contain(finding => finding.What.Contains("FormatException", StringComparison.Ordinal) && finding.Input[0] == 1);
        report.Findings.Should().Contain(finding => finding.What.StartsWith("allocation", StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        var target = Targets.All(Seeds).Single(target => target.Name == "tpm");

        new FuzzRun(target, seed: 7).Go(500).Outcomes.Should().Equal(new FuzzRun(target, seed: 7).Go(500).Outcomes);
    }
}
