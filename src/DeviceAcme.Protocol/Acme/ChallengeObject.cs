using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Acme;

/// <summary>A challenge (RFC 8555 §7.1.5, §8).</summary>
public sealed record ChallengeObject
{
    /// <summary>For example <c>http-01</c> or <c>device-attest-01</c>.</summary>
    public required string Type { get; init; }

    public required string Url { get; init; }

    /// <summary><c>pending</c>, <c>processing</c>, <c>valid</c> or <c>invalid</c> (§7.1.6).</summary>
    public required string Status { get; init; }

    /// <summary>base64url, at least 128 bits; some challenge types of other servers have none.</summary>
    public string? Token { get; init; }

    /// <summary>When the challenge became valid.</summary>
    [JsonConverter(typeof(Rfc3339Converter))]
    public DateTimeOffset? Validated { get; init; }

    /// <summary>Why it failed.</summary>
    public Problem? Error { get; init; }
}
