using System.Text.Json;
using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Tickets;
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
    public (Ticket Ticket, AccountOrigin Origin) Verify(AcmeContext context, AcmeRequest request)
    {
        var ticket = context.Tickets.FirstOrDefault(ticket => ticket.Id == new TicketId(_jws.Kid!));
        if (ticket?.MacKey is not { } mac || !_jws.VerifyMac(mac))
        {
            throw Problems.Unauthorized("external-account-mac-invalid", "externalAccountBinding: the key id is unknown, or the MAC is not made with its key (the MAC key is base64url and must be decoded)");
        }

        request.IsAbout(ticket.Device);
        ticket.RequireUsable("externalAccountBinding", request.Profile.Name, request.Now);
        return (ticket, new AccountOrigin(ticket.Id, ticket.Profile, _text));
    }
}
