using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Acme;

/// <summary>An order (RFC 8555 §7.1.3).</summary>
public sealed record OrderObject
{
    /// <summary><c>pending</c>, <c>ready</c>, <c>processing</c>, <c>valid</c> or <c>invalid</c> (§7.1.6).</summary>
    public required string Status { get; init; }

    [JsonConverter(typeof(Rfc3339Converter))]
    public DateTimeOffset? Expires { get; init; }

    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }

    /// <summary>The chosen profile (draft-ietf-acme-profiles).</summary>
    public string? Profile { get; init; }

    [JsonConverter(typeof(Rfc3339Converter))]
    public DateTimeOffset? NotBefore { get; init; }

    [JsonConverter(typeof(Rfc3339Converter))]
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Why the order is invalid.</summary>
    public Problem? Error { get; init; }

    /// <summary>Authorization URLs.</summary>
    public required IReadOnlyList<string> Authorizations { get; init; }

    /// <summary>Where the certificate request goes.</summary>
    public required string Finalize { get; init; }

    /// <summary>Where the certificate is, once the order is valid.</summary>
    public string? Certificate { get; init; }
}
