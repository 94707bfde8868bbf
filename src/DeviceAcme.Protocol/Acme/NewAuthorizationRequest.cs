using System.Text.Json;

namespace DeviceAcme.Protocol.Acme;

/// <summary>Payload of newAuthz (RFC 8555 §7.4.1).</summary>
/// <param name="Identifier">The identifier as it was sent; type and value are not checked here.</param>
public sealed record NewAuthorizationRequest(AcmeIdentifier Identifier)
{
    /// <summary>Reads the payload.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static NewAuthorizationRequest Parse(JsonElement payload) =>
        new(NewOrderRequest.ReadIdentifier(JsonFields.Of(payload).RequiredObject("identifier").Element, "identifier"));
}
