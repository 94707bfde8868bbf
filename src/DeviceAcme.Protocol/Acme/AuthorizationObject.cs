using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Acme;

/// <summary>An authorization (RFC 8555 §7.1.4).</summary>
public sealed record AuthorizationObject
{
    /// <summary>For a wildcard: the name without <c>*.</c>.</summary>
    public required AcmeIdentifier Identifier { get; init; }

    /// <summary><c>pending</c>, <c>valid</c>, <c>invalid</c>, <c>deactivated</c>, <c>expired</c> or <c>revoked</c> (§7.1.6).</summary>
    public required string Status { get; init; }

    [JsonConverter(typeof(Rfc3339Converter))]
    public DateTimeOffset? Expires { get; init; }

    public required IReadOnlyList<ChallengeObject> Challenges { get; init; }

    /// <summary>True for a wildcard, else absent: it is never false on the wire.</summary>
    public bool? Wildcard { get; init; }
}
