using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using static DeviceAcme.Simulator.Trials.Row;

namespace DeviceAcme.Simulator.Trials;

/// <summary>What clients do wrongly between newOrder and finalize (RFC 8555 §7.4, §7.5; device-attest §3, §5).</summary>
internal static class OrderFaults
{
    // DeviceAcme lets an account have 300 open orders
    private const int ManyOrders = 301;

    public static IReadOnlyList<Fault> All { get; } =
    [
        Of("unsupported-identifier", "RFC 8555 §7.4", "an identifier type that nobody knows", Refused("unsupportedIdentifier", "identifier-type-unsupported", null, "malformed", "rejectedIdentifier"),
            trial => trial.OrderOf("ca", "C02SIM000001")),
        Of("two-wrong-identifiers", "RFC 8555 §6.7.1", "two identifiers that cannot be ordered", Refused("compound", "several-problems", null, "rejectedIdentifier", "unsupportedIdentifier", "malformed"),
            trial => trial.OrderPayload(Octets(Order([new AcmeIdentifier("ca", "1"), new AcmeIdentifier("email", "2")])))),
        Of("identifier-with-nul", "device-attest §3", "a permanent identifier with U+0000", Refused("rejectedIdentifier", "identifier-has-nul", null, "malformed"),
            trial => trial.OrderOf(trial.Device.Identifiers[0].Type, trial.Device.Identifiers[0].Value + "\0")).OfDevices(),
        Of("identifier-too-long", "device-attest §3", "a permanent identifier of 300 characters", Refused("rejectedIdentifier", "identifier-too-long", null, "malformed"),
            trial => trial.OrderOf(trial.Device.Identifiers[0].Type, new string('C', 300))).OfDevices(),
        Of("identifier-with-wrong-assigner", "device-attest §3", "an assigner with a leading zero", Refused("malformed", "identifier-syntax", null, "rejectedIdentifier"),
            trial => trial.OrderOf(trial.Device.Identifiers[0].Type, "C02SIM000001/1.02.3")).OfDevices(),
        Of("dns-name-with-underscore", "RFC 8555 §7.1.4", "a dns name that is no host's", Refused("rejectedIdentifier", "dns-name-invalid", null, "malformed"), trial => trial.OrderOf("dns", "host_.example")).OfHosts(),
        Of("ip-address-of-letters", "RFC 8738 §3", "an ip identifier that is no address", Refused("rejectedIdentifier", "ip-address-invalid", null, "malformed", "unsupportedIdentifier"), trial => trial.OrderOf("ip", "ten.0.0.1")).OfHosts(),
        Of("ip-address-not-canonical", "RFC 8738 §3", "an IPv6 address that is not in canonical form", Refused("rejectedIdentifier", "ip-address-not-canonical", null, "malformed", "unsupportedIdentifier"), trial => trial.OrderOf("ip", "2001:DB8::1")).OfHosts(),
        Of("unknown-profile", "ACME profiles §4", "the order names a profile that does not exist", Refused("invalidProfile", "profile-not-open", null, "malformed"), trial => trial.OrderPayload(order => order["profile"] = "profile-of-nobody")),
        Of("profile-of-other-identifiers", "ACME profiles §4", "the order names a profile that cannot certify its identifier", Refused("invalidProfile", "profile-lacks-identifier-type", null, "malformed"),
            trial => trial.OrderPayload(order => order["profile"] = "tls-server")).OfDevices().Where(Need.DeviceAcme),
        Of("serial-of-letters", "RFC 8555 §7.4", "an identifier of a form that the profile does not allow", Refused("rejectedIdentifier", "identifier-not-allowed", null, "malformed"),
            trial => trial.OrderOf("permanent-identifier", "ABC")).Where(Need.DeviceAcme) with { Kinds = ["yubikey"] },
        Of("orders-from-nowhere", "RFC 8555 §7.1.2.1", "a page of the list of orders that there is not", Refused("malformed", "cursor-invalid"), async trial =>
        {
            var account = await (await trial.Registered()).Account(trial.Cancellation);
            return await trial.Post("orders", account.Orders + "?after=nowhere", []);
        }).Where(Need.DeviceAcme),
        Of("impossible-validity", "RFC 8555 §7.4", "the order wants a certificate that has ended already", Refused("malformed", "validity-not-possible", null, "rejectedIdentifier"),
            trial => trial.OrderPayload(order => order["notAfter"] = "2020-01-01T00:00:00Z")),
        Of("too-many-open-orders", "RFC 8555 §6.6", "hundreds of orders that nobody finishes", Refused("rateLimited", "too-many-open-orders", 429), ManyOpenOrders).Where(Need.DeviceAcme),
        Of("foreign-order", "RFC 8555 §7.4", "an account asks for another account's order", Refused("unauthorized", "not-your-order", null, "malformed"),
            trial => Foreign(trial, "order", (_, order) => Task.FromResult(order.Url))),
        Of("foreign-authorization", "RFC 8555 §7.5", "an account asks for another account's authorization", Refused("unauthorized", "not-your-authorization", null, "malformed"),
            trial => Foreign(trial, "authorization", (_, order) => Task.FromResult(order.Value.Authorizations[0]))),
        Of("foreign-challenge", "RFC 8555 §7.5.1", "an account answers another account's challenge", Refused("unauthorized", "not-your-challenge", null, "malformed"),
            trial => Foreign(trial, "challenge", async (owner, order) => (await owner.Authorization(order.Value.Authorizations[0], trial.Cancellation)).Challenges[0].Url)),
        Of("evidence-without-attestation-object", "device-attest §5", "the answer to the challenge is {}", Refused("malformed", "attestation-object-missing", null, "badAttestationStatement"), async trial =>
        {
            var order = await trial.Ordered();
            return await trial.Post("challenge", (await trial.Challenge(order.Value)).Url, "{}");
        }).OfDevices(),
        Of("second-answer-after-refusal", "RFC 8555 §7.1.6", "a challenge that failed is answered again", Refused("malformed", "challenge-not-pending", null, "unauthorized", "badAttestationStatement"), async trial =>
        {
            var (_, challenge) = await Failed(trial);
            return await trial.Post("challenge", challenge.Url, """{"attObj":"oA"}""");
        }).OfDevices(),
        Of("finalize-after-refusal", "RFC 8555 §7.4", "an order whose challenge failed is finalized", Refused("orderNotReady", "order-not-ready", 403), async trial =>
        {
            var (order, _) = await Failed(trial);
            return await trial.FinalizeOf(order.Value, trial.Device.CertificateRequest());
        }).OfDevices(),
        Of("deactivation-of-a-failed-authorization", "RFC 8555 §7.5.2", "an authorization that failed is given up", Refused("malformed", "authorization-not-active", null, "unauthorized"), async trial =>
        {
            var (order, _) = await Failed(trial);
            return await trial.Post("authorization", order.Value.Authorizations[0], """{"status":"deactivated"}""");
        }).OfDevices(),
        Of("authorization-made-valid", "RFC 8555 §7.5.2", "the client sets an authorization to valid", Refused("malformed", "authorization-status-not-settable", null, "unauthorized"), async trial =>
        {
            var order = await trial.Ordered();
            return await trial.Post("authorization", order.Value.Authorizations[0], """{"status":"valid"}""");
        }),
        Of("wildcard-pre-authorization", "RFC 8555 §7.4.1", "newAuthz for a wildcard name", Refused("malformed", "wildcard-pre-authorization", null, "rejectedIdentifier"), async trial =>
        {
            var url = (await (await trial.Registered()).Directory(trial.Cancellation)).NewAuthz ?? throw new SimulatorException("the directory offers no newAuthz") { NotApplicable = true };
            return await trial.Post("newAuthz", url, Octets(new JsonObject { ["identifier"] = Json(new AcmeIdentifier(AcmeIdentifier.Dns, "*.host.example")) }));
        }).OfHosts(),
        Of("finalize-too-early", "RFC 8555 §7.4", "an order is finalized before its challenge was answered", Refused("orderNotReady", "order-not-ready", 403), async trial =>
        {
            var order = await trial.Ordered();
            return await trial.FinalizeOf(order.Value, trial.Device.CertificateRequest());
        }),
        Of("finalize-twice", "RFC 8555 §7.4", "an order that has its certificate is finalized again", Refused("orderNotReady", "order-not-ready", 403), async trial =>
        {
            var order = await trial.Issued();
            return await trial.FinalizeOf(order.Value, trial.Device.CertificateRequest());
        }),
        Of("two-finalizes-at-once", "RFC 8555 §7.4", "right, but twice at the same time: there must be one certificate", Expectation.Accepted, TwoAtOnce),
        Of("foreign-finalize", "RFC 8555 §7.4", "an account finalizes another account's order, which is ready", Refused("unauthorized", "not-your-order", null, "malformed"), async trial =>
        {
            var order = await trial.Ready();
            var payload = Octets(new JsonObject { ["csr"] = Protocol.Jose.Base64Url.Encode(trial.Device.CertificateRequest()) });
            return Trial.Read("finalize", await (await trial.Somebody()).Post("finalize", order.Value.Finalize, payload, trial.Cancellation));
        }),
        Of("certificate-as-an-object", "RFC 8555 §7.4.2", "the certificate is asked for with the payload {}", Refused("malformed", "payload-not-empty"), async trial =>
        {
            var order = await trial.Issued();
            return await trial.Post("certificate", order.Value.Certificate!, "{}");
        }),
        Of("foreign-certificate", "RFC 8555 §7.4.2", "an account fetches another account's certificate", Refused("unauthorized", "not-your-certificate", null, "malformed"), async trial =>
        {
            var order = await trial.Issued();
            return Trial.Read("certificate", await (await trial.Somebody()).PostAsGet("certificate", order.Value.Certificate!, trial.Cancellation));
        }),
        Of("unknown-chain", "RFC 8555 §7.4.2", "a chain that the certificate does not have", Refused("malformed", "chain-unknown", 404), async trial =>
        {
            var order = await trial.Issued();
            return await trial.Post("certificate", order.Value.Certificate + "/99", []);
        }).Where(Need.DeviceAcme),
    ];

