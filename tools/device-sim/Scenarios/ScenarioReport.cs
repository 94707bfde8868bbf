using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>What came of scenarios: a line for each while they run, and all of them as JSON and JUnit XML.</summary>
internal sealed record ScenarioReport(string Server, DateTimeOffset At, IReadOnlyList<ScenarioResult> Results)
{
    public int Missed => Results.Count(result => !result.AsExpected);

    /// <summary>One scenario as people read it.</summary>
    public static IEnumerable<string> Lines(ScenarioResult result)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture, $"{(result.AsExpected ? "ok    " : "MISSED")} {result.File.Name}: {result.Scenario.Name}  ({result.Scenario.Steps.Count} {(result.Scenario.Steps.Count == 1 ? "step" : "steps")}, {result.Duration.TotalMilliseconds:0} ms)");
        foreach (var difference in result.Differences)
        {
            yield return $"       {Place(result)}: {Said(result)}{difference}";
        }
    }

    public JsonObject ToJson() => new()
    {
        ["server"] = Server,
        ["at"] = At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ["asExpected"] = Results.Count - Missed,
        ["missed"] = Missed,
        ["scenarios"] = new JsonArray([.. Results.Select(result => (JsonNode)new JsonObject
        {
            ["file"] = result.File.Path,
            ["line"] = result.Scenario.Line,
            ["name"] = result.Scenario.Name,
            ["result"] = result.AsExpected ? "as expected" : "missed",
            ["seconds"] = Math.Round(result.Duration.TotalSeconds, 3),
            ["missed"] = result.AsExpected ? null : new JsonObject
            {
                ["line"] = result.Missed?.Line,
                ["step"] = result.Missed is { } step ? $"{step.Action.Word()} {step.Subject}" : null,
                ["differences"] = new JsonArray([.. result.Differences.Select(difference => (JsonNode)JsonValue.Create(difference))]),
            },
        })]),
    };

    /// <summary>As build servers read it: a suite for each file.</summary>
    public void WriteJUnit(TextWriter target)
    {
        using var writer = XmlWriter.Create(target, new XmlWriterSettings { Indent = true });
        writer.WriteStartElement("testsuites");
        writer.WriteAttributeString("name", "enrollment scenarios");
        foreach (var suite in Results.GroupBy(result => result.File.Path))
        {
            writer.WriteStartElement("testsuite");
            writer.WriteAttributeString("name", suite.First().File.Name);
            writer.WriteAttributeString("file", suite.Key);
            writer.WriteAttributeString("tests", Text(suite.Count()));
            writer.WriteAttributeString("failures", Text(suite.Count(result => !result.AsExpected)));
            writer.WriteAttributeString("time", Seconds(suite.Aggregate(TimeSpan.Zero, (sum, result) => sum + result.Duration)));
            foreach (var result in suite)
            {
                WriteCase(writer, result);
            }

            writer.WriteEndElement();
        }

        writer.WriteEndElement();
    }

    private static void WriteCase(XmlWriter writer, ScenarioResult result)
    {
        writer.WriteStartElement("testcase");
        writer.WriteAttributeString("classname", result.File.Name);
        writer.WriteAttributeString("name", result.Scenario.Name);
        writer.WriteAttributeString("time", Seconds(result.Duration));
        if (!result.AsExpected)
        {
            var text = string.Join('\n', result.Differences.Select(difference => $"{Place(result)}: {Said(result)}{difference}"));
            writer.WriteStartElement("failure");
            writer.WriteAttributeString("message", Printable(result.Differences[0]));
            writer.WriteString(Printable(text));
            writer.WriteEndElement();
        }

        writer.WriteEndElement();
    }

    private static string Place(ScenarioResult result) => $"{result.File.Path}:{result.Missed?.Line ?? result.Scenario.Line}";

    private static string Said(ScenarioResult result) => result.Missed is { } step ? $"{step.Action.Word()} {step.Subject}{(step.Fault is { } fault ? $" with {fault.Name}" : "")}: " : "";

    private static string Printable(string text) => string.Concat(text.Select(character => XmlConvert.IsXmlChar(character) ? character : '\uFFFD'));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture);
}
