using DeviceAcme.Protocol.Jose;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Defects;

/// <summary>Defects of taking requests (RFC 8555 §6).</summary>
internal static class RequestDefects
{
    public static IReadOnlyList<PlantedDefect> All { get; } =
    [
        Of("nonce-not-spent", "RFC 8555 §6.5", "reused-nonce", "takes a nonce again", request =>
        {
            if ((string?)request.Header!["nonce"] is { } nonce && !request.IsFirst(nonce))
            {
                request.Header["nonce"] = request.FreshNonce();
            }
        }),
        Of("any-nonce-accepted", "RFC 8555 §6.5", "unknown-nonce", "takes a nonce that it never gave", request => request.Header!["nonce"] = request.FreshNonce()),
        Of("nonce-not-asked-for", "RFC 8555 §6.5", "missing-nonce", "takes requests without a nonce", request => request.Header!["nonce"] ??= request.FreshNonce()),
        Of("url-not-compared", "RFC 8555 §6.4", "wrong-url", "does not compare url in the header", request => request.Header!["url"] = request.Url),
        Of("signature-not-verified", "RFC 8555 §6.2", "altered-signature", "does not verify signatures", request => request.Excuse()),
        Of("payload-not-signed", "RFC 8555 §6.2", "altered-payload", "verifies a signature over the header alone", request => request.Excuse()),
        Of("unsigned-accepted", "RFC 8555 §6.2", "unsigned", "accepts alg none", request => SignatureOf(request, "none")),
        Of("mac-accepted", "RFC 8555 §6.2", "mac-in-place-of-a-signature", "accepts a MAC with the public key", request => SignatureOf(request, "HS256")),
        Of("algorithm-not-compared", "RFC 8555 §6.2", "algorithm-of-another-key", "takes whatever alg says", request => SignatureOf(request, "ES384")),
        Of("jwk-and-kid-accepted", "RFC 8555 §6.2", "jwk-and-kid", "accepts a header with jwk and kid", request =>
        {
            if (request.Header!.ContainsKey("kid"))
            {
                request.Header.Remove("jwk");
            }
        }),
        new PlantedDefect { Name = "jwk-in-place-of-kid", Section = "RFC 8555 §6.2", Kind = "mac", Case = "jwk-where-kid-is-due", Broken = "looks the account up by jwk", Request = ByKey },
        Of("padding-accepted", "RFC 8555 §6.1", "padded-payload", "accepts base64 with padding", request => request.Jws!["payload"] = ((string)request.Jws["payload"]!).TrimEnd('=')),
        Of("unprotected-header-accepted", "RFC 8555 §6.2", "unprotected-header", "accepts an unprotected header", request => request.Jws!.Remove("header")),
        Of("list-of-signatures-accepted", "RFC 8555 §6.2", "general-serialization", "accepts a list of signatures", request => request.Jws!.Remove("signatures")),
        Of("critical-extension-ignored", "RFC 7515 §4.1.11", "header-extension", "ignores extensions that must be understood", request => request.Header!.Remove("crit")),
        Of("unencoded-payload-ignored", "RFC 7797 §6", "unencoded-payload", "ignores b64", request => request.Header!.Remove("b64")),
        Of("any-content-type", "RFC 8555 §6.2", "wrong-content-type", "does not look at Content-Type", request => request.Http.ContentType = "application/jose+json"),
        Of("object-read-with-payload", "RFC 8555 §6.3", "object-where-nothing-is-due", "reads an object whatever the payload is", request =>
        {
            if (request.Is("order", "*") && request.Payload == "{}")
            {
                request.Payload = "";
            }
        }),
        new PlantedDefect
        {
            Name = "get-allowed", Section = "RFC 8555 §6.3", Kind = "mac", Case = "get-of-a-resource", Broken = "shows an account to whoever fetches it with GET",
            Request = request =>
            {
                if (HttpMethods.IsGet(request.Http.Method) && request.Is("account", "*"))
                {
                    request.Forge(request.Url);
                }

                return Task.CompletedTask;
            },
        },
        new PlantedDefect
        {
            Name = "large-body-accepted", Section = "RFC 8555 §6.6", Kind = "mac", Case = "oversized-body", Broken = "reads a body of any size",
            Answer = answer =>
            {
                if (answer.Response.StatusCode == StatusCodes.Status413PayloadTooLarge)
                {
                    answer.Response.StatusCode = StatusCodes.Status400BadRequest;
                }
            },
        },
    ];

    /// <summary>A defect that changes signed requests alone.</summary>
    public static PlantedDefect Of(string name, string section, string found, string broken, Action<DefectRequest> change, string kind = "mac") => new()
    {
        Name = name,
        Section = section,
        Kind = kind,
        Case = found,
        Broken = broken,
        Request = request =>
        {
            if (request is { Jws: not null, Header: not null })
            {
                change(request);
            }

            return Task.CompletedTask;
        },
    };

    private static void SignatureOf(DefectRequest request, string algorithm)
    {
        if ((string?)request.Header!["alg"] == algorithm)
        {
            request.Header["alg"] = "ES256";
            request.Excuse();
        }
    }

    private static async Task ByKey(DefectRequest request)
    {
        if (request.Header is { } header && header["jwk"] is { } sent && !request.Is("new-account") && !request.Is("revoke-cert"))
        {
            var thumbprint = Jwk.Parse(System.Text.Json.JsonElement.Parse(sent.ToJsonString()), "jwk").Thumbprint;
            await using var context = request.Db.Read();
            var account = await context.Accounts.FirstAsync(account => account.Thumbprint == thumbprint);
            request.SignAs($"{request.Root}/account/{account.Id}");
        }
    }
}
