using System.Text.Json;

namespace DeviceAcme.Protocol.Acme;

/// <summary>An account (RFC 8555 §7.1.2).</summary>
public sealed record AccountObject
{
    /// <summary><c>valid</c>, <c>deactivated</c> or <c>revoked</c>.</summary>
    public required string Status { get; init; }

    public IReadOnlyList<string>? Contact { get; init; }
    public bool? TermsOfServiceAgreed { get; init; }

    /// <summary>The inner JWS as the client sent it (§7.3.4).</summary>
    public JsonElement? ExternalAccountBinding { get; init; }

    /// <summary>URL of the list of orders; other servers leave it out.</summary>
    public string? Orders { get; init; }
}
