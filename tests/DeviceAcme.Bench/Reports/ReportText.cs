using System.Text;
using DeviceAcme.Bench.Floors;

namespace DeviceAcme.Bench.Reports;

/// <summary>The report as tables; docs/benchmarks.md says what each line means.</summary>
internal static class ReportText
{
    public static string Write(BenchReport report)
    {
        var text = new StringBuilder();
        text.AppendLine($"{report.At:yyyy-MM-dd HH:mm} UTC · {report.Machine}");
        if (report.Server is { } server)
        {
            text.AppendLine($"data on {server.FileSystem} · {report.EnrollmentsPerLoad} enrollments per line, after a warm-up of {report.WarmUp} of each kind");
        }

        text.AppendLine();
        Loads(report, text);
        Floors(report, text);
        Comparison(report.Verifications, "AttestationVerifier.Verify beside its own signature checks", "evidence", "signatures µs", text);
        Comparison(report.Audit, "the audit chain beside the durable commits that it is written in", "chain", "commits µs", text);
        Syncs(report, text);
        Aims(report, text);
        return text.ToString();
    }

    private static void Loads(BenchReport report, StringBuilder text)
    {
        if (report.Loads.Count == 0)
        {
            return;
        }

        var table = new Table("enrollments", "kind", "clients", "done", "errors", "per second", "p50 ms", "p99 ms", "server CPU ms", "client CPU ms", "exchanges");
        foreach (var load in report.Loads)
        {
            table.Add(
                load.Kind, load.Clients, load.Enrollments, load.Errors, load.PerSecond, load.P50Milliseconds, load.P99Milliseconds, load.ServerMilliseconds, load.ClientMilliseconds,
                load.Exchanges);
        }

        text.Append(table);
    }

    private static void Floors(BenchReport report, StringBuilder text)
    {
        foreach (var floor in report.Floors)
        {
            foreach (var group in floor.Groups)
            {
                var table = new Table($"one {floor.Kind} enrollment: {group.Name}", "", "count", "µs each", "µs");
                foreach (var cost in group.Costs)
                {
                    table.Add(cost.Name, cost.Count, cost.Microseconds, cost.Total);
                }

                table.Add("sum", "", "", group.Microseconds);
                text.Append(table);
            }

            if (report.ComparedLoad(floor) is { } load)
            {
                var used = load.ServerMilliseconds * 1000;
                var table = new Table($"one {floor.Kind} enrollment: server CPU beside the floor", "", "µs", "times the floor");
                foreach (var group in floor.Groups)
                {
                    table.Add(group.Name, group.Microseconds, group.Microseconds / floor.Microseconds);
                }

                table.Add("floor", floor.Microseconds, 1.0);
                table.Add($"server CPU, {load.Clients} clients", used, used / floor.Microseconds);
                text.Append(table);
            }
        }
    }

    private static void Comparison(IReadOnlyList<VerifyResult> results, string title, string what, string beside, StringBuilder text)
    {
        if (results.Count == 0)
        {
            return;
        }

        var table = new Table(title, what, "µs", beside, "ratio");
        foreach (var result in results)
        {
            table.Add(result.Name, result.Microseconds, result.SignatureMicroseconds, result.Ratio);
            foreach (var signature in result.Signatures)
            {
                table.Add($"  {signature.Name}", "", signature.Microseconds, "");
            }
        }

        text.Append(table);
    }

    private static void Syncs(BenchReport report, StringBuilder text)
    {
        if (report.Syncs.Count == 0)
        {
            return;
        }

        var table = new Table("syncs of the server, counted by strace in a run of its own", "kind", "clients", "enrollments", "syncs", "per enrollment");
        foreach (var result in report.Syncs)
        {
            table.Add(result.Kind, result.Clients, result.Enrollments, result.Syncs, result.PerEnrollment);
        }

        text.Append(table);
    }

    private static void Aims(BenchReport report, StringBuilder text)
    {
        var aims = report.Aims().ToList();
        if (aims.Count == 0)
        {
            return;
        }

        var table = new Table("targets", "", "measured", "target", "", "");
        foreach (var aim in aims)
        {
            table.Add(aim.What, aim.Measured, aim.Target, aim.Unit, aim.Met switch { true => "met", false => "missed", null => "" });
        }

        text.Append(table);
    }
}
