using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>What a client does rightly, and what the server must do about it: the other half of conformance.</summary>
internal static class RightTrials
{
    /// <summary>Stands for a problem where the server refused nothing and answered wrongly all the same.</summary>
    public const string NotRight = "not as the standard says";

    public static IReadOnlyList<Fault> All { get; } =
    [
        Right("enrollment", "RFC 8555 §7.4", "an enrollment from account to certificate; the certificate is for the key of the request", Enroll),
        Right("new-nonce-by-head", "RFC 8555 §7.2", "HEAD of newNonce is 200 with a nonce that nobody may store", trial => Nonce(trial, HttpMethod.Head, 200)),
        Right("new-nonce-by-get", "RFC 8555 §7.2", "GET of newNonce is 204 with a nonce that nobody may store", trial => Nonce(trial, HttpMethod.Get, 204)),
        Right("nonce-of-an-error", "RFC 8555 §6.5", "the nonce that comes with badNonce is good for another try", NonceOfAnError),
        Right("algorithms-of-an-error", "RFC 8555 §6.2", "badSignatureAlgorithm lists the algorithms that are taken", AlgorithmsOfAnError),
        Right("index-link", "RFC 8555 §7.1", "answers link to the directory", async trial => (await Answer(trial)).Links("index").Count > 0 ? Good() : Wrong("no Link with rel=\"index\"")),
        Right("account-again", "RFC 8555 §7.3.1", "newAccount with a key that has an account is 200 with that account's Location", async trial =>
        {
            var client = await trial.Registered();
            var again = await Answer(trial);
            return again.Status == 200 && again.Location == client.AccountUrl ? Good() : Wrong($"HTTP status {again.Status}, Location {again.Location}, expected 200 and {client.AccountUrl}");
        }),
        Right("account-that-exists", "RFC 8555 §7.3.1", "onlyReturnExisting finds the account", async trial =>
        {
            var client = await trial.Registered();
            var found = await trial.NewClient(trial.Signer).Register(new AccountRegistration { OnlyReturnExisting = true }, trial.Cancellation);
            return found.Url == client.AccountUrl ? Good() : Wrong($"found {found.Url}, expected {client.AccountUrl}");
        }),
        Right("contact-changed", "RFC 8555 §7.3.2", "the contacts of an account can be changed", async trial =>
        {
            await (await trial.Registered()).UpdateContact(["mailto:someone@example.com"], trial.Cancellation);
            return Good();
        }),
        Right("key-changed", "RFC 8555 §7.3.5", "the account's key can be changed, and the old one is worth nothing afterwards", KeyChanged),
        Right("account-deactivated", "RFC 8555 §7.3.6", "an account can be given up", async trial =>
        {
            var account = await (await trial.Registered()).DeactivateAccount(trial.Cancellation);
            return account.Status == "deactivated" ? Good() : Wrong($"the account is {account.Status}");
        }),
        Right("order-as-asked", "RFC 8555 §7.1.3", "an order has what was ordered, an end, and one authorization for each identifier", async trial =>
        {
            var order = (await trial.Ordered()).Value;
            return !order.Identifiers.SequenceEqual(trial.Device.Identifiers) ? Wrong($"ordered was {string.Join(", ", trial.Device.Identifiers)}, the order has {string.Join(", ", order.Identifiers)}")
                : order.Authorizations.Count == 0 ? Wrong("no authorizations")
                : order is { Status: "pending", Expires: null } ? Wrong("no member expires") : Good();
        }),
        Right("token-with-entropy", "RFC 8555 §8.1", "a challenge's token has 128 bits or more, in base64url", async trial =>
        {
            var token = (await trial.Challenge((await trial.Ordered()).Value)).Token;
            return Base64Url.IsValid(token!) && token!.Length >= 22 ? Good() : Wrong($"the token is '{token}'");
        }),
        Right("challenge-looked-at", "RFC 8555 §7.5.1", "looking at a challenge does not start its validation", async trial =>
        {
            var challenge = await trial.Challenge((await trial.Ordered()).Value);
            var looked = await trial.Client.Challenge(challenge.Url, trial.Cancellation);
            return looked.Status == "pending" ? Good() : Wrong($"the challenge is {looked.Status}");
        }),
        Right("authorization-deactivated", "RFC 8555 §7.5.2", "an authorization can be given up", async trial =>
        {
            var order = await trial.Ordered();
            var authorization = await trial.Client.DeactivateAuthorization(order.Value.Authorizations[0], trial.Cancellation);
            return authorization.Status == "deactivated" ? Good() : Wrong($"the authorization is {authorization.Status}");
        }),
        FaultTableRow("two-finalizes-at-once"),
        Right("short-signature", "RFC 7518 §3.4", "an ES256 signature without a leading zero, as macOS sends it, is taken", ShortSignature) with { Kinds = Devices.Of(EvidenceFormat.Apple) },
        Right("revocation-by-account", "RFC 8555 §7.6", "the account revokes its certificate", async trial =>
        {
            await trial.Client.Revoke(await trial.Certificate(), 4, trial.Cancellation);
            return Good();
        }),
        Right("revocation-by-key", "RFC 8555 §7.6", "the certificate's own key revokes it", async trial =>
        {
            var certificate = await trial.Certificate();
            var key = trial.Device.Key ?? throw new SimulatorException("this device's key signs no requests") { NotApplicable = true };
            await trial.Client.RevokeWithKey(JwsSigner.For(key), certificate, cancellation: trial.Cancellation);
            return Good();
        }),
        .. RightAnswers.All,
    ];

