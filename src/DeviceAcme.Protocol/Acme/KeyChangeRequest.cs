using System.Text.Json;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Protocol.Acme;

/// <summary>Payload of the inner JWS of keyChange (RFC 8555 §7.3.5).</summary>
/// <param name="Account">The account URL.</param>
/// <param name="OldKey">The key that is to be replaced.</param>
public sealed record KeyChangeRequest(string Account, Jwk OldKey)
{
    /// <summary>Reads the payload.</summary>
    /// <exception cref="ProblemException"><c>malformed</c> or <c>badPublicKey</c>.</exception>
    public static KeyChangeRequest Parse(JsonElement payload)
    {
        var fields = JsonFields.Of(payload);
        return new KeyChangeRequest(fields.RequiredString("account"), Jwk.Parse(fields.RequiredObject("oldKey").Element, "oldKey"));
    }
}
