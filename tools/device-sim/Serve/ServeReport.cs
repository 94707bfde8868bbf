using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using System.Xml;
using DeviceAcme.Simulator.Serve.Judging;

namespace DeviceAcme.Simulator.Serve;

/// <summary>Every rule with what was found, by section: for people, as JSON, as one HTML page and as JUnit XML.</summary>
/// <param name="Server">URL of the test server.</param>
/// <param name="At">When it was judged.</param>
/// <param name="Clients">User-Agents that were seen.</param>
/// <param name="Exchanges">What was judged.</param>
/// <param name="Forgotten">Exchanges that were too old to be kept.</param>
/// <param name="Results">One for each rule.</param>
internal sealed record ServeReport(string Server, DateTimeOffset At, IReadOnlyList<string> Clients, IReadOnlyList<Recorded> Exchanges, int Forgotten, IReadOnlyList<Judged> Results)
{
    private const int MostClients = 20;

    // the page is UTF-8: only what would be markup is written otherwise
    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}
        h1{font-size:1.5rem}h2{font-size:1.05rem;margin-top:1.8rem}summary{cursor:pointer;padding:.15rem 0}
        pre{overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere;background:#f6f8fa;padding:.6rem;font-size:.85em}a{color:inherit}
        .pass{color:#116329}.fail{color:#a40e26;font-weight:600}.unseen{color:#6e7781}.level{font-size:.8em;color:#6e7781}
        @media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}.pass{color:#3fb950}.fail{color:#ff7b72}}
        """;

    public static ServeReport Of(string server, Transcript transcript, string? client, bool settled, DateTimeOffset now)
    {
        var exchanges = transcript.All(client);
        return new ServeReport(
            server, now, [.. exchanges.Select(exchange => exchange.Header("User-Agent")).OfType<string>().Distinct().Take(MostClients)], exchanges, transcript.Forgotten,
            RuleTable.Judge(new Story(exchanges, settled, now)));
    }

    public IEnumerable<(string Section, IReadOnlyList<Judged> Results)> Sections => Results.GroupBy(result => result.Rule.Section)
        .OrderBy(group => string.Concat(group.Key.Split(' ', '.', '§').Select(part => part.All(char.IsAsciiDigit) ? part.PadLeft(6, '0') : part + " ")), StringComparer.Ordinal)
        .Select(group => (group.Key, (IReadOnlyList<Judged>)[.. group]));

    public int Count(Mark mark) => Results.Count(result => result.Mark == mark);

    /// <summary>Whether something failed that counts for the exit code: a MUST, and where it is strict a SHOULD.</summary>
    public bool Fails(bool strict) => Results.Any(result => result.Mark == Mark.Fail && (result.Rule.Level == Level.Must || (strict && result.Rule.Level == Level.Should)));

    public IEnumerable<string> Lines()
    {
        foreach (var (section, results) in Sections.Where(section => section.Results.Any(result => result.Mark != Mark.NotSeen)))
        {
            yield return section;
            foreach (var result in results.Where(result => result.Mark != Mark.NotSeen))
            {
                yield return $"  {Word(result.Mark),-4} {Word(result.Rule.Level),-6} {result.Rule.Name,-30} {(result.Mark == Mark.Pass ? result.Rule.Sentence : Said(result))}";
            }
        }
    }

    public JsonObject ToJson() => new()
    {
        ["server"] = Server,
        ["at"] = Text(At),
        ["clients"] = new JsonArray([.. Clients.Select(client => (JsonNode)client)]),
        ["exchanges"] = Exchanges.Count,
        ["forgotten"] = Forgotten,
        ["pass"] = Count(Mark.Pass),
        ["fail"] = Count(Mark.Fail),
        ["notSeen"] = Count(Mark.NotSeen),
        ["rules"] = new JsonArray([.. Sections.SelectMany(section => section.Results).Select(result => (JsonNode)new JsonObject
        {
            ["name"] = result.Rule.Name,
            ["section"] = result.Rule.Section,
            ["level"] = Word(result.Rule.Level),
            ["sentence"] = result.Rule.Sentence,
            ["result"] = Word(result.Mark),
            ["kept"] = result.Kept,
            ["proof"] = Numbers(result.Proof),
            ["broken"] = result.BrokenCount,
            ["findings"] = new JsonArray([.. result.Broken.Select(finding => (JsonNode)new JsonObject { ["what"] = finding.Words, ["exchanges"] = Numbers(finding.Exchanges) })]),
        })]),
    };

    /// <summary>As build servers read it; an advice that was not taken is no failure there.</summary>
    public void WriteJUnit(TextWriter target)
    {
        using var writer = XmlWriter.Create(target, new XmlWriterSettings { Indent = true });
        writer.WriteStartElement("testsuites");
        writer.WriteAttributeString("name", $"ACME client at {Server}");
        foreach (var (section, results) in Sections)
        {
            writer.WriteStartElement("testsuite");
            writer.WriteAttributeString("name", section);
            writer.WriteAttributeString("tests", Text(results.Count));
            writer.WriteAttributeString("failures", Text(results.Count(IsFailure)));
            writer.WriteAttributeString("skipped", Text(results.Count(result => result.Mark == Mark.NotSeen)));
            foreach (var result in results)
            {
                writer.WriteStartElement("testcase");
                writer.WriteAttributeString("classname", section);
                writer.WriteAttributeString("name", result.Rule.Name);
                if (IsFailure(result) || result.Mark == Mark.NotSeen)
                {
                    writer.WriteStartElement(result.Mark == Mark.NotSeen ? "skipped" : "failure");
                    writer.WriteAttributeString("message", Printable(result.Mark == Mark.NotSeen ? "not seen" : Said(result)));
                    writer.WriteEndElement();
                }
                else if (result.Mark == Mark.Fail)
                {
                    writer.WriteElementString("system-out", Printable("advice: " + Said(result)));
                }

                writer.WriteEndElement();
            }

            writer.WriteEndElement();
        }

        writer.WriteEndElement();
    }

    public string ToHtml()
    {
        var page = new StringBuilder("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>ACME client</title><style>")
            .Append(Style).Append("</style></head><body>\n<h1>").Append(Count(Mark.Pass)).Append(" pass, ").Append(Count(Mark.Fail)).Append(" fail, ").Append(Count(Mark.NotSeen)).Append(" not seen</h1>\n<p>")
            .Append(Escaped($"{Exchanges.Count} exchanges at {Server}, judged {At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z; {string.Join(", ", Clients.DefaultIfEmpty("no client"))}")).Append("</p>\n");
        if (Forgotten > 0)
        {
            page.Append("<p>").Append(Forgotten).Append(" older exchanges are not kept any more, so a rule may miss what it needs.</p>\n");
        }

        var numbers = Exchanges.ToDictionary(exchange => exchange.Number);
        foreach (var (section, results) in Sections)
        {
            page.Append("<h2>").Append(Escaped(section)).Append("</h2>\n");
            foreach (var result in results)
            {
                page.Append("<details").Append(result.Mark == Mark.Fail ? " open" : "").Append("><summary><span class=\"").Append(result.Mark == Mark.NotSeen ? "unseen" : Word(result.Mark)).Append("\">").Append(Word(result.Mark))
                    .Append("</span> <b>").Append(Escaped(result.Rule.Name)).Append("</b> <span class=\"level\">").Append(Word(result.Rule.Level)).Append("</span> ").Append(Escaped(result.Rule.Sentence)).Append("</summary>");
                foreach (var finding in result.Broken)
                {
                    page.Append("<p>").Append(Escaped(finding.Words)).Append(Links(finding.Exchanges)).Append("</p>");
                }

                page.Append(result.Kept > 0 ? $"<p>kept {Text(result.Kept)} times{Links(result.Proof)}</p>" : "").Append("</details>\n");
            }
        }

        page.Append("<h2>Exchanges that the rules name</h2>\n");
        foreach (var number in Results.SelectMany(result => result.Broken.SelectMany(finding => finding.Exchanges).Concat(result.Proof)).Distinct().Order().Where(numbers.ContainsKey))
        {
            page.Append("<details id=\"e").Append(number).Append("\"><summary>").Append(Escaped(TranscriptText.Line(numbers[number]))).Append("</summary><pre>").Append(Escaped(TranscriptText.Whole(numbers[number]))).Append("</pre></details>\n");
        }

        return page.Append("</body></html>\n").ToString();
    }

    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "report.json"), ToJson().ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }) + "\n");
        File.WriteAllText(Path.Combine(folder, "report.html"), ToHtml());
        using var xml = new StreamWriter(Path.Combine(folder, "report.xml"));
        WriteJUnit(xml);
    }

    private static bool IsFailure(Judged result) => result.Mark == Mark.Fail && result.Rule.Level != Level.Advice;

    private static string Said(Judged result) =>
        result.Mark == Mark.NotSeen ? "not seen" : $"{result.BrokenCount} times not: {result.Rule.Sentence}. {result.Broken[0].Words} ({string.Join(", ", result.Broken[0].Exchanges.Select(number => "#" + Text(number)))})";

    private static string Links(IReadOnlyList<int> numbers) => numbers.Count == 0 ? "" : " (" + string.Join(", ", numbers.Distinct().Select(number => $"<a href=\"#e{Text(number)}\">#{Text(number)}</a>")) + ")";

    private static JsonArray Numbers(IReadOnlyList<int> numbers) => new([.. numbers.Distinct().Select(number => (JsonNode)number)]);

    public static string Word(Mark mark) => mark switch
    {
        Mark.Pass => "pass",
        Mark.Fail => "fail",
        _ => "not seen",
    };

    public static string Word(Level level) => level switch
    {
        Level.Must => "must",
        Level.Should => "should",
        _ => "advice",
    };

    // what clients send may hold anything, and XML has no place for most control characters
    private static string Printable(string text) => string.Concat(text.Select(character => XmlConvert.IsXmlChar(character) ? character : '\uFFFD'));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Escaped(string text) => Html.Encode(text);
}

/// <summary>An exchange for people and for machines.</summary>
internal static class TranscriptText
{
    public static string Line(Recorded exchange) => string.Create(
        CultureInfo.InvariantCulture,
        $"#{exchange.Number} {exchange.At.UtcDateTime:HH:mm:ss.fff} {exchange.Method} {exchange.Resource} {exchange.Status}{(exchange.Problem is { } problem ? " " + problem : "")}{(exchange.Chaos.Count > 0 ? $" [{string.Join(", ", exchange.Chaos)}]" : "")}");

    public static string Whole(Recorded exchange)
    {
        var text = new StringBuilder().Append("> ").Append(exchange.Method).Append(' ').AppendLine(exchange.Url);
        foreach (var (name, value) in exchange.Headers)
        {
            text.Append("> ").Append(name).Append(": ").AppendLine(value);
        }

        if (exchange.Jws is { Header: { } header } jws)
        {
            text.Append("> protected ").AppendLine(header.ToJsonString()).Append("> payload   ").AppendLine(jws.Content?.ToJsonString() ?? jws.PayloadText);
        }
        else if (exchange.Body.Length > 0)
        {
            text.AppendLine(exchange.Body);
        }

        text.Append("< ").Append(exchange.Status).AppendLine();
        foreach (var (name, value) in exchange.AnswerHeaders)
        {
            text.Append("< ").Append(name).Append(": ").AppendLine(value);
        }

        return text.Append(exchange.AnswerBody).ToString();
    }

    public static JsonObject Json(Recorded exchange) => new()
    {
        ["number"] = exchange.Number,
        ["at"] = exchange.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        ["milliseconds"] = Math.Round(exchange.Took.TotalMilliseconds, 1),
        ["method"] = exchange.Method,
        ["url"] = exchange.Url,
        ["resource"] = exchange.Resource.ToString(),
        ["profile"] = exchange.Profile,
        ["tls"] = exchange.Tls,
        ["serverName"] = exchange.ServerName,
        ["headers"] = Headers(exchange.Headers),
        ["protected"] = exchange.Jws?.Header?.DeepClone(),
        ["payload"] = exchange.Jws?.Content?.DeepClone() ?? (JsonNode?)exchange.Jws?.PayloadText,
        ["body"] = exchange.Jws?.Header is null ? exchange.Body : null,
        ["status"] = exchange.Status,
        ["answerHeaders"] = Headers(exchange.AnswerHeaders),
        ["answer"] = exchange.Answer?.DeepClone() ?? exchange.AnswerBody,
        ["chaos"] = new JsonArray([.. exchange.Chaos.Select(word => (JsonNode)word)]),
    };

    private static JsonArray Headers(IReadOnlyList<KeyValuePair<string, string>> headers) => new([.. headers.Select(pair => (JsonNode)$"{pair.Key}: {pair.Value}")]);
}
