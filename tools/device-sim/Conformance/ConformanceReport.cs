using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Conformance;

/// <summary>The results by section, as text, JSON, JUnit XML and one HTML page.</summary>
internal sealed record ConformanceReport(IReadOnlyList<string> Directories, DateTimeOffset At, IReadOnlyList<ConformanceResult> Results)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}h2{font-size:1.1rem;margin:2rem 0 .3rem}
        details{border-bottom:1px solid #d8dee4;padding:.2rem 0}summary{cursor:pointer}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f8fa;padding:.6rem;font-size:.85em}
        .pass{color:#116329}.fail{color:#a40e26;font-weight:600}.na{color:#6e7781}
        @media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}.pass{color:#3fb950}.fail{color:#ff7b72}}
        """;

    public int Count(Mark mark) => Results.Count(result => result.Mark == mark);

    /// <summary>Figures, in words.</summary>
    public string Summary => $"{Count(Mark.Pass)} pass, {Count(Mark.Fail)} fail, {Count(Mark.NotApplicable)} not applicable";

    /// <summary>By document and section; numbers of sections in their order.</summary>
    public static IReadOnlyList<(string Section, IReadOnlyList<T> Rows)> BySection<T>(IEnumerable<T> rows, Func<T, Fault> rowOf) =>
        [.. rows.GroupBy(row => rowOf(row).Section).OrderBy(group => Order(group.Key), StringComparer.Ordinal).Select(group => (group.Key, (IReadOnlyList<T>)[.. group]))];

    /// <param name="shown">Cases whose requests and answers are wanted too, or <c>all</c>.</param>
    public IEnumerable<string> Lines(IReadOnlyCollection<string> shown)
    {
        foreach (var (section, results) in Sections)
        {
            yield return $"{section}: {results.Count(result => result.Mark == Mark.Pass)} of {results.Count(result => result.Mark != Mark.NotApplicable)} pass";
            foreach (var result in results)
            {
                yield return $"  {Word(result.Mark),-4} {result.Row.Name,-38} {(result.Mark == Mark.Pass ? result.Row.Description : result.Found)}";
                foreach (var line in shown.Contains("all") || shown.Contains(result.Row.Name) ? ExchangesOf(result) : [])
                {
                    yield return "       " + line;
                }
            }
        }
    }

    /// <summary>All requests and answers, case by case.</summary>
    public IEnumerable<string> Transcript() => Results.Where(result => result.Exchanges.Count > 0)
        .SelectMany(result => ExchangesOf(result).Prepend($"=== {Word(result.Mark)} {result.Row.Name} ({result.Kind}): {result.Row.Section}, {result.Row.Description}"));

    public string ToJson() => new JsonObject
    {
        ["directories"] = new JsonArray([.. Directories.Select(directory => (JsonNode)directory)]),
        ["kinds"] = new JsonArray([.. Kinds.Select(kind => (JsonNode)kind)]),
        ["at"] = At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ["pass"] = Count(Mark.Pass),
        ["fail"] = Count(Mark.Fail),
        ["notApplicable"] = Count(Mark.NotApplicable),
        ["results"] = new JsonArray([.. Results.Select(result => (JsonNode)new JsonObject
        {
            ["name"] = result.Row.Name,
            ["section"] = result.Row.Section,
            ["kind"] = result.Kind,
            ["description"] = result.Row.Description,
            ["result"] = Word(result.Mark),
            ["found"] = result.Found,
        })]),
    }.ToJsonString(Indented);

    /// <summary>As build servers read it.</summary>
    public void WriteJUnit(TextWriter target)
    {
        using var writer = XmlWriter.Create(target, new XmlWriterSettings { Indent = true });
        writer.WriteStartElement("testsuites");
        writer.WriteAttributeString("name", $"ACME conformance of {string.Join(", ", Directories)}");
        foreach (var (section, results) in Sections)
        {
            writer.WriteStartElement("testsuite");
            writer.WriteAttributeString("name", section);
            writer.WriteAttributeString("tests", Text(results.Count));
            writer.WriteAttributeString("failures", Text(results.Count(result => result.Mark == Mark.Fail)));
            writer.WriteAttributeString("skipped", Text(results.Count(result => result.Mark == Mark.NotApplicable)));
            foreach (var result in results)
            {
                WriteCase(writer, section, result);
            }

            writer.WriteEndElement();
        }

        writer.WriteEndElement();
    }

    public string ToHtml()
    {
        var page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>ACME conformance</title><style>")
            .Append(Style).Append("</style></head><body>\n<h1>").Append(Count(Mark.Pass)).Append(" pass, ").Append(Count(Mark.Fail)).Append(" fail, ").Append(Count(Mark.NotApplicable)).Append(" not applicable</h1>\n<p>")
            .Append(Escaped($"{string.Join(", ", Directories)}, with {string.Join(", ", Kinds)}, {At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z")).Append("</p>\n");
        foreach (var (section, results) in Sections)
        {
            page.Append("<h2>").Append(Escaped(section)).Append("</h2>\n");
            foreach (var result in results)
            {
                page.Append("<details><summary><span class=\"").Append(Word(result.Mark)).Append("\">").Append(Word(result.Mark)).Append("</span> <b>").Append(Escaped(result.Row.Name)).Append("</b> ")
                    .Append(Escaped(result.Row.Description)).Append("</summary><p>").Append(Escaped($"expected {result.Row.Expected}; {result.Found}")).Append("</p><pre>")
                    .AppendJoin('\n', result.Exchanges.Select(exchange => Escaped(exchange.ToString()))).Append("</pre></details>\n");
            }
        }

        return page.Append("</body></html>\n").ToString();
    }

    private IReadOnlyList<(string Section, IReadOnlyList<ConformanceResult> Results)> Sections => BySection(Results, result => result.Row);

    private IEnumerable<string> Kinds => Results.Where(result => result.Mark != Mark.NotApplicable).Select(result => result.Kind).Distinct();

    private static IEnumerable<string> ExchangesOf(ConformanceResult result) => result.Exchanges.SelectMany(exchange => exchange.ToString().TrimEnd().Split('\n'));

    private static void WriteCase(XmlWriter writer, string section, ConformanceResult result)
    {
        writer.WriteStartElement("testcase");
        writer.WriteAttributeString("classname", section);
        writer.WriteAttributeString("name", result.Row.Name);
        writer.WriteAttributeString("time", result.Duration.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture));
        if (result.Mark != Mark.Pass)
        {
            writer.WriteStartElement(result.Mark == Mark.Fail ? "failure" : "skipped");
            writer.WriteAttributeString("message", Printable(result.Found));
            writer.WriteEndElement();
        }

        if (result.Mark == Mark.Fail)
        {
            writer.WriteElementString("system-out", Printable(string.Join('\n', result.Exchanges)));
        }

        writer.WriteEndElement();
    }

    // XML has no place for most control characters, and faults are full of them
    private static string Printable(string text) => string.Concat(text.Select(character => XmlConvert.IsXmlChar(character) ? character : '\uFFFD'));

    // "RFC 8555 §7.4.1" after "§7.4" and before "§11": numbers filled up with zeros
    private static string Order(string section) => string.Concat(section.Split(' ', '.', '§').Select(part => part.All(char.IsAsciiDigit) ? part.PadLeft(6, '0') : part + " "));

    private static string Word(Mark mark) => mark switch
    {
        Mark.Pass => "pass",
        Mark.Fail => "fail",
        _ => "na",
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Escaped(string text) => WebUtility.HtmlEncode(text);
}
