using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>A webhook of a profile in force, as <c>GET /admin/v1/webhooks</c> lists it.</summary>
public sealed record WebhookEntry
{
    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("url")]
    public required string Url { get; init; }

    /// <summary><c>challenge</c>, <c>finalize</c> or <c>both</c>.</summary>
    [JsonPropertyName("at")]
    public required string At { get; init; }

    /// <summary>What becomes of a request when nobody answers: <c>refuse</c> or <c>allow</c>.</summary>
    [JsonPropertyName("onFailure")]
    public required string OnFailure { get; init; }

    /// <summary>Of one attempt, in seconds.</summary>
    [JsonPropertyName("timeout")]
    public required int Timeout { get; init; }

    [JsonPropertyName("retries")]
    public required int Retries { get; init; }

    /// <summary>What is wrong with its secret or its certificates; absent where nothing is.</summary>
    [JsonPropertyName("problem")]
    public string? Problem { get; init; }

    [JsonPropertyName("circuit")]
    public required WebhookCircuit Circuit { get; init; }

    /// <summary>The newest delivery; absent where there is none.</summary>
    [JsonPropertyName("last")]
    public WebhookDeliveryEntry? Last { get; init; }
}

/// <summary>How the circuit breaker of a webhook stands.</summary>
public sealed record WebhookCircuit
{
    /// <summary><c>closed</c>: it is asked. <c>open</c>: it is left alone. <c>half-open</c>: the next delivery tries it.</summary>
    [JsonPropertyName("state")]
    public required string State { get; init; }

    /// <summary>Deliveries that failed in a row.</summary>
    [JsonPropertyName("failures")]
    public required int Failures { get; init; }

    [JsonPropertyName("openSince")]
    public DateTimeOffset? OpenSince { get; init; }

    [JsonPropertyName("openUntil")]
    public DateTimeOffset? OpenUntil { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/webhooks</c>.</summary>
public sealed record WebhookListing
{
    [JsonPropertyName("webhooks")]
    public required IReadOnlyList<WebhookEntry> Webhooks { get; init; }
}

/// <summary>What is told of every delivery to a webhook.</summary>
public abstract record WebhookDelivery
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    [JsonPropertyName("webhook")]
    public required string Webhook { get; init; }

    [JsonPropertyName("url")]
    public required string Url { get; init; }

    /// <summary><c>challenge</c> or <c>finalize</c>.</summary>
    [JsonPropertyName("event")]
    public required string Event { get; init; }

    /// <summary><c>decide</c>; <c>test</c> or <c>replay</c> where nothing followed from the answer.</summary>
    [JsonPropertyName("purpose")]
    public required string Purpose { get; init; }

    [JsonPropertyName("replayOf")]
    public string? ReplayOf { get; init; }

    [JsonPropertyName("account")]
    public string? Account { get; init; }

    [JsonPropertyName("order")]
    public string? Order { get; init; }

    [JsonPropertyName("authorization")]
    public string? Authorization { get; init; }

    [JsonPropertyName("device")]
    public string? Device { get; init; }

    /// <summary><c>allowed</c>, <c>refused</c>, or <c>failed</c>: there was no good answer.</summary>
    [JsonPropertyName("outcome")]
    public required string Outcome { get; init; }

    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>What happened, or what the receiver gave as its reason.</summary>
    [JsonPropertyName("detail")]
    public string? Detail { get; init; }

    /// <summary>HTTP status of the last attempt; absent where there was no answer.</summary>
    [JsonPropertyName("status")]
    public int? Status { get; init; }

    [JsonPropertyName("attempts")]
    public required int Attempts { get; init; }

    /// <summary>Of all attempts, in milliseconds.</summary>
    [JsonPropertyName("duration")]
    public required long Duration { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/webhook-deliveries</c>, newest first.</summary>
public sealed record WebhookDeliveryPage : IListPage<WebhookDeliveryEntry>
{
    [JsonPropertyName("deliveries")]
    public required IReadOnlyList<WebhookDeliveryEntry> Deliveries { get; init; }

    /// <summary>The <c>cursor</c> of the next page; absent on the last one.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }

    IReadOnlyList<WebhookDeliveryEntry> IListPage<WebhookDeliveryEntry>.Entries => Deliveries;
}

/// <summary>One delivery of a list.</summary>
public sealed record WebhookDeliveryEntry : WebhookDelivery;

/// <summary>One delivery with what was asked and answered.</summary>
public sealed record WebhookDeliveryRecord : WebhookDelivery
{
    /// <summary>For the reader of JSON.</summary>
    [JsonConstructor]
    public WebhookDeliveryRecord()
    {
    }

    /// <summary>What the list says of it, without its bodies.</summary>
    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    public WebhookDeliveryRecord(WebhookDelivery entry)
        : base(entry)
    {
    }

    /// <summary>The body of the last attempt; absent where it is not kept.</summary>
    [JsonPropertyName("request")]
    public JsonElement? Request { get; init; }

    /// <summary>The body of the last answer as text, as much of it as was read; absent where there was none or it is not kept.</summary>
    [JsonPropertyName("answer")]
    public string? Answer { get; init; }

    /// <summary>The attributes of a good answer.</summary>
    [JsonPropertyName("attributes")]
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }
}
