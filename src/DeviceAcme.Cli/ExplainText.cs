using System.Globalization;
using System.Text;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>How an explanation is printed for people.</summary>
internal static class ExplainText
{
    private const int ShownHash = 12;

    public static string Of(OrderExplanation explanation)
    {
        var text = new StringBuilder();
        if (explanation.Order is { } order)
        {
            Line(text, "order", $"{order.Id}  {order.Status}");
        }

        Line(text, "summary", explanation.Summary);
        if (explanation.Order is { } of)
        {
            Line(text, "profile", $"{of.Profile}, version {of.ProfileHash[..Math.Min(ShownHash, of.ProfileHash.Length)]}{(of.ProfileInForce ? "" : ", not the one in force now")}");
            Line(text, "ordered", string.Join(", ", of.Identifiers));
            Line(text, "made", $"{Time(of.CreatedAt)}, ends {Time(of.Expires)}");
            Line(text, "account", of.AccountId);
            if (of.CertificateId is { } certificate)
            {
                Line(text, "certificate", certificate);
            }
        }

        foreach (var step in explanation.Steps)
        {
            text.AppendLine();
            Append(text, step);
        }

        Section(text, "would help", explanation.Help.Select(help => $"  {Visible(help)}"));
        Section(text, "history", explanation.History.Select(entry => $"  {Time(entry.At)}  {entry.Kind,-26} {Visible(Said(entry))}".TrimEnd()));
        return text.ToString();
    }

    /// <summary>One decision with its checks and facts.</summary>
    public static void Append(StringBuilder text, ExplainedStep step)
    {
        var subject = step.Identifier is { } identifier ? $" for {identifier}" : "";
        Line(text, step.Step, $"{step.ChallengeType ?? ""}{subject}".Trim() is { Length: > 0 } title ? $"{title}  {step.Outcome}" : step.Outcome);
        string?[] details =
        [
            step.At is { } at ? Time(at) : null,
            step.Reason is { } reason ? $"reason {reason}{(step.Class is { } faultClass ? $" (class {faultClass})" : "")}" : null,
            step.Format is { } format ? $"format {format}" : null,
            step.EvidenceId is { } evidence ? $"evidence {evidence}" : null,
        ];
        if (string.Join(", ", details.Where(detail => detail is not null)) is { Length: > 0 } joined)
        {
            Line(text, "", joined);
        }

        if (step.Note is { } note)
        {
            Line(text, "", note);
        }

        var width = step.Checks.Select(check => check.Name.Length).DefaultIfEmpty(0).Max();
        foreach (var check in step.Checks)
        {
            text.AppendLine($"  {Mark(check.Outcome)}  {check.Name.PadRight(width)}  {Visible(check.Found ?? "")}".TrimEnd());
            if (check.Outcome == "failed")
            {
                var indent = new string(' ', 2 + Mark("").Length + 2 + width + 2);
                text.AppendLine(CultureInfo.InvariantCulture, $"{indent}must hold: {Visible(check.Rule)}");
                text.AppendLine(CultureInfo.InvariantCulture, $"{indent}reason:    {check.Reason}{(check.Class is { } failure ? $" (class {failure})" : "")}");
                if (check.Advice is { } advice)
                {
                    text.AppendLine(CultureInfo.InvariantCulture, $"{indent}would help: {Visible(advice)}");
                }
            }
        }

        if (step.Facts is { Count: > 0 } facts)
        {
            var names = facts.Max(fact => fact.Name.Length);
            text.AppendLine("  facts");
            foreach (var fact in facts)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"    {fact.Name.PadRight(names)}  {(fact.Value is null ? "(blank)" : Visible(fact.Value))}{(fact.Proven ? "" : "  (not proven)")}");
            }
        }
    }

    /// <summary>A line with its name in the first column.</summary>
    public static void Line(StringBuilder text, string name, string value) => text.AppendLine($"{name,-12} {Visible(value)}".TrimEnd());

    public static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    // a terminal obeys what it is shown; what devices sent must not reach it as it is
    public static string Visible(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter));

    private static string Said(HistoryEntry entry) => string.Join("  ", new[] { entry.Reason, entry.Detail }.Where(part => part is not null));

    private static string Mark(string outcome) => outcome switch
    {
        "passed" => "passed     ",
        "failed" => "FAILED     ",
        _ => "not reached",
    };

    private static void Section(StringBuilder text, string title, IEnumerable<string> lines)
    {
        var all = lines.ToList();
        if (all.Count > 0)
        {
            text.AppendLine().AppendLine(title);
            all.ForEach(line => text.AppendLine(line));
        }
    }
}
