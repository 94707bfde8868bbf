using System.Text.Json;

namespace DeviceAcme.Protocol.Acme;

/// <summary>Payload posted to an authorization URL (RFC 8555 §7.5.2): it can only ask for deactivation.</summary>
public sealed record AuthorizationUpdate
{
    /// <summary>Reads the payload.</summary>
    /// <exception cref="ProblemException"><c>malformed</c>: <c>status</c> is not <c>deactivated</c>.</exception>
    public static AuthorizationUpdate Parse(JsonElement payload) =>
        JsonFields.Of(payload).RequiredString("status") == "deactivated"
            ? new AuthorizationUpdate()
            : throw Problems.Malformed("authorization-status-not-settable", "status: expected deactivated, found another status (RFC 8555 §7.5.2)");
}
