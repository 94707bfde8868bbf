using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>Wrong requests: what carries a message and what signs it (RFC 8555 §6).</summary>
internal static class RequestFaults
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        Of("wrong-content-type", "RFC 8555 §6.2", "a request is sent as application/json", Refused("malformed", "media-type-wrong", 415),
            trial => trial.OrderRequest(request => request.ContentType = "application/json")),
        Of("missing-nonce", "RFC 8555 §6.5", "a request has no nonce", Refused("badNonce", "nonce-missing", 400, "malformed"),
            trial => trial.OrderRequest(request => request.Header.Remove("nonce"))),
        Of("unknown-nonce", "RFC 8555 §6.5", "a nonce that the server never gave", Refused("badNonce", "nonce-unknown", 400),
            trial => trial.OrderRequest(request => request.Header["nonce"] = Base64Url.Encode(RandomNumberGenerator.GetBytes(16)))),
        Of("reused-nonce", "RFC 8555 §6.5", "a nonce that a request has used already", Refused("badNonce", "nonce-unknown", 400), ReusedNonce),
        Of("nonce-not-base64url", "RFC 8555 §6.5.2", "the nonce is no base64url", Refused("malformed", "nonce-not-base64url"),
            trial => trial.OrderRequest(request => request.Header["nonce"] = "+/+=")),
        Of("wrong-url", "RFC 8555 §6.4", "url in the header is that of another resource", Refused("unauthorized", "url-mismatch"),
            trial => trial.OrderRequest(request => request.Header["url"] = trial.DirectoryUrl)),
        Of("padded-payload", "RFC 8555 §6.1", "the payload's base64url has padding", Refused("malformed", "base64url-invalid"),
            trial => trial.OrderRequest(request => request.Change = jws => jws["payload"] = $"{(string)jws["payload"]!}=")),
        Of("padded-signature", "RFC 8555 §6.1", "the signature's base64url has padding", Refused("malformed", "base64url-invalid"),
            trial => trial.OrderRequest(request => request.Change = jws => jws["signature"] = $"{(string)jws["signature"]!}==")),
        Of("jwk-and-kid", "RFC 8555 §6.2", "the header has both jwk and kid", Refused("malformed", "jws-key-choice"),
            trial => trial.OrderRequest(request => request.Header["jwk"] = Trial.KeyOf(trial.Signer))),
        Of("neither-jwk-nor-kid", "RFC 8555 §6.2", "the header has neither jwk nor kid", Refused("malformed", "jws-key-choice"),
            trial => trial.OrderRequest(request => request.Header.Remove("kid"))),
        Of("jwk-where-kid-is-due", "RFC 8555 §6.2", "newOrder is signed with jwk", Refused("malformed", "kid-required", null, "unauthorized"),
            trial => trial.OrderRequest(request =>
            {
                request.Header.Remove("kid");
                request.Header["jwk"] = Trial.KeyOf(trial.Signer);
            })),
        Of("kid-where-jwk-is-due", "RFC 8555 §6.2", "newAccount is signed with kid", Refused("malformed", "jwk-required", null, "unauthorized"), KidOnNewAccount),
        Of("kid-of-nobody", "RFC 8555 §6.2", "kid is the URL of no account", Refused("accountDoesNotExist", "account-unknown", 400, "malformed", "unauthorized"),
            trial => trial.OrderRequest(request => request.Header["kid"] = trial.Client.AccountUrl![..^6] + "AAAAAA")),
        Of("kid-not-a-url", "RFC 8555 §6.2", "kid is no URL", Refused("accountDoesNotExist", "kid-not-account-url", 400, "malformed", "unauthorized"),
            trial => trial.OrderRequest(request => request.Header["kid"] = "1")),
        Of("kid-of-another-account", "RFC 8555 §6.2", "kid is another account's, the signature is not", Refused("malformed", "jws-signature-invalid", null, "unauthorized"), KidOfAnother),
        Of("kid-of-another-directory", "RFC 8555 §6.2", "kid is an account URL of another directory", Refused("unauthorized", "account-of-other-directory"),
            trial => trial.OrderRequest(request => request.Header["kid"] = trial.Client.AccountUrl!.Replace("/account/", "-2/account/", StringComparison.Ordinal))).Where(Need.DeviceAcme),
        Of("altered-signature", "RFC 8555 §6.2", "the signature was altered", Refused("malformed", "jws-signature-invalid", null, "unauthorized"),
            trial => trial.OrderRequest(request => request.Change = jws => jws["signature"] = Flipped((string)jws["signature"]!))),
        Of("altered-payload", "RFC 8555 §6.2", "the payload was changed after it was signed", Refused("malformed", "jws-signature-invalid", null, "unauthorized"),
            trial => trial.OrderRequest(request => request.Change = jws => jws["payload"] = Base64Url.Encode([.. request.Payload, (byte)' ']))),
        Of("unsigned", "RFC 8555 §6.2", "alg is none and the signature empty", Refused("badSignatureAlgorithm", "signature-algorithm-unsupported", 400, "malformed"),
            trial => trial.OrderRequest(request =>
            {
                request.Header["alg"] = "none";
                request.Change = jws => jws["signature"] = "";
            })),
        Of("mac-in-place-of-a-signature", "RFC 8555 §6.2", "the request has a MAC, made with the public key", Refused("badSignatureAlgorithm", "signature-algorithm-unsupported", 400, "malformed"),
            trial => trial.OrderRequest(request =>
            {
                request.Header["alg"] = "HS256";
                request.Signer = JwsSigner.ForMac(trial.Signer.Jwk!.Spki.ToArray());
            })),
        Of("algorithm-of-another-key", "RFC 8555 §6.2", "alg is for another curve than the account's key", Refused("malformed", "jws-algorithm-mismatch", null, "badSignatureAlgorithm", "badPublicKey", "unauthorized"),
            trial => trial.OrderRequest(request => request.Header["alg"] = "ES384")),
        Of("unprotected-header", "RFC 8555 §6.2", "the JWS has an unprotected header", Refused("malformed", "jws-unprotected-header"),
            trial => trial.OrderRequest(request => request.Change = jws => jws["header"] = new JsonObject())),
        Of("general-serialization", "RFC 8555 §6.2", "the JWS has a list of signatures", Refused("malformed", "jws-not-flattened"),
            trial => trial.OrderRequest(request => request.Change = jws => jws["signatures"] = new JsonArray(new JsonObject
            {
                ["protected"] = (string)jws["protected"]!,
                ["signature"] = (string)jws["signature"]!,
            }))),
        Of("header-extension", "RFC 7515 §4.1.11", "the header asks for an extension that nobody knows", Refused("malformed", "jws-extension"),
            trial => trial.OrderRequest(request =>
            {
                request.Header["crit"] = new JsonArray("example.extension");
                request.Header["example.extension"] = true;
            })),
        Of("unencoded-payload", "RFC 8555 §6.2", "b64 is false", Refused("malformed", "jws-extension"),
            trial => trial.OrderRequest(request => request.Header["b64"] = false)),
        Of("get-of-a-resource", "RFC 8555 §6.3", "a resource is fetched with GET", Refused("malformed", "method-not-allowed", 405), GetOfAccount),
        Of("object-where-nothing-is-due", "RFC 8555 §6.3", "an order is read with the payload {}", Refused("malformed", "payload-not-empty"), async trial =>
        {
            var order = await trial.Ordered();
            return await trial.Post("order", order.Url, "{}");
        }),
        Of("unknown-resource", "RFC 8555 §6.7", "a path that leads to nothing", Refused("malformed", "resource-unknown", 404), async trial =>
        {
            var url = (await (await trial.Registered()).Directory(trial.Cancellation)).NewOrder;
            return await trial.Post("newOrder", url + "s", "{}");
        }).Where(Need.DeviceAcme),
        Of("unknown-directory", "RFC 8555 §7.1.1", "a directory that does not exist", Refused("malformed", "directory-unknown", 404), async trial =>
        {
            var url = new Uri(new Uri(trial.DirectoryUrl), "/acme/profile-of-nobody/directory");
            return Trial.Read("directory", await trial.Client.Send("directory", new HttpRequestMessage(HttpMethod.Get, url), trial.Cancellation));
        }).Where(Need.DeviceAcme),
        Of("oversized-body", "RFC 8555 §6.6", "a request of a megabyte", Refused("malformed", "body-too-large", 413),
            trial => trial.OrderRequest(request =>
            {
                request.AsksFirst = true;
                request.ChangeBody = _ => Encoding.ASCII.GetBytes($$"""{"protected":"{{new string('A', 1 << 20)}}"}""");
            })).Where(Need.DeviceAcme),
        Of("oversized-header", "RFC 8555 §6.2", "a protected header of 9000 octets", Refused("malformed", "base64url-too-long"),
            trial => trial.OrderRequest(request => request.Header["comment"] = new string('x', 9000))).Where(Need.DeviceAcme),
    ];

    private static async Task<Outcome> ReusedNonce(Trial trial)
    {
        var client = await trial.Registered();
        var first = await trial.Request("account", client.AccountUrl!, []);
        var nonce = (string)first.Header["nonce"]!;
        var used = await trial.Send(first);
        return used.Problem is not null ? used : await trial.OrderRequest(request => request.Header["nonce"] = nonce);
    }

    private static async Task<Outcome> KidOnNewAccount(Trial trial)
    {
        var client = await trial.Registered();
        return await trial.Send(await trial.Request("newAccount", (await client.Directory(trial.Cancellation)).NewAccount, Octets("{}")));
    }

    private static async Task<Outcome> KidOfAnother(Trial trial)
    {
        var other = await trial.Somebody();
        return await trial.OrderRequest(request => request.Header["kid"] = other.AccountUrl);
    }

    private static async Task<Outcome> GetOfAccount(Trial trial)
    {
        AcmeClient client = await trial.Registered();
        return Trial.Read("account", await client.Send("account", new HttpRequestMessage(HttpMethod.Get, client.AccountUrl), trial.Cancellation));
    }

    private static string Flipped(string base64)
    {
        var octets = System.Buffers.Text.Base64Url.DecodeFromChars(base64);
        octets[^1] ^= 1;
        return Base64Url.Encode(octets);
    }
}
