using System.Text.Json;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Acme;

/// <summary>The inner JWS by which an external account vouches for a new one (RFC 8555 §7.3.4).</summary>
internal sealed class ExternalAccountBinding
{
    private readonly FlattenedJws _jws;
    private readonly string _text;

    private ExternalAccountBinding(FlattenedJws jws, string text)
    {
        _jws = jws;
        _text = text;
    }

    /// <summary>Checks everything that needs no key: MAC algorithm, no nonce, the outer URL, the account's key as payload.</summary>
    public static ExternalAccountBinding Open(JsonElement json, AcmeRequest request)
    {
        var jws = JwsEnvelope.Parse(json, "externalAccountBinding").Open(JwsUse.ExternalAccountBinding);
        if (jws.Url != request.Urls.NewAccount)
        {
            throw Problems.Malformed("external-account-url", $"externalAccountBinding.protected.url: expected {request.Urls.NewAccount}, as in the outer JWS");
        }

        var key = Jwk.Parse(StrictJson.ParseObject(jws.Payload.Span, "externalAccountBinding.payload"), "externalAccountBinding.payload");
        if (!key.Equals(request.Key))
        {
            throw Problems.Malformed("external-account-key-mismatch", "externalAccountBinding.payload: expected the account's key, the jwk of the outer JWS");
        }

        return new ExternalAccountBinding(jws, json.GetRawText());
    }

    /// <summary>Finds the key and verifies the MAC; an unknown key and a wrong MAC get the same answer.</summary>
    public (ExternalAccountKey Key, ExternalAccount Account) Verify(AcmeContext context, AcmeRequest request)
    {
        var key = context.ExternalAccountKeys.FirstOrDefault(key => key.KeyId == _jws.Kid);
        if (key is null || !_jws.VerifyMac(key.MacKey))
        {
            throw Problems.Unauthorized("external-account-mac-invalid", "externalAccountBinding: the key id is unknown, or the MAC is not made with its key (the MAC key is base64url and must be decoded)");
        }

        if (key.ExpiresAt <= request.Now)
        {
            throw Problems.Unauthorized("external-account-key-expired", $"externalAccountBinding: the key {key.KeyId} has expired; ask the administrator for a new one");
        }

        if (key.Profile is not null && key.Profile != request.Profile.Name)
        {
            throw Problems.Unauthorized("external-account-key-of-other-profile", $"externalAccountBinding: the key {key.KeyId} is for another directory than {request.Urls.Directory}");
        }

        if (key.AccountId is not null)
        {
            throw Problems.Unauthorized("external-account-key-used", $"externalAccountBinding: the key {key.KeyId} has made its account already; ask the administrator for a new one");
        }

        return (key, new ExternalAccount(key.KeyId, key.Profile, _text));
    }
}
