using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DeviceAcme.Protocol;

namespace DeviceAcme.Cli.Reverify;

/// <summary>The result of a run for people and for machines.</summary>
internal static class ReverifyOutput
{
    public static string Json(ReverifyState state)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("judged", state.Judged);
            json.WriteNumber("acceptedToRefused", Count(state, Change.ToRefused));
            json.WriteNumber("refusedToAccepted", Count(state, Change.ToAccepted));
            json.WriteNumber("otherReason", Count(state, Change.OtherReason));
            json.WriteNumber("verdictOnly", state.VerdictOnly);
            json.WriteNumber("withoutEvidence", state.WithoutEvidence);
            json.WriteNumber("withoutProfile", state.WithoutProfile);
            json.WritePropertyName("changes");
            JsonSerializer.Serialize(json, state.Changes, ReverifyJson.Default.ListChange);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static string Text(ReverifyState state)
    {
        var text = new StringBuilder();
        foreach (var group in state.Changes.GroupBy(change => change.Kind).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            text.AppendLine(group.Key switch
            {
                Change.ToRefused => "accepted, would be refused:",
                Change.ToAccepted => "refused, would be accepted:",
                _ => "refused, would be refused for another reason:",
            });
            var rows = group.Select(change => new[]
            {
                Rfc3339.Format(change.At), change.Profile, change.Format, change.Identifier,
                change.ReasonBefore is null ? change.ReasonAfter ?? "" : change.ReasonAfter is null ? change.ReasonBefore : $"{change.ReasonBefore} -> {change.ReasonAfter}", change.EvidenceId,
            }).ToList();
            foreach (var (line, change) in TextTable.Lines(rows).Zip(group))
            {
                text.Append("  ").AppendLine(line);
                if (change.Found is not null)
                {
                    text.Append("      ").AppendLine(change.Found);
                }
            }
        }

        text.AppendLine($"{state.Judged} judged again: {Count(state, Change.ToRefused)} would be refused, {Count(state, Change.ToAccepted)} would be accepted, "
            + $"{Count(state, Change.OtherReason)} refused for another reason, {state.Judged - state.Changes.Count} as before");
        Note(text, state.VerdictOnly, "cannot be judged again: only their verdicts were kept");
        Note(text, state.WithoutEvidence, "had no evidence");
        Note(text, state.WithoutProfile, "have no readable profile");
        return text.ToString();
    }

    private static void Note(StringBuilder text, int count, string what)
    {
        if (count > 0)
        {
            text.AppendLine($"{count} {what}");
        }
    }

    private static int Count(ReverifyState state, string kind) => state.Changes.Count(change => change.Kind == kind);
}
