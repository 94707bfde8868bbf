using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>How it stands with an inventory that the ledger is kept in step with, as <c>GET /admin/v1/sync</c> lists it.</summary>
public sealed record SyncSourceEntry
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("url")]
    public required string Url { get; init; }

    /// <summary>In seconds.</summary>
    [JsonPropertyName("interval")]
    public required long Interval { get; init; }

    /// <summary>After how many seconds without an answer the alarm goes off.</summary>
    [JsonPropertyName("staleAfter")]
    public required long StaleAfter { get; init; }

    /// <summary><c>keep</c>, <c>quarantine</c> or <c>retire</c>: what becomes of a device that it does not list any more.</summary>
    [JsonPropertyName("gone")]
    public required string Gone { get; init; }

    /// <summary><c>never</c> (not asked yet), <c>fresh</c>, <c>failing</c> (the last run failed) or <c>stale</c> (the alarm is on).</summary>
    [JsonPropertyName("state")]
    public required string State { get; init; }

    /// <summary>How far a run is; absent where none is under way.</summary>
    [JsonPropertyName("progress")]
    public string? Progress { get; init; }

    [JsonPropertyName("attemptedAt")]
    public DateTimeOffset? AttemptedAt { get; init; }

    /// <summary>When it last answered: the age of everything that it says.</summary>
    [JsonPropertyName("answeredAt")]
    public DateTimeOffset? AnsweredAt { get; init; }

    /// <summary>How many seconds ago that was.</summary>
    [JsonPropertyName("age")]
    public long? Age { get; init; }

    /// <summary>When an answer last changed the ledger.</summary>
    [JsonPropertyName("changedAt")]
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>Runs that failed in a row.</summary>
    [JsonPropertyName("failures")]
    public required int Failures { get; init; }

    [JsonPropertyName("failure")]
    public string? Failure { get; init; }

    [JsonPropertyName("staleSince")]
    public DateTimeOffset? StaleSince { get; init; }

    /// <summary>Devices that the last list had.</summary>
    [JsonPropertyName("devices")]
    public required int Devices { get; init; }

    /// <summary>What the last run since the start did, or would have done; absent where there was none.</summary>
    [JsonPropertyName("lastRun")]
    public SyncRunReport? LastRun { get; init; }
}

/// <summary>What a run did, or would do.</summary>
public sealed record SyncRunReport
{
    [JsonPropertyName("dryRun")]
    public required bool DryRun { get; init; }

    /// <summary>The inventory said that nothing is different since the last run.</summary>
    [JsonPropertyName("asItWas")]
    public required bool AsItWas { get; init; }

    [JsonPropertyName("devices")]
    public required int Devices { get; init; }

    [JsonPropertyName("added")]
    public required int Added { get; init; }

    [JsonPropertyName("changed")]
    public required int Changed { get; init; }

    /// <summary>Devices that it listed before and does not list any more.</summary>
    [JsonPropertyName("gone")]
    public required int Gone { get; init; }

    /// <summary>How many were left out.</summary>
    [JsonPropertyName("skipped")]
    public required int Skipped { get; init; }

    /// <summary>The first of them, and why.</summary>
    [JsonPropertyName("reasons")]
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>Why nothing was done; absent where it went well.</summary>
    [JsonPropertyName("failure")]
    public string? Failure { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/sync</c>.</summary>
public sealed record SyncListing
{
    [JsonPropertyName("sources")]
    public required IReadOnlyList<SyncSourceEntry> Sources { get; init; }
}

/// <summary>Body of <c>POST /admin/v1/sync/{name}/run</c>.</summary>
public sealed record SyncRunRequest
{
    /// <summary>Only say what would happen.</summary>
    [JsonPropertyName("dryRun")]
    public bool DryRun { get; init; }

    /// <summary>However many devices are gone.</summary>
    [JsonPropertyName("acceptGone")]
    public bool AcceptGone { get; init; }
}
