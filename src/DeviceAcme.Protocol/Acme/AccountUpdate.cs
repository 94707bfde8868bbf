using System.Text.Json;

namespace DeviceAcme.Protocol.Acme;

/// <summary>Payload posted to an account URL (RFC 8555 §7.3.2, §7.3.3, §7.3.6).</summary>
/// <param name="Contact">The new contacts, also an empty list; null leaves them as they are.</param>
/// <param name="TermsOfServiceAgreed">Whether the client agrees to new terms.</param>
/// <param name="Deactivate">Whether <c>status</c> is <c>deactivated</c>.</param>
public sealed record AccountUpdate(IReadOnlyList<string>? Contact, bool TermsOfServiceAgreed, bool Deactivate)
{
    /// <summary>Reads the payload; any other <c>status</c> is ignored, like the members that it does not know (§7.3.2).</summary>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static AccountUpdate Parse(JsonElement payload)
    {
        var fields = JsonFields.Of(payload);
        return new AccountUpdate(
            fields.OptionalArray("contact", NewAccountRequest.MaxContacts, (item, path) => JsonFields.Text(item, path)),
            fields.OptionalBool("termsOfServiceAgreed") ?? false,
            fields.OptionalString("status") == "deactivated");
    }
}