    // the order is the other's: so the account that is known afterwards is not its owner
    private static async Task<Outcome> Foreign(Trial trial, string step, Func<AcmeClient, AcmeResource<OrderObject>, Task<string>> url)
    {
        var owner = await trial.Somebody();
        var order = await owner.NewOrder(trial.OrderRequest(), trial.Cancellation);
        return await trial.Post(step, await url(owner, order), step != "challenge" ? [] : Octets(trial.Device.ChallengeType == "device-attest-01" ? """{"attObj":"oA"}""" : "{}"));
    }

    private static async Task<(AcmeResource<OrderObject> Order, ChallengeObject Challenge)> Failed(Trial trial)
    {
        var order = await trial.Ordered();
        var challenge = await trial.Challenge(order.Value);
        await trial.Post("challenge", challenge.Url, """{"attObj":"oA"}""");
        return (order, challenge);
    }

    private static async Task<Outcome> ManyOpenOrders(Trial trial)
    {
        for (var number = 1; number < ManyOrders; number++)
        {
            await trial.Ordered();
        }

        return await trial.OrderRequest(_ => { });
    }

    private static async Task<Outcome> TwoAtOnce(Trial trial)
    {
        var order = await trial.Ready();
        var csr = trial.Device.CertificateRequest();
        var payload = Octets(new JsonObject { ["csr"] = Protocol.Jose.Base64Url.Encode(csr) });
        var answers = await Task.WhenAll(
            trial.Client.Post("finalize", order.Value.Finalize, payload, trial.Cancellation), trial.Client.Post("finalize", order.Value.Finalize, payload, trial.Cancellation));
        var finished = await trial.Client.WaitForCertificate(order.Url, trial.Cancellation);
        if (answers.Select(answer => Trial.Read("finalize", answer)).FirstOrDefault(outcome => outcome.Problem is not null and not "orderNotReady") is { } wrong)
        {
            return wrong;
        }

        // whoever answered with a certificate must have meant the same one
        var named = answers.Where(answer => answer.Problem is null).Select(answer => answer.Read(AcmeJson.Default.OrderObject).Certificate).OfType<string>().Append(finished.Certificate!).Distinct().ToList();
        return named.Count == 1
            ? new Outcome("finalize", 200, null, null, $"one certificate, {(await trial.Client.DownloadChain(named[0], trial.Cancellation)).Url}")
            : RightTrials.Wrong($"{named.Count} certificates for one order: {string.Join(", ", named)}");
    }
}
