using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Tickets;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;
using Microsoft.Net.Http.Headers;

namespace DeviceAcme.Server.Acme;

/// <summary>
/// Verifies every signed request before its handler runs (RFC 8555 §6.2 to §6.5): media type, size, nonce, then the rest. The nonce
/// is spent first, because one that appeared in any request is used up, also in one that fails.
/// </summary>
internal sealed class JwsMiddleware(RequestDelegate next, INonces nonces, AcmeDb db, ServerOptions options, ProfileCatalog profiles, AccountKeys accountKeys, TicketDirectories tickets, Capacity capacity, TimeProvider time)
{
    public const string MediaType = "application/jose+json";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<SignedBy>() is { } signedBy)
        {
            var profile = profiles.Require(context);
            var ticket = await tickets.Find(context, profile);
            RequireMediaType(context.Request);
            var envelope = await RequestBody.Read(context, JwsEnvelope.Parse);
            using var place = await capacity.Enter(context.RequestAborted);
            var request = await Verify(context, signedBy.Signer, profile, ticket, envelope);
            context.Features.Set(request);
            request.SigningAccount?.RequireValid();
            await next(context);
            return;
        }

        await next(context);
    }

    private async Task<AcmeRequest> Verify(HttpContext context, Signer signer, CertificateProfile profile, Ticket? ticket, JwsEnvelope envelope)
    {
        var urls = TicketDirectories.Urls(context, options, profile);
        var now = time.GetUtcNow();
        if (envelope.Nonce is null)
        {
            throw Problems.BadNonce("nonce-missing", "nonce: expected one in the protected header (RFC 8555 §6.5.2); use the one of this answer");
        }

        if (!await nonces.Spend(envelope.Nonce, now))
        {
            throw Problems.BadNonce("nonce-unknown", "nonce: unknown here, expired, or used before; use the one of this answer");
        }

        var jws = envelope.Open(JwsUse.Request);
        RequireUrl(context.Request, jws);
        if (signer == Signer.Key && jws.Jwk is null)
        {
            throw Problems.Malformed("jwk-required", "protected.kid: this resource wants the key itself, jwk (RFC 8555 §6.2)");
        }

        if (signer == Signer.Account && jws.Kid is null)
        {
            throw Problems.Malformed("kid-required", "protected.jwk: this resource wants the account's URL, kid (RFC 8555 §6.2)");
        }

        var account = jws.Kid is null ? null : FindAccount(urls, ticket?.Id.Value ?? "", jws.Kid);
        var key = jws.Jwk ?? accountKeys.Restore(account!);
        var verified = jws.Verify(key);
#if PLANTED_DEFECTS
        verified |= DeviceAcme.Attestation.Planted.ExcusesSignature;
#endif
        if (!verified)
        {
            throw Problems.Malformed("jws-signature-invalid", $"signature: does not verify with the {(jws.Jwk is null ? "account's key" : "key in jwk")}");
        }

        return new AcmeRequest(profile, urls, jws, key, account, ticket, now);
    }

    // RFC 8555 §6.2 defines no parameters; some clients add a charset, which changes nothing
    private static void RequireMediaType(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase))
        {
            throw Problems.Malformed("media-type-wrong", $"Content-Type: expected {MediaType} (RFC 8555 §6.2)", StatusCodes.Status415UnsupportedMediaType);
        }
    }

    // RFC 8555 §6.4: compared as text with what the client asked for, which is the configured base and this path
    private void RequireUrl(HttpRequest request, FlattenedJws jws)
    {
        var expected = options.BaseUrl + request.Path.ToUriComponent() + request.QueryString.ToUriComponent();
        if (jws.Url != expected)
        {
            throw Problems.Unauthorized("url-mismatch", $"protected.url: expected {expected}, the URL of this request, found another one (RFC 8555 §6.4)", 401);
        }
    }

    private Account FindAccount(AcmeUrls urls, string directory, string kid)
    {
        if (urls.AccountOf(kid) is not { } id)
        {
            throw kid.StartsWith(options.BaseUrl + "/acme/", StringComparison.Ordinal)
                ? Problems.Unauthorized("account-of-other-directory", $"protected.kid: expected an account of the directory {urls.Directory}")
                : Problems.AccountDoesNotExist("kid-not-account-url", "protected.kid: expected the account's URL as newAccount gave it in Location");
        }

        return db.FindAccount(id) is { } account && account.Profile == urls.Profile && account.Directory == directory
            ? account
            : throw Problems.AccountDoesNotExist("account-unknown", "protected.kid: there is no such account in this directory");
    }
}
