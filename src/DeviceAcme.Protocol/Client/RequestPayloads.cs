using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Protocol.Client;

/// <summary>The payloads that a client sends.</summary>
internal static class RequestPayloads
{
    public static byte[] Nothing() => "{}"u8.ToArray();

    public static byte[] NewAccount(AccountRegistration registration, Jwk key, string url) => JsonBytes.Object(writer =>
    {
        if (registration.Contact.Count > 0)
        {
            Strings(writer, "contact", registration.Contact);
        }

        if (registration.TermsOfServiceAgreed)
        {
            writer.WriteBoolean("termsOfServiceAgreed", true);
        }

        if (registration.OnlyReturnExisting)
        {
            writer.WriteBoolean("onlyReturnExisting", true);
        }

        if (registration.ExternalAccount is { } external)
        {
            // RFC 8555 §7.3.4: the MAC of the external account over the account's public key
            writer.WritePropertyName("externalAccountBinding");
            writer.WriteRawValue(JwsSigner.ForMac(external.MacKey, external.Algorithm)
                .Sign(url, System.Text.Encoding.UTF8.GetBytes(key.ToJson()), nonce: null, external.KeyId));
        }
    });

    public static byte[] Contact(IReadOnlyList<string> contact) => JsonBytes.Object(writer => Strings(writer, "contact", contact));

    public static byte[] Deactivate() => JsonBytes.Object(writer => writer.WriteString("status", "deactivated"));

    public static byte[] KeyChange(string account, Jwk oldKey) => JsonBytes.Object(writer =>
    {
        writer.WriteString("account", account);
        writer.WritePropertyName("oldKey");
        writer.WriteRawValue(oldKey.ToJson());
    });

    public static byte[] NewOrder(NewOrderRequest order) => JsonBytes.Object(writer =>
    {
        writer.WriteStartArray("identifiers");
        foreach (var identifier in order.Identifiers)
        {
            writer.WriteStartObject();
            Members(writer, identifier);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        Optional(writer, "notBefore", order.NotBefore is { } notBefore ? Rfc3339.Format(notBefore) : null);
        Optional(writer, "notAfter", order.NotAfter is { } notAfter ? Rfc3339.Format(notAfter) : null);
        Optional(writer, "profile", order.Profile);
    });

    public static byte[] NewAuthorization(AcmeIdentifier identifier) => JsonBytes.Object(writer =>
    {
        writer.WriteStartObject("identifier");
        Members(writer, identifier);
        writer.WriteEndObject();
    });

    public static byte[] Evidence(ReadOnlySpan<byte> attestationObject, string? error)
    {
        var text = Base64Url.Encode(attestationObject);
        return JsonBytes.Object(writer =>
        {
            writer.WriteString("attObj", text);
            Optional(writer, "error", error);
        });
    }

    public static byte[] Finalize(ReadOnlySpan<byte> csr)
    {
        var text = Base64Url.Encode(csr);
        return JsonBytes.Object(writer => writer.WriteString("csr", text));
    }

    public static byte[] Revoke(ReadOnlySpan<byte> certificate, int? reason)
    {
        var text = Base64Url.Encode(certificate);
        return JsonBytes.Object(writer =>
        {
            writer.WriteString("certificate", text);
            if (reason is { } code)
            {
                writer.WriteNumber("reason", code);
            }
        });
    }

    private static void Members(Utf8JsonWriter writer, AcmeIdentifier identifier)
    {
        writer.WriteString("type", identifier.Type);
        writer.WriteString("value", identifier.Value);
    }

    private static void Strings(Utf8JsonWriter writer, string name, IReadOnlyList<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }

    private static void Optional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }
}
