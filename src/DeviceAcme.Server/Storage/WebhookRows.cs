using DeviceAcme.Core;

namespace DeviceAcme.Server.Storage;

/// <summary>One delivery to a webhook: what was asked, what was answered, and what came of it.</summary>
internal sealed class StoredDelivery
{
    /// <summary>Given by the store, in the order in which they were finished.</summary>
    public long Sequence { get; init; }

    /// <summary>What the receiver was told; the same for all attempts.</summary>
    public required string Id { get; init; }

    public required DateTimeOffset At { get; init; }
    public required string Profile { get; init; }

    /// <summary>Its name in the profile.</summary>
    public required string Webhook { get; init; }

    public required string Url { get; init; }
    public required string Event { get; init; }
    public required string Purpose { get; init; }

    /// <summary>The delivery that an administrator sent again.</summary>
    public string? ReplayOf { get; init; }

    public AccountId? Account { get; init; }
    public OrderId? Order { get; init; }
    public AuthorizationId? Authorization { get; init; }
    public DeviceId? Device { get; init; }

    /// <summary><c>allowed</c>, <c>refused</c> or <c>failed</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>Reason code of a refusal or failure.</summary>
    public string? Reason { get; init; }

    /// <summary>What happened, for administrators.</summary>
    public string? Detail { get; init; }

    /// <summary>HTTP status of the last attempt; null where there was no answer.</summary>
    public int? Status { get; init; }

    public required int Attempts { get; init; }

    /// <summary>Of all attempts, in milliseconds.</summary>
    public required long Duration { get; init; }

    /// <summary>The body of the last attempt; null where the profile keeps no verdicts.</summary>
    public byte[]? Request { get; init; }

    /// <summary>The body of the last answer, as much of it as was read.</summary>
    public byte[]? Answer { get; init; }
}
