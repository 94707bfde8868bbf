using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>What clients do wrongly about accounts (RFC 8555 §7.3), external ones among them.</summary>
internal static class AccountFaults
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        Of("account-that-is-not-there", "RFC 8555 §7.3.1", "onlyReturnExisting with a key that has no account", Refused("accountDoesNotExist", "account-unknown", 400),
            trial => trial.AccountRequest(request => request.Text = """{"onlyReturnExisting":true}""")),
        Contact("contact-by-telephone", "a contact with another scheme than mailto", "unsupportedContact", "contact-scheme-unsupported", "tel:+12025551212"),
        Contact("contact-not-an-address", "a contact that is no mail address", "invalidContact", "contact-address-invalid", "mailto:nobody"),
        Contact("contact-with-header-fields", "a mailto contact with header fields", "invalidContact", "contact-has-header-fields", "mailto:a@example.com?subject=hello"),
        Contact("contact-of-two", "a mailto contact with two addresses", "invalidContact", "contact-has-several-addresses", "mailto:a@example.com,b@example.com"),
        Contact("too-many-contacts", "fifteen contacts", "invalidContact", "too-many-contacts", [.. Enumerable.Range(0, 15).Select(number => $"mailto:a{number}@example.com")]).Where(Need.DeviceAcme),
        Of("foreign-account", "RFC 8555 §7.3.2", "an account asks for another account", Refused("unauthorized", "not-your-account", null, "accountDoesNotExist", "malformed"), async trial =>
        {
            var other = await trial.Somebody();
            return await trial.Post("account", other.AccountUrl!, []);
        }),
        Of("deactivated-account", "RFC 8555 §7.3.6", "an account that was given up orders", Refused("unauthorized", "account-not-valid", 401), async trial =>
        {
            await (await trial.Registered()).DeactivateAccount(trial.Cancellation);
            return await trial.Post("newOrder", (await trial.Client.Directory(trial.Cancellation)).NewOrder, Octets(Order(trial.Device.Identifiers)));
        }),
        KeyChange("key-change-without-proof", "the inner signature is by the old key", "malformed", "inner-signature-invalid", (trial, change) => change.SignInner = trial.Signer),
        KeyChange("key-change-other-url", "url of the inner header is another one", "malformed", "inner-url-mismatch", (trial, change) => change.Header["url"] = trial.DirectoryUrl),
        KeyChange("key-change-with-nonce", "the inner header has a nonce", "malformed", "jws-inner-nonce", (_, change) => change.Header["nonce"] = "AAAA"),
        KeyChange("key-change-by-account", "the inner header has a kid in place of the new key", "malformed", "jws-key-choice", (trial, change) =>
        {
            change.Header.Remove("jwk");
            change.Header["kid"] = trial.Client.AccountUrl;
        }),
        KeyChange("key-change-other-account", "the inner payload names another account", "malformed", "key-change-account-mismatch", (trial, change) => change.Payload["account"] = trial.Client.AccountUrl + "2"),
        KeyChange("key-change-other-old-key", "the inner payload names another old key", "malformed", "key-change-old-key-mismatch", (_, change) => change.Payload["oldKey"] = Trial.KeyOf(change.NewKey)),
        Of("key-change-to-a-taken-key", "RFC 8555 §7.3.5", "the new key is another account's", Refused("malformed", "key-in-use", 409), async trial =>
        {
            var taken = trial.NewSigner();
            await trial.NewClient(taken).Register(trial.Registration(), trial.Cancellation);
            return await Change(trial, new InnerChange(trial, taken), (_, _) => { });
        }),

        Bound("missing-external-account", "newAccount without an external account", Refused("externalAccountRequired", "external-account-required", null, "unauthorized", "malformed"), (_, _) => null),
        Bound("external-account-wrong-key", "the binding's MAC is made with another key", Refused("unauthorized", "external-account-mac-invalid", null, "malformed"),
            (trial, url) => Binding(trial, url, key: new byte[32])),
        Bound("external-account-other-url", "url of the binding is another one", Refused("malformed", "external-account-url", null, "unauthorized"), (trial, _) => Binding(trial, trial.DirectoryUrl)),
        Bound("external-account-other-key", "the binding is for another account's key", Refused("malformed", "external-account-key-mismatch", null, "unauthorized"),
            (trial, url) => Binding(trial, url, payload: trial.NewSigner().Jwk!.ToJson())),
        Bound("external-account-with-nonce", "the binding has a nonce", Refused("malformed", "jws-inner-nonce", null, "unauthorized"), (trial, url) => Binding(trial, url, nonce: "AAAA")),
        Bound("external-account-signed", "the binding is signed and has no MAC", Refused("badSignatureAlgorithm", "mac-algorithm-unsupported", null, "malformed", "unauthorized"),
            (trial, url) => JsonNode.Parse(trial.Signer.Sign(url, Encoding.UTF8.GetBytes(trial.Signer.Jwk!.ToJson()), null, External(trial).KeyId))),
        Of("external-account-used-twice", "RFC 8555 §7.3.4", "a second account with the same external account", Refused("unauthorized", "ticket-used", null, "malformed"), async trial =>
        {
            await trial.Registered();
            try
            {
                await trial.Somebody();
                return new Outcome("newAccount", 201, null, null, "a second account was made");
            }
            catch (AcmeClientException failure) when (failure.Problem is not null)
            {
                return Trial.Of(failure);
            }
        }).Where(Need.SingleUseAccount),
        Of("terms-not-agreed", "RFC 8555 §7.3.3", "newAccount without agreement to the terms of service", Refused("userActionRequired", "terms-not-agreed", 403, "malformed", "unauthorized"),
            trial => trial.AccountRequest(request => request.Text = "{}")).Where(Need.TermsOfService),
    ];

    private static Fault Contact(string name, string description, string problem, string reason, params string[] contacts) => Of(
        name, "RFC 8555 §7.3", description, Refused(problem, reason, null, problem == "invalidContact" ? "malformed" : "invalidContact"),
        trial => trial.AccountRequest(request => request.Payload = Octets(new JsonObject
        {
            ["termsOfServiceAgreed"] = true,
            ["contact"] = new JsonArray([.. contacts.Select(contact => (JsonNode)contact)]),
        })));

    private static Fault KeyChange(string name, string description, string problem, string reason, Action<Trial, InnerChange> wrong) => Of(
        name, "RFC 8555 §7.3.5", description, Refused(problem, reason, null, "unauthorized", "badPublicKey"), async trial =>
        {
            await trial.Registered();
            return await Change(trial, new InnerChange(trial, trial.NewSigner()), wrong);
        });

    private static async Task<Outcome> Change(Trial trial, InnerChange change, Action<Trial, InnerChange> wrong)
    {
        await trial.Registered();
        var url = (await trial.Client.Directory(trial.Cancellation)).KeyChange;
        change.Header["url"] = url;
        change.Payload["account"] ??= trial.Client.AccountUrl;
        wrong(trial, change);
        return await trial.Post("keyChange", url, change.SignInner.SignRaw(Octets(change.Header), Octets(change.Payload)));
    }

    // the binding's own JWS; null leaves it out
    private static Fault Bound(string name, string description, Expectation expected, Func<Trial, string, JsonNode?> binding) => Of(name, "RFC 8555 §7.3.4", description, expected, async trial =>
    {
        var url = (await trial.Client.Directory(trial.Cancellation)).NewAccount;
        var payload = new JsonObject { ["termsOfServiceAgreed"] = true };
        if (binding(trial, url) is { } jws)
        {
            payload["externalAccountBinding"] = jws;
        }

        return await trial.AccountRequest(request => request.Payload = Octets(payload));
    }).Where(Need.ExternalAccount);

    private static JsonNode Binding(Trial trial, string url, byte[]? key = null, string? payload = null, string? nonce = null) => JsonNode.Parse(
        JwsSigner.ForMac(key ?? External(trial).MacKey).Sign(url, Encoding.UTF8.GetBytes(payload ?? trial.Signer.Jwk!.ToJson()), nonce, External(trial).KeyId))!;

    private static ExternalAccountCredential External(Trial trial) =>
        trial.ExternalAccount ?? throw new SimulatorException("this fault is about external accounts", "name one with --eab-key-id and --eab-key");

    /// <summary>The inner JWS of a key change, right unless a fault changes it.</summary>
    private sealed class InnerChange(Trial trial, JwsSigner newKey)
    {
        public JwsSigner NewKey { get; } = newKey;

        public JsonObject Header { get; } = new() { ["alg"] = newKey.Algorithm.Name, ["jwk"] = Trial.KeyOf(newKey) };

        public JsonObject Payload { get; } = new() { ["oldKey"] = Trial.KeyOf(trial.Signer) };

        public JwsSigner SignInner { get; set; } = newKey;
    }
}