    public static Fault Right(string name, string section, string description, Func<Trial, Task<Outcome>> play) => Of(name, section, description, Expectation.Accepted, play);

    private static Fault FaultTableRow(string name) => OrderFaults.All.Single(row => row.Name == name);

    public static Outcome Good() => new("end", null, null, null, "as expected");

    public static Outcome Wrong(string detail) => new("end", null, NotRight, null, detail);

    private static async Task<Outcome> Enroll(Trial trial)
    {
        var der = await trial.Certificate();
        using var certificate = X509CertificateLoader.LoadCertificate(der);
        return trial.Device.Key is { } key && !certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()) ? Wrong("the certificate has another key than the request") : Good();
    }

    private static async Task<Outcome> Nonce(Trial trial, HttpMethod method, int status)
    {
        var url = (await trial.Client.Directory(trial.Cancellation)).NewNonce;
        var answer = await trial.Client.Send("newNonce", new HttpRequestMessage(method, url), trial.Cancellation);
        return answer.Status != status ? Wrong($"HTTP status {answer.Status}, expected {status}")
            : answer.ReplayNonce is not { } nonce || !Base64Url.IsValid(nonce) ? Wrong($"Replay-Nonce is '{answer.ReplayNonce}'")
            : answer.Header("Cache-Control")?.Contains("no-store", StringComparison.OrdinalIgnoreCase) != true ? Wrong("Cache-Control does not say no-store") : Good();
    }

    private static async Task<Outcome> NonceOfAnError(Trial trial)
    {
        var client = await trial.Registered();
        var request = await trial.Request("account", client.AccountUrl!, []);
        request.Header["nonce"] = Base64Url.Encode(RandomNumberGenerator.GetBytes(16));
        var refused = await client.Send("account", request.ToMessage(), trial.Cancellation);
        if (refused.ReplayNonce is not { } fresh)
        {
            return Wrong($"the answer with HTTP status {refused.Status} has no Replay-Nonce");
        }

        request.Header["nonce"] = fresh;
        return await trial.Send(request);
    }

    private static async Task<Outcome> AlgorithmsOfAnError(Trial trial)
    {
        await trial.Registered();
        var request = await trial.Request("account", trial.Client.AccountUrl!, []);
        request.Header["alg"] = "none";
        var answer = await trial.Client.Send("account", request.ToMessage(), trial.Cancellation);
        return answer.Problem?.Algorithms is { Count: > 0 } ? Good() : Wrong($"the problem {answer.Problem?.Type} has no list of algorithms");
    }

    public static async Task<AcmeAnswer> Answer(Trial trial)
    {
        var url = (await trial.Client.Directory(trial.Cancellation)).NewAccount;
        var payload = new JsonObject { ["termsOfServiceAgreed"] = true };
        return await trial.Client.Send("newAccount", (await trial.KeyedRequest("newAccount", url, Octets(payload))).ToMessage(), trial.Cancellation);
    }

    private static async Task<Outcome> KeyChanged(Trial trial)
    {
        var client = await trial.Registered();
        var old = await trial.Request("account", client.AccountUrl!, []);
        await client.ChangeKey(trial.NewSigner(), trial.Cancellation);
        await client.Account(trial.Cancellation);
        return (await trial.Send(old)).Problem is null ? Wrong("the old key is still taken") : Good();
    }

    // about 1 in 128 signatures has a leading zero: sign until one has
    private static async Task<Outcome> ShortSignature(Trial trial)
    {
        var client = await trial.Registered();
        var request = await trial.Request("account", client.AccountUrl!, []);
        var shortened = false;
        request.Signer = JwsSigner.For(trial.AccountKey, signature =>
        {
            var without = AttestingDevice.ShortSignature(signature);
            shortened = without.Length == signature.Length - 1;
            return without;
        });
        for (var attempt = 0; attempt < 10_000; attempt++)
        {
            request.Header["attempt"] = attempt;
            var message = request.ToMessage();
            if (shortened)
            {
                return Trial.Read("account", await client.Send("account", message, trial.Cancellation));
            }

            message.Dispose();
        }

        return Wrong("no short signature came about");
    }
}
