using System.Text.RegularExpressions;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using DeviceAcme.Tests.Architecture;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Issuance;

/// <summary>Every refusal of a finalize says what would help.</summary>
public sealed class FinalizeReasonsTests
{
    [Fact]
    public void Every_reason_that_issuance_can_give_stands_in_the_table()
    {
        var given = Sources.Below("src/DeviceAcme.Core/Issuance").Where(file => file.Name != "FinalizeReasons")
            .SelectMany(file => Regex.Matches(file.Text, @"Problems\.\w+\(\s*""([a-z0-9-]+)""").Select(match => match.Groups[1].Value)).Distinct();

        given.Should().HaveCountGreaterThan(10).And.BeSubsetOf(FinalizeReasons.All.Select(reason => reason.Code));
    }

    [Fact]
    public void The_documentation_has_the_same_tables()
    {
        var rows = File.ReadAllLines(Path.Combine(RepositoryFiles.Root, "docs", "security.md"));

        rows.Should().Contain(FinalizeReasons.All.Select(reason => $"| finalize | `{reason.Code}` | {reason.Class} | {reason.Advice} |"));
        rows.Should().Contain(AnomalyKinds.All.Select(kind => $"| anomaly | `{kind.Name}` | {kind.Reason.Class} | {kind.Reason.Advice} |"));
    }

    [Fact]
    public void What_does_not_depend_on_a_failure_is_checked_all_the_same()
    {
        var checks = new FinalizeChecks();
        checks.Run("first", "holds", () => throw Problems.BadCsr("csr-key-type-not-allowed", "csr: one"));
        checks.Run("second", "holds", () => "fine");
        checks.Run("third", "holds", () => throw Problems.BadCsr("csr-identifier-missing", "csr: three"));
        checks.NotReached("fourth", "holds");

        checks.Refusal!.Problem.Reason.Should().Be("csr-key-type-not-allowed");
        checks.Refusal.Problem.Subproblems!.Select(problem => problem.Detail).Should().Equal("csr: one", "csr: three");
        checks.Verdict.Checks.Select(check => check.Outcome.ToString()).Should().Equal("Failed", "Passed", "Failed", "NotReached");
        checks.Verdict.Reason!.Class.Should().Be("csr");
    }
}
