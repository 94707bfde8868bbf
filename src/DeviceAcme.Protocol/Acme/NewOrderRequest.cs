using System.Text.Json;

namespace DeviceAcme.Protocol.Acme;

/// <summary>Payload of newOrder (RFC 8555 §7.4).</summary>
/// <param name="Identifiers">1 to 100 identifiers as they were sent; types and values are not checked here.</param>
/// <param name="NotBefore">The wished begin of validity.</param>
/// <param name="NotAfter">The wished end of validity.</param>
/// <param name="Profile">The wished profile (draft-ietf-acme-profiles).</param>
public sealed record NewOrderRequest(
    IReadOnlyList<AcmeIdentifier> Identifiers, DateTimeOffset? NotBefore = null, DateTimeOffset? NotAfter = null, string? Profile = null)
{
    /// <summary>Most identifiers in one order.</summary>
    public const int MaxIdentifiers = 100;

    /// <summary>Reads the payload; members that it does not know, <c>replaces</c> among them, are ignored.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static NewOrderRequest Parse(JsonElement payload)
    {
        var fields = JsonFields.Of(payload);
        return new NewOrderRequest(
            fields.RequiredArray("identifiers", MaxIdentifiers, ReadIdentifier),
            fields.OptionalTime("notBefore"),
            fields.OptionalTime("notAfter"),
            fields.OptionalString("profile", 256));
    }

    internal static AcmeIdentifier ReadIdentifier(JsonElement json, string path)
    {
        var fields = JsonFields.Of(json, path);
        return new AcmeIdentifier(fields.RequiredString("type", 64), fields.RequiredString("value", 2048));
    }
}
