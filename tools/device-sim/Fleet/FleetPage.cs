using System.Globalization;
using System.Net;
using System.Text;

namespace DeviceAcme.Simulator.Fleet;

/// <summary>The report as one page that needs nothing else: no script, no style sheet, no font, no network.</summary>
internal static class FleetPage
{
    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
        h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
        th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #d8dee4;vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
        .tiles{display:flex;flex-wrap:wrap;gap:.8rem}.tile{border:1px solid #d8dee4;border-radius:.5rem;padding:.6rem 1rem;min-width:7rem}.tile b{display:block;font-size:1.4rem}
        .good{color:#116329}.bad{color:#a40e26}svg{width:100%;height:auto}code{font-size:.9em;overflow-wrap:anywhere}
        @media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th,td,.tile{border-color:#30363d}.good{color:#3fb950}.bad{color:#ff7b72}}
        """;

    public static string Write(FleetReport report)
    {
        var statistics = report.Statistics;
        var page = new StringBuilder();
        page.Append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Fleet of ")
            .Append(report.Devices).Append("</title><style>").Append(Style).Append("</style></head><body>\n");
        page.Append("<h1>Fleet of ").Append(report.Devices).Append(" devices: <span class=\"").Append(report.AsExpected ? "good\">as expected" : "bad\">not as expected").Append("</span></h1>\n<p>")
            .Append(Text($"{report.Mix} at {report.Server}, {report.Concurrency} at a time, {report.Started.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z, {report.Duration.TotalSeconds:0.0} s")).Append("</p>\n<div class=\"tiles\">");
        Tile(page, "enrolled", statistics.Enrolled);
        Tile(page, "renewed", statistics.Renewed);
        Tile(page, "revoked", statistics.Revoked);
        Tile(page, "faults as expected", statistics.FaultsMet);
        Tile(page, "missed", statistics.FaultsMissed + statistics.Failed, statistics.FaultsMissed + statistics.Failed > 0);
        Tile(page, "certificates a second", Number(report.PerSecond, "0.0"));
        page.Append("</div>\n");
        var timeline = statistics.Timeline();
        Chart(page, "Certificates a second", timeline, ("certificates", "#0969da", [.. timeline.Select(second => (double)second.Enrolled)]), ("missed", "#a40e26", [.. timeline.Select(second => (double)second.Failed)]));
        Chart(page, "Time of an enrollment, milliseconds", timeline, ("p50", "#0969da", [.. timeline.Select(second => second.Latency.P50)]), ("p95", "#bf8700", [.. timeline.Select(second => second.Latency.P95)]));
        Latencies(page, statistics);
        Table(page, "Failures", ["what", "count", "example"], statistics.FailuresByReason().Select(failure => new[] { failure.What, Number(failure.Count, "0"), failure.Example }), 1);
        Table(page, "Missed", ["first ones"], statistics.Missed().Select(missed => new[] { missed }), -1);
        page.Append("<p>").Append(Text($"The simulator used {Number(report.ProcessorMilliseconds, "0.00")} ms of processor time for an enrollment and at most {Number(report.PeakMegabytes, "0")} MB of memory.")).Append("</p>\n</body></html>\n");
        return page.ToString();
    }

    private static void Tile(StringBuilder page, string name, int value, bool bad = false) => Tile(page, name, value.ToString(CultureInfo.InvariantCulture), bad);

    private static void Tile(StringBuilder page, string name, string value, bool bad = false) =>
        page.Append("<div class=\"tile\"><b").Append(bad ? " class=\"bad\">" : ">").Append(Text(value)).Append("</b>").Append(Text(name)).Append("</div>");

    private static void Latencies(StringBuilder page, FleetStatistics statistics) => Table(
        page, "Milliseconds", ["step", "count", "p50", "p95", "p99", "longest"],
        statistics.Steps().OrderBy(step => step.Step, StringComparer.Ordinal).Prepend(("enrollment", statistics.Latency()))
            .Select(step => new[] { step.Item1, Number(step.Item2.Count, "0"), Number(step.Item2.P50, "0.0"), Number(step.Item2.P95, "0.0"), Number(step.Item2.P99, "0.0"), Number(step.Item2.Longest, "0.0") }), 1);

    // columns from the given one on are numbers; -1: none
    private static void Table(StringBuilder page, string title, string[] heads, IEnumerable<string[]> rows, int numbersFrom)
    {
        var list = rows.ToList();
        if (list.Count == 0)
        {
            return;
        }

        page.Append("<h2>").Append(Text(title)).Append("</h2>\n<table><tr>");
        foreach (var (index, head) in heads.Index())
        {
            page.Append(Cell("th", IsNumber(index))).Append(Text(head)).Append("</th>");
        }

        page.Append("</tr>\n");
        foreach (var row in list)
        {
            page.Append("<tr>");
            foreach (var (index, cell) in row.Index())
            {
                page.Append(Cell("td", IsNumber(index))).Append(Text(cell)).Append("</td>");
            }

            page.Append("</tr>\n");
        }

        page.Append("</table>\n");

        bool IsNumber(int index) => numbersFrom >= 0 && index >= numbersFrom && (title != "Failures" || index == 1);
    }

    private static string Cell(string element, bool number) => number ? $"<{element} class=\"n\">" : $"<{element}>";

    private static void Chart(StringBuilder page, string title, IReadOnlyList<Second> timeline, params (string Name, string Colour, double[] Values)[] lines)
    {
        const int Width = 800, Height = 220, Left = 50, Bottom = 25, Top = 10;
        if (timeline.Count == 0)
        {
            return;
        }

        var highest = Math.Max(1, lines.Max(line => line.Values.Max()));
        page.Append("<h2>").Append(Text(title)).Append("</h2>\n<svg viewBox=\"0 0 ").Append(Width).Append(' ').Append(Height).Append("\" role=\"img\" aria-label=\"").Append(Text(title)).Append("\" font-size=\"11\" fill=\"currentColor\">");
        foreach (var share in new[] { 0, 0.5, 1 })
        {
            var y = Y(highest * share);
            page.Append("<line x1=\"").Append(Left).Append("\" x2=\"").Append(Width).Append("\" y1=\"").Append(y).Append("\" y2=\"").Append(y).Append("\" stroke=\"currentColor\" opacity=\".15\"/><text x=\"")
                .Append(Left - 6).Append("\" y=\"").Append(y).Append("\" text-anchor=\"end\" dominant-baseline=\"middle\">").Append(Number(highest * share, "0")).Append("</text>");
        }

        page.Append("<text x=\"").Append(Left).Append("\" y=\"").Append(Height - 6).Append("\">0 s</text><text x=\"").Append(Width).Append("\" y=\"").Append(Height - 6).Append("\" text-anchor=\"end\">")
            .Append(timeline.Count).Append(" s</text>");
        foreach (var (index, line) in lines.Index())
        {
            page.Append("<polyline fill=\"none\" stroke-width=\"2\" stroke=\"").Append(line.Colour).Append("\" points=\"")
                .AppendJoin(' ', line.Values.Select((value, second) => $"{X(second)},{Y(value)}")).Append("\"/><text x=\"").Append(Left + 10 + (index * 110)).Append("\" y=\"").Append(Top + 8).Append("\" fill=\"")
                .Append(line.Colour).Append("\">").Append(Text(line.Name)).Append("</text>");
        }

        page.Append("</svg>\n");

        string X(int second) => Number(Left + ((Width - Left) * (timeline.Count == 1 ? 0.5 : second / (double)(timeline.Count - 1))), "0.0");

        string Y(double value) => Number(Top + ((Height - Top - Bottom) * (1 - (value / highest))), "0.0");
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
