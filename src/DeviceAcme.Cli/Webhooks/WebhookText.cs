using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Webhooks;

/// <summary>How webhooks and deliveries are printed for people.</summary>
internal static class WebhookText
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Table(IReadOnlyList<WebhookEntry> webhooks) => TextTable.Of(
    [
        ["PROFILE", "NAME", "AT", "ON FAILURE", "CIRCUIT", "LAST", "URL"],
        .. webhooks.Select(webhook => new[]
        {
            webhook.Profile, webhook.Name, webhook.At, webhook.OnFailure, Circuit(webhook.Circuit),
            webhook.Last is { } last ? $"{Outcome(last)} {ExplainText.Time(last.At)}" : "never", webhook.Url,
        }),
    ]);

    public static string Table(IReadOnlyList<WebhookDeliveryEntry> deliveries) => TextTable.Of(
    [
        ["ID", "AT", "PROFILE", "WEBHOOK", "EVENT", "PURPOSE", "OUTCOME", "STATUS", "ATTEMPTS", "MS", "ORDER"],
        .. deliveries.Select(delivery => new[]
        {
            delivery.Id, ExplainText.Time(delivery.At), delivery.Profile, delivery.Webhook, delivery.Event, delivery.Purpose, Outcome(delivery),
            Number(delivery.Status), Number(delivery.Attempts), Number(delivery.Duration), delivery.Order ?? "",
        }),
    ]);

    public static string One(WebhookDeliveryRecord record, bool bodies)
    {
        var text = new StringBuilder();
        (string Name, string? Value)[] lines =
        [
            ("delivery", record.Id),
            ("webhook", $"{record.Webhook} of {record.Profile} at {record.Url}"),
            ("event", $"{record.Event}, to {record.Purpose}{(record.ReplayOf is { } earlier ? $", again what was {earlier}" : "")}"),
            ("order", record.Order),
            ("device", record.Device),
            ("outcome", Outcome(record)),
            ("said", record.Detail),
            ("status", record.Status is { } status ? Number(status) : "none"),
            ("took", string.Create(CultureInfo.InvariantCulture, $"{record.Duration} ms, {record.Attempts} attempt{(record.Attempts == 1 ? "" : "s")}")),
            .. (record.Attributes ?? new Dictionary<string, string>()).Select(attribute => ("fact", (string?)$"webhook.{record.Webhook}.{attribute.Key} = {attribute.Value}")),
        ];
        foreach (var (name, value) in lines)
        {
            if (value is not null)
            {
                ExplainText.Line(text, name, value);
            }
        }

        if (record.Answer is { Length: > 0 } answer)
        {
            text.AppendLine().AppendLine("answer").AppendLine(ExplainText.Visible(answer));
        }

        if (bodies)
        {
            text.AppendLine().AppendLine("request").AppendLine(record.Request is { } request ? JsonSerializer.Serialize(request, Indented) : "not kept");
        }

        return text.ToString();
    }

    private static string Outcome(WebhookDelivery delivery) => delivery.Reason is { } reason && delivery.Outcome == "failed" ? $"failed ({reason})" : delivery.Outcome;

    private static string Circuit(WebhookCircuit circuit) => circuit.OpenUntil is { } until && circuit.State == "open" ? $"open until {ExplainText.Time(until)}"
        : circuit.Failures > 0 ? $"{circuit.State}, {circuit.Failures} failed" : circuit.State;

    private static string Number(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";
}
