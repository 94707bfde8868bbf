using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Webhooks;

/// <summary>What the webhooks of an event are told.</summary>
internal sealed record WebhookQuestion
{
    public required CertificateProfile Profile { get; init; }
    public required WebhookEvent Event { get; init; }
    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }

    /// <summary>The verdict so far, with every fact that is known.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>The ledger's entry; null where it has none.</summary>
    public Device? Device { get; init; }

    public IReadOnlyList<DeviceKey> DeviceNames { get; init; } = [];
    public required Account Account { get; init; }
    public Order? Order { get; init; }
    public AuthorizationId? Authorization { get; init; }

    /// <summary>PKCS#10, DER; only at finalize.</summary>
    public ReadOnlyMemory<byte>? Csr { get; init; }
}

/// <summary>One attempt to ask: what else stands in the body.</summary>
/// <param name="Delivery">The same for all attempts of a delivery.</param>
/// <param name="Attempt">From 1.</param>
/// <param name="Purpose">What the answer is for.</param>
internal sealed record WebhookAttempt(string Webhook, string Server, string Delivery, int Attempt, string Purpose, DateTimeOffset At);

/// <summary>What the answer to a delivery is for.</summary>
internal static class WebhookPurposes
{
    /// <summary>The answer decides about a device.</summary>
    public const string Decide = "decide";

    /// <summary>An administrator tries the webhook with a made-up device; nothing follows from the answer.</summary>
    public const string Test = "test";

    /// <summary>An administrator sends an earlier delivery again; nothing follows from the answer.</summary>
    public const string Replay = "replay";
}

/// <summary>The JSON body of a request to a webhook (docs/webhook.schema.json).</summary>
internal static class WebhookBody
{
    public const int Schema = 1;

    // a body is read by machines; names of people and places stay readable in stored deliveries
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(WebhookQuestion question, WebhookAttempt attempt)
    {
        var buffer = new ArrayBufferWriter<byte>(8192);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteNumber("schema", Schema);
            json.WriteString("delivery", attempt.Delivery);
            json.WriteNumber("attempt", attempt.Attempt);
            json.WriteString("at", Rfc3339.Format(attempt.At));
            json.WriteString("purpose", attempt.Purpose);
            json.WriteString("event", NameOf(question.Event));
            json.WriteString("webhook", attempt.Webhook);
            json.WriteString("server", attempt.Server);
            json.WriteStartObject("profile");
            json.WriteString("name", question.Profile.Name);
            json.WriteString("hash", question.Profile.Hash);
            json.WriteEndObject();
            Identifiers(json, question.Identifiers);
            json.WritePropertyName("verdict");
            VerdictJson.Write(json, question.Verdict);
            Device(json, question);
            Account(json, question.Account);
            Order(json, question.Order);
            Text(json, "authorization", question.Authorization?.Value);
            Text(json, "csr", question.Csr is { } csr ? System.Buffers.Text.Base64Url.EncodeToString(csr.Span) : null);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The body of an earlier delivery, for another one that says so.</summary>
    public static byte[] Again(JsonObject earlier, string delivery, int attempt, DateTimeOffset at, string replayOf)
    {
        var body = (JsonObject)earlier.DeepClone();
        body["delivery"] = delivery;
        body["attempt"] = attempt;
        body["at"] = Rfc3339.Format(at);
        body["purpose"] = WebhookPurposes.Replay;
        body["replayOf"] = replayOf;
        return Encoding.UTF8.GetBytes(body.ToJsonString(Relaxed));
    }

    public static string NameOf(WebhookEvent happening) => happening == WebhookEvent.Challenge ? "challenge" : "finalize";

    private static void Identifiers(Utf8JsonWriter json, IReadOnlyList<AcmeIdentifier> identifiers)
    {
        json.WriteStartArray("identifiers");
        foreach (var identifier in identifiers)
        {
            json.WriteStartObject();
            json.WriteString("type", identifier.Type);
            // a one-time code of a ticket is nobody else's business
            json.WriteString("value", TicketCode.Redact(identifier.Value));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Device(Utf8JsonWriter json, WebhookQuestion question)
    {
        if (question.Device is not { } device)
        {
            json.WriteNull("device");
            return;
        }

        json.WriteStartObject("device");
        json.WriteString("id", device.Id.Value);
        json.WriteString("state", device.State.Name());
        Text(json, "label", device.Label);
        Text(json, "owner", device.Owner);
        json.WriteStartArray("groups");
        foreach (var group in device.Groups)
        {
            json.WriteStringValue(group);
        }

        json.WriteEndArray();
        json.WriteStartObject("attributes");
        foreach (var (key, value) in device.Attributes)
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
        json.WriteStartArray("identifiers");
        foreach (var name in question.DeviceNames)
        {
            json.WriteStartObject();
            json.WriteString("kind", name.Kind);
            json.WriteString("value", name.Value);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Account(Utf8JsonWriter json, Account account)
    {
        json.WriteStartObject("account");
        json.WriteString("id", account.Id.Value);
        json.WriteString("profile", account.Profile);
        json.WriteString("thumbprint", account.Thumbprint);
        json.WriteStartArray("contact");
        foreach (var contact in account.Contact)
        {
            json.WriteStringValue(contact);
        }

        json.WriteEndArray();
        json.WriteString("createdAt", Rfc3339.Format(account.CreatedAt));
        Text(json, "ticket", account.Ticket?.Value);
        json.WriteEndObject();
    }

    private static void Order(Utf8JsonWriter json, Order? order)
    {
        if (order is null)
        {
            json.WriteNull("order");
            return;
        }

        json.WriteStartObject("order");
        json.WriteString("id", order.Id.Value);
        Identifiers(json, order.Identifiers);
        json.WriteString("createdAt", Rfc3339.Format(order.CreatedAt));
        Text(json, "notBefore", order.NotBefore is { } notBefore ? Rfc3339.Format(notBefore) : null);
        Text(json, "notAfter", order.NotAfter is { } notAfter ? Rfc3339.Format(notAfter) : null);
        json.WriteEndObject();
    }

    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is null)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteString(name, value);
        }
    }
}
