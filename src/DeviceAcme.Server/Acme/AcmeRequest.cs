using System.Text.Json;
using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Server.Acme;

/// <summary>A request whose signature, nonce, URL and signer were verified by <see cref="JwsMiddleware"/>.</summary>
internal sealed class AcmeRequest(CertificateProfile profile, AcmeUrls urls, FlattenedJws jws, Jwk key, Account? account, Ticket? ticket, DateTimeOffset now)
{
    /// <summary>The profile of the directory that the request came to.</summary>
    public CertificateProfile Profile { get; } = profile;

    public AcmeUrls Urls { get; } = urls;

    /// <summary>The ticket whose own directory the request came to; null for the profile's.</summary>
    public Ticket? Ticket { get; } = ticket;

    /// <summary>How accounts of this directory are told from those of others of the profile.</summary>
    public string Directory => Ticket?.Id.Value ?? "";

    /// <summary>The key that signed.</summary>
    public Jwk Key { get; } = key;

    /// <summary>The account that signed; null where the key itself did.</summary>
    public Account? SigningAccount { get; } = account;

    /// <summary>The account that signed, on routes where nobody else can.</summary>
    public Account Account => SigningAccount ?? throw new InvalidOperationException("this route must be marked as signed by an account");

    /// <summary>What it is about, as far as it was understood: a refusal is written down with it.</summary>
    public RequestSubject Subject { get; private set; } = new(profile, [], null);

    /// <summary>Its refusal is an event already, beside its verdict.</summary>
    public bool RefusalIsKept { get; set; }

    /// <summary>When the request came in.</summary>
    public DateTimeOffset Now { get; } = now;

    public bool IsPostAsGet => jws.IsPostAsGet;

    /// <summary>The payload's JSON object.</summary>
    public JsonElement Payload() => StrictJson.ParseObject(jws.Payload.Span, "payload");

    /// <summary>RFC 8555 §6.3: the empty text and nothing else, not even <c>{}</c>.</summary>
    public void RequirePostAsGet()
    {
        if (!IsPostAsGet)
        {
            throw Problems.Malformed("payload-not-empty", "payload: expected the empty text of a POST-as-GET (RFC 8555 §6.3)");
        }
    }

    /// <summary>Notes what is ordered, and under which profile.</summary>
    public void IsAbout(CertificateProfile ordered, IReadOnlyList<AcmeIdentifier> identifiers) => Subject = new RequestSubject(ordered, identifiers, null);

    /// <summary>Notes which device of the ledger it is about.</summary>
    public void IsAbout(DeviceId? device) => Subject = Subject with { Device = device };

    public static ValueTask<AcmeRequest?> BindAsync(HttpContext context) => new(context.Features.Get<AcmeRequest>());
}

/// <summary>What a request is about.</summary>
/// <param name="Profile">The one that is asked for, which an order may name.</param>
/// <param name="Identifiers">As they were sent.</param>
/// <param name="Device">The device of the ledger, where it is known by more than those.</param>
internal sealed record RequestSubject(CertificateProfile Profile, IReadOnlyList<AcmeIdentifier> Identifiers, DeviceId? Device);
