using System.Text;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>How stored evidence is printed for people.</summary>
internal static class EvidenceText
{
    public static string Table(IReadOnlyList<EvidenceEntry> entries)
    {
        string[][] rows =
        [
            ["ID", "AT", "KIND", "PROFILE", "FORMAT", "VERDICT", "IDENTIFIER", "UNUSUAL"],
            .. entries.Select(entry => new[]
            {
                entry.Id, ExplainText.Time(entry.At), entry.Kind, entry.Profile, entry.Format, entry.Accepted ? "accepted" : entry.Reason ?? "refused", entry.Identifier?.ToString() ?? "",
                string.Join(", ", entry.Anomalies?.Select(anomaly => anomaly.Name) ?? []),
            }),
        ];
        return TextTable.Of(rows);
    }

    public static string One(EvidenceRecord record)
    {
        var text = new StringBuilder();
        (string Name, string? Value)[] lines =
        [
            ("evidence", record.Id),
            ("kind", record.Kind),
            ("profile", $"{record.Profile}, version {record.ProfileHash}"),
            ("anchor set", record.AnchorSetHash),
            ("account", record.AccountId is { } account ? $"{account}, key {record.Thumbprint}" : null),
            ("device", record.DeviceId),
            ("order", record.OrderId),
            ("authorization", record.AuthorizationId),
            ("token", record.Token),
            ("bytes", record.Statement is null ? "not kept" : $"{record.Statement.Length * 3 / 4}, kept until {(record.StatementUntil is { } until ? ExplainText.Time(until) : "they are dropped")}"),
        ];
        foreach (var (name, value) in lines)
        {
            if (value is not null)
            {
                ExplainText.Line(text, name, value);
            }
        }

        text.AppendLine();
        ExplainText.Append(text, Step(record));
        return text.ToString();
    }

    private static ExplainedStep Step(EvidenceRecord record) => new()
    {
        Step = record.Kind,
        Outcome = record.Accepted ? "accepted" : "refused",
        At = record.At,
        Identifier = record.Identifier,
        ChallengeId = record.ChallengeId,
        Format = record.Format.Length > 0 ? record.Format : null,
        Reason = record.Reason,
        Class = Optional(record.Verdict, "class"),
        Checks =
        [
            .. record.Verdict.GetProperty("checks").EnumerateArray().Select(check => new ExplainedCheck
            {
                Name = check.GetProperty("name").GetString()!,
                Outcome = check.GetProperty("outcome").GetString()!,
                Rule = check.GetProperty("rule").GetString()!,
                Found = Optional(check, "found"),
                Reason = Optional(check, "reason"),
                Class = Optional(check, "class"),
                Advice = Optional(check, "advice"),
            }),
        ],
        Facts =
        [
            .. record.Verdict.GetProperty("facts").EnumerateArray().Select(fact => new ExplainedFact
            {
                Name = fact.GetProperty("name").GetString()!,
                Value = fact.TryGetProperty("value", out var value) ? value.ToString() : null,
                Proven = fact.GetProperty("proven").GetBoolean(),
            }),
        ],
        Note = record.Anomalies is { Count: > 0 } anomalies
            ? string.Join("; ", anomalies.Select(anomaly => $"{anomaly.Name} ({anomaly.Response}): {anomaly.Found}, see evidence {anomaly.EarlierEvidence}"))
            : null,
    };

    private static string? Optional(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;
}
