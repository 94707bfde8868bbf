using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DeviceAcme.Attestation;
using DeviceAcme.Attestation.Offline;

namespace DeviceAcme.Cli.Verify;

/// <summary>Verdicts for people and for machines.</summary>
internal static class VerdictOutput
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One object for one piece of evidence, an array for several.</summary>
    public static string Json(IReadOnlyList<OfflineAnswer> answers)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            if (answers.Count == 1)
            {
                Write(writer, answers[0]);
            }
            else
            {
                writer.WriteStartArray();
                foreach (var answer in answers)
                {
                    Write(writer, answer);
                }

                writer.WriteEndArray();
            }
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static string Text(IReadOnlyList<OfflineAnswer> answers)
    {
        var text = new StringBuilder();
        foreach (var answer in answers)
        {
            var verdict = answer.Verdict;
            text.Append(text.Length == 0 ? "" : Environment.NewLine).Append(string.Join(", ", answer.Files)).Append(": ").Append(Name(verdict.Outcome))
                .Append(verdict.Reason is { } reason ? $" ({reason.Code})" : "").Append(", ").Append(answer.Kind)
                .AppendLine(verdict.Format.Length > 0 ? $" '{verdict.Format}'" : "");
            var width = verdict.Checks.Max(check => check.Name.Length);
            foreach (var check in verdict.Checks)
            {
                text.AppendLine($"  {check.Name.PadRight(width)}  {Name(check.Outcome),-11}  {check.Found}".TrimEnd());
                if (check.Outcome == CheckOutcome.Failed)
                {
                    text.AppendLine($"  {"".PadRight(width)}  {"",-11}  {check.Reason?.Code}: {check.Advice}");
                }
            }

            var facts = verdict.Facts.All.ToList();
            width = facts.Count == 0 ? 0 : facts.Max(fact => fact.Name.Length);
            foreach (var fact in facts)
            {
                text.AppendLine($"  {fact.Name.PadRight(width)}  {(fact.Value is FactValue.Blank ? "(blank)" : fact.Value)}{(fact.Proven ? "" : "  (not proven)")}");
            }
        }

        return text.ToString();
    }

    private static void Write(Utf8JsonWriter writer, OfflineAnswer answer)
    {
        var verdict = answer.Verdict;
        writer.WriteStartObject();
        writer.WriteString("verdict", Name(verdict.Outcome));
        writer.WriteString("reason", verdict.Reason?.Code);
        writer.WriteString("class", verdict.Reason?.Class);
        writer.WriteString("format", verdict.Format);
        writer.WriteString("kind", answer.Kind);
        writer.WriteStartArray("files");
        foreach (var file in answer.Files)
        {
            writer.WriteStringValue(file);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("checks");
        foreach (var check in verdict.Checks)
        {
            writer.WriteStartObject();
            writer.WriteString("name", check.Name);
            writer.WriteString("outcome", Name(check.Outcome));
            writer.WriteString("rule", check.Rule);
            writer.WriteString("found", check.Found);
            if (check.Reason is { } reason)
            {
                writer.WriteString("reason", reason.Code);
                writer.WriteString("class", reason.Class);
                writer.WriteString("advice", check.Advice);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteStartObject("facts");
        foreach (var fact in verdict.Facts.All)
        {
            Write(writer, fact);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("unproven");
        foreach (var fact in verdict.Facts.All.Where(fact => !fact.Proven))
        {
            writer.WriteStringValue(fact.Name);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, Fact fact)
    {
        switch (fact.Value)
        {
            case FactValue.Number number:
                writer.WriteNumber(fact.Name, number.Value);
                break;
            case FactValue.Flag flag:
                writer.WriteBoolean(fact.Name, flag.Value);
                break;
            default:
                // a blank fact is an empty text: it is there, and says nothing
                writer.WriteString(fact.Name, fact.Value.ToString());
                break;
        }
    }

    private static string Name(VerdictOutcome outcome) => outcome switch
    {
        VerdictOutcome.Accepted => "accepted",
        VerdictOutcome.Refused => "refused",
        _ => "incomplete",
    };

    private static string Name(CheckOutcome outcome) => outcome switch
    {
        CheckOutcome.Passed => "passed",
        CheckOutcome.Failed => "failed",
        _ => "not reached",
    };
}
