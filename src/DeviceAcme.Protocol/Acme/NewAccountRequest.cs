using System.Text.Json;

namespace DeviceAcme.Protocol.Acme;

/// <summary>Payload of newAccount (RFC 8555 §7.3).</summary>
/// <param name="Contact">Contact URLs; their schemes are not checked here.</param>
/// <param name="TermsOfServiceAgreed">Whether the client agrees to the terms.</param>
/// <param name="OnlyReturnExisting">Only look the account up (§7.3.1).</param>
/// <param name="ExternalAccountBinding">The inner JWS as it was sent (§7.3.4): an object; null when there is none.</param>
public sealed record NewAccountRequest(
    IReadOnlyList<string> Contact, bool TermsOfServiceAgreed, bool OnlyReturnExisting, JsonElement? ExternalAccountBinding)
{
    internal const int MaxContacts = 20;

    /// <summary>Reads the payload; members that it does not know, and <c>status</c> and <c>orders</c>, are ignored (§7.3).</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static NewAccountRequest Parse(JsonElement payload)
    {
        var fields = JsonFields.Of(payload);
        var binding = fields.Optional("externalAccountBinding") is null
            ? (JsonElement?)null
            : fields.RequiredObject("externalAccountBinding").Element;
        return new NewAccountRequest(
            fields.OptionalArray("contact", MaxContacts, (item, path) => JsonFields.Text(item, path)) ?? [],
            fields.OptionalBool("termsOfServiceAgreed") ?? false,
            fields.OptionalBool("onlyReturnExisting") ?? false,
            binding);
    }
}
