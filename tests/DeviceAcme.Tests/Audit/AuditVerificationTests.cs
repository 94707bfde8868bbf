using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Admin;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Tests.Audit;

/// <summary>What can be done to an exported audit log, line by line, and how it is named.</summary>
public sealed class AuditVerificationTests
{
    [Fact]
    public void A_log_that_nobody_touched_holds() => Findings(Log(10)).Should().BeEmpty();

    [Theory]
    [InlineData("changed", "audit-row-changed 5")]
    [InlineData("missing", "audit-row-missing 5")]
    [InlineData("several missing", "audit-row-missing 5")]
    [InlineData("doubled", "audit-row-inserted 5")]
    [InlineData("inserted", "audit-row-inserted 5")]
    [InlineData("inserted in front", "audit-row-inserted 5")]
    [InlineData("repeated later", "audit-row-inserted 5")]
    [InlineData("swapped", "audit-row-moved 5")]
    [InlineData("swapped contents", "audit-row-moved 5, audit-row-moved 6")]
    [InlineData("moved to the end", "audit-row-moved 5")]
    [InlineData("replaced", "audit-row-replaced 5")]
    [InlineData("replaced and swapped", "audit-row-moved 5, audit-row-replaced 5")]
    [InlineData("cut off", "audit-log-truncated 8")]
    [InlineData("first missing", "audit-row-missing 1")]
    public void Each_manipulation_is_named(string what, string expected)
    {
        var log = Log(10);
        switch (what)
        {
            case "changed": log[4] = log[4] with { Detail = "another" }; break;
            case "missing": log.RemoveAt(4); break;
            case "several missing": log.RemoveRange(4, 3); break;
            case "doubled": log.Insert(4, log[4]); break;
            case "inserted": log.Insert(5, Chained(log[3], log[4] with { Kind = "forged" })); break;
            case "inserted in front": log.Insert(4, Chained(log[3], log[4] with { Kind = "forged" })); break;
            case "repeated later": log.Insert(8, log[4]); break;
            case "swapped": (log[4], log[5]) = (log[5], log[4]); break;
            case "swapped contents": (log[4], log[5]) = (log[5] with { Sequence = 5 }, log[4] with { Sequence = 6 }); break;
            case "moved to the end": log.Add(log[4]); log.RemoveAt(4); break;
            case "replaced": log[4] = Chained(log[3], log[4] with { Detail = "another" }); break;
            case "replaced and swapped": (log[4], log[5]) = (log[5], Chained(log[3], log[4] with { Detail = "another" })); break;
            case "cut off": log.RemoveRange(7, 3); break;
            case "first missing": log.RemoveAt(0); break;
        }

        string.Join(", ", Findings(log)).Should().Be(expected);
    }

    [Fact]
    public void No_single_change_of_a_log_passes()
    {
        var original = Log(12);
        var head = Head(original);
        Prop.ForAll<int, int, int>((kind, from, to) =>
        {
            var log = original.ToList();
            var (a, b) = (Math.Abs(from % log.Count), Math.Abs(to % log.Count));
            switch (Math.Abs(kind % 5))
            {
                case 0: log.RemoveAt(a); break;
                case 1: log.Insert(a, log[b]); break;
                case 2: (log[a], log[b]) = (log[b], log[a]); break;
                case 3: log[a] = log[a] with { Kind = "x" }; break;
                case 4: log[a] = log[b] with { Sequence = log[a].Sequence }; break;
            }

            var isSame = log.SequenceEqual(original);
            (Findings(log, head).Count == 0).Should().Be(isSame);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_log_without_a_good_row_is_still_gone_through_in_time()
    {
        var log = Log(5_000).ConvertAll(row => row with { Hash = new string('0', 64) });

        var verification = new AuditVerification(true);
        log.ForEach(verification.Add);
        verification.Finish();

        verification.Count.Should().Be(5_000);
        verification.Findings.Should().HaveCount(AuditVerification.MostFindings);
    }

    private static List<AuditRecord> Log(int count)
    {
        var log = new List<AuditRecord>();
        for (var i = 1; i <= count; i++)
        {
            log.Add(Chained(log.LastOrDefault(), new AuditRecord { Sequence = i, At = $"2026-11-22T12:00:{i % 60:00}.000Z", Kind = $"happened.{i}", Previous = "", Hash = "" }));
        }

        return log;
    }

    private static AuditRecord Chained(AuditRecord? before, AuditRecord record)
    {
        var chained = record with { Previous = before?.Hash ?? new string('0', 64) };
        return chained with { Hash = Convert.ToHexStringLower(AuditChain.Hash(chained)) };
    }

    private static AuditHead Head(List<AuditRecord> log) => new() { Sequence = log[^1].Sequence, Hash = log[^1].Hash };

    private static IReadOnlyList<string> Findings(List<AuditRecord> log, AuditHead? head = null)
    {
        var verification = new AuditVerification(true, head ?? Head(Log(10)));
        log.ForEach(verification.Add);
        verification.Finish();
        return [.. verification.Findings.Select(finding => $"{finding.Reason} {finding.Sequence}")];
    }
}
