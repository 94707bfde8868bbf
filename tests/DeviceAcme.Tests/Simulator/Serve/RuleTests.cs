using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Serve;
using DeviceAcme.Simulator.Serve.Judging;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator.Serve;

/// <summary>Every rule, with a client that keeps it and one that breaks it.</summary>
public sealed class RuleTests
{
    private const string Base = PlayedClient.Base;

    /// <summary>What an enrollment without mistakes shows already.</summary>
    private static readonly string[] SeenAnyway =
    [
        "user-agent", "accept-language", "tls-version", "tls-server-name", "jose-content-type", "post-as-get", "empty-payload", "base64url-without-padding", "flattened-jws", "signature-algorithm", "jwk-or-kid",
        "jwk-for-new-account", "kid-is-account-url", "url-is-request-url", "signature-length", "key-fits-algorithm", "nonce-present", "nonce-once", "nonce-from-server", "new-nonce-by-head", "nonces-of-answers", "directory-first",
        "no-guessed-urls", "directory-once", "contact", "one-account-per-key", "key-of-its-own", "dns-identifiers", "ready-order-not-polled", "finished-order-not-polled", "finalize-when-ready", "finalized-once",
        "order-polled-after-processing", "order-poll-pause", "csr-names", "csr-key-is-not-account-key", "challenge-answer", "challenge-answered-once", "authorization-read", "validation-poll-pause", "certificate-downloaded",
        "accept-pem", "certificate-downloaded-once",
    ];

    /// <summary>Occasions that an enrollment without mistakes does not have, and that a good client masters.</summary>
    private static readonly Dictionary<string, Action<PlayedClient>> Keeps = new()
    {
        ["rate-limited"] = client => Limited(client, TimeSpan.FromSeconds(10)),
        ["problem-ends-the-step"] = client => client.Refuse("order", 400, "rejectedIdentifier"),
        ["subproblems"] = client => Subproblem(client, "refused.example"),
        ["bad-nonce-retried"] = client => client.Refuse("order", 400, "badNonce"),
        ["unknown-members"] = client => client["directory"].Chaos.Add("strict"),
        ["account-reused"] = client => SecondOrder(client),
        ["external-account"] = client => External(client, _ => { }),
        ["key-change"] = client => KeyChange(client, Base + "/key-change"),
        ["order-times"] = client => client["order"].Change(order => order["notAfter"] = "2026-04-01T00:00:00Z"),
        ["valid-authorization-reused"] = client => ReusedAuthorization(client, answers: false),
        ["invalid-authorization-left"] = client => client["validated"].Answer!["status"] = "invalid",
        ["alternate-chains"] = client => client.Repeat("certificate").Url = Base + "/cert/1?alternate=1",
        ["revocation-request"] = client => Revoke(client, 1),
        ["revocation-reason"] = client => Revoke(client, null),
        ["renewal-info-url"] = client => Ask(client, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", over: false),
        ["renewal-info-by-get"] = client => Ask(client, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", over: false),
        ["renewal-info-pause"] = client => AskTwice(client, TimeSpan.FromHours(7)),
        ["renews-in-window"] = client => Renew(client, replaces: "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"),
        ["order-replaces"] = client => Renew(client, replaces: "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"),
        ["replaces-known-certificate"] = client => Renew(client, replaces: "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"),
    };

    private static readonly Dictionary<string, Action<PlayedClient>> Breaks = new()
    {
        ["user-agent"] = client => client["order"].Headers.Remove("User-Agent"),
        ["accept-language"] = client => client["order"].Headers.Remove("Accept-Language"),
        ["tls-version"] = client => client["order"].Tls = "Tls11",
        ["tls-server-name"] = client => client["order"].ServerName = null,
        ["jose-content-type"] = client => client["order"].Headers["Content-Type"] = "application/json",
        ["post-as-get"] = client => { client["ready"].Method = "GET"; client["ready"].Payload = null; },
        ["empty-payload"] = client => client["ready"].Payload = "{}",
        ["rate-limited"] = client => Limited(client, TimeSpan.FromSeconds(3)),
        ["problem-ends-the-step"] = client => { client.Refuse("order", 403, "unauthorized"); client.Refuse("order", 403, "unauthorized"); client.Refuse("order", 403, "unauthorized"); },
        ["subproblems"] = client => Subproblem(client, "host.example"),
        ["base64url-without-padding"] = client => client["order"].Envelope = jws => jws["protected"] = jws["protected"]!.GetValue<string>() + "=",
        ["flattened-jws"] = client => client["order"].Envelope = jws => jws["header"] = new JsonObject(),
        ["signature-algorithm"] = client => client["order"].Header = header => header["alg"] = "HS256",
        ["jwk-or-kid"] = client => client["order"].Header = header => header["jwk"] = JsonNode.Parse(PlayedClient.AccountJwk.ToJson()),
        ["jwk-for-new-account"] = client => client["order"].ByKey = true,
        ["kid-is-account-url"] = client => { client.Refuse("order", 400, "accountDoesNotExist").Header = header => header["kid"] = Base + "/account/2"; },
        ["url-is-request-url"] = client => client["order"].Header = header => header["url"] = Base + ":443/new-order",
        ["signature-length"] = client => client["order"].Envelope = jws => jws["signature"] = DeviceAcme.Protocol.Jose.Base64Url.Encode(new byte[63]),
        ["key-fits-algorithm"] = client => client["account"].Header = header => header["alg"] = "ES384",
        ["nonce-present"] = client => client["order"].Header = header => header.Remove("nonce"),
        ["nonce-once"] = client => client["authorization"].Header = header => header["nonce"] = "nonce1",
        ["nonce-from-server"] = client => { client.Refuse("order", 400, "badNonce").Header = header => header["nonce"] = "invented"; },
        ["bad-nonce-retried"] = client => { client.Refuse("order", 400, "badNonce"); client.Steps.RemoveRange(client.Steps.IndexOf(client["order"]), 9); },
        ["new-nonce-by-head"] = client => client["nonce"].Method = "GET",
        ["nonces-of-answers"] = client => { foreach (var name in (string[])["order", "authorization", "challenge", "poll", "ready", "finalize", "issued"]) { client.Repeat("nonce", after: name); } },
        ["directory-first"] = client => client.Steps.RemoveAt(0),
        ["no-guessed-urls"] = client => { var guessed = client.Refuse("order", 404, "malformed"); (guessed.Url, guessed.Resource) = (Base + "/acme/new-order", Resource.Unknown); },
        ["directory-once"] = client => { foreach (var name in (string[])["order", "authorization", "challenge", "poll", "ready", "finalize", "issued"]) { client.Repeat("directory", after: name); } },
        ["unknown-members"] = client => { client["directory"].Chaos.Add("strict"); client.Steps.RemoveRange(1, client.Steps.Count - 1); },
        ["contact"] = client => client["account"].Change(account => account["contact"] = new JsonArray("mailto:a@host.example,b@host.example")),
        ["account-reused"] = client => { SecondOrder(client); client.Repeat("account"); },
        ["one-account-per-key"] = client => { client.Repeat("account"); client.Repeat("account"); client.Repeat("account"); },
        ["key-of-its-own"] = client => client.Refuse("order", 400, "malformed").Answer!["detail"] = "signature: does not verify with the account's key",
        ["external-account"] = client => External(client, header => header["nonce"] = "nonce1"),
        ["key-change"] = client => KeyChange(client, Base + "/elsewhere"),
        ["dns-identifiers"] = client => client["order"].Change(order => order["identifiers"]![0]!["value"] = "büro.example"),
        ["order-times"] = client => client["order"].Change(order => order["notAfter"] = "tomorrow"),
        ["ready-order-not-polled"] = client => { client.Repeat("ready"); client.Repeat("ready"); client.Repeat("ready"); },
        ["finished-order-not-polled"] = client => { client.Repeat("issued"); client.Repeat("issued"); client.Repeat("issued"); },
        ["finalize-when-ready"] = client => { client.Steps.Remove(client["ready"]); client.Steps.Remove(client["validated"]); },
        ["finalized-once"] = client => client.Repeat("finalize"),
        ["order-polled-after-processing"] = client => { client.Steps.Remove(client["issued"]); client.Steps.Remove(client["certificate"]); },
        ["order-poll-pause"] = client => client["issued"].After = TimeSpan.FromMilliseconds(300),
        ["csr-names"] = client => client["finalize"].Change(finalize => finalize["csr"] = DeviceAcme.Protocol.Jose.Base64Url.Encode(PlayedClient.Request(PlayedClient.CertificateKey, "host.example", "more.example"))),
        ["csr-key-is-not-account-key"] = client => client["finalize"].Change(finalize => finalize["csr"] = DeviceAcme.Protocol.Jose.Base64Url.Encode(PlayedClient.Request(PlayedClient.AccountKey, "host.example"))),
        ["challenge-answer"] = client => client["challenge"].Payload = "[]",
        ["challenge-answered-once"] = client => client.Repeat("challenge"),
        ["valid-authorization-reused"] = client => ReusedAuthorization(client, answers: true),
        ["authorization-read"] = client => client.Steps.RemoveAll(step => step.Resource is Resource.Authorization),
        ["validation-poll-pause"] = client => client["validated"].After = TimeSpan.FromMilliseconds(300),
        ["invalid-authorization-left"] = client => { client["validated"].Answer!["status"] = "invalid"; client.Repeat("validated"); client.Repeat("validated"); client.Repeat("validated"); },
        ["certificate-downloaded"] = client => client.Steps.Remove(client["certificate"]),
        ["accept-pem"] = client => client["certificate"].Headers["Accept"] = "application/json",
        ["certificate-downloaded-once"] = client => { client.Repeat("certificate"); client.Repeat("certificate"); },
        ["revocation-request"] = client => Revoke(client, null).Change(revocation => revocation["certificate"] = "AAAA"),
        ["revocation-reason"] = client => Revoke(client, 7),
        ["renewal-info-url"] = client => Ask(client, "87654321", over: false),
        ["renewal-info-by-get"] = client => { var asked = Ask(client, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", over: false); (asked.Method, asked.Payload, asked.Status) = ("POST", "", 405); },
        ["renewal-info-pause"] = client => AskTwice(client, TimeSpan.FromMinutes(1)),
        ["renews-in-window"] = client => Ask(client, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", over: true),
        ["order-replaces"] = client => Renew(client, replaces: null),
        ["replaces-known-certificate"] = client => Renew(client, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", refused: true),
    };

    // EvidenceRuleTests has those about evidence; nobody can break a rule that only sees
    private static readonly string[] Elsewhere = ["permanent-identifier", "hardware-module", "attestation-object", "no-authenticator-data", "evidence-is-for-the-challenge", "csr-key-is-attested-key", "idevid-statement", "idevid-binding-covers-key", "idevid-algorithm", "idevid-new-key"];

    public static TheoryData<string> Kept => [.. Keeps.Keys];
    public static TheoryData<string> Broken => [.. Breaks.Keys];

    [Fact]
    public void An_enrollment_without_mistakes_fails_nothing_and_shows_most_rules()
    {
        var results = RuleTable.Judge(new PlayedClient().Tell());

        results.Where(result => result.Mark == Mark.Fail).Select(Shown).Should().BeEmpty();
        results.Where(result => result.Mark == Mark.Pass).Select(result => result.Rule.Name).Should().BeEquivalentTo(SeenAnyway);
    }

    [Theory, MemberData(nameof(Kept))]
    public void A_client_that_keeps_the_rule_passes(string rule)
    {
        var client = new PlayedClient();
        Keeps[rule](client);

        var result = RuleTable.Judge(client.Tell()).Single(one => one.Rule.Name == rule);

        result.Mark.Should().Be(Mark.Pass, Shown(result));
        result.Proof.Should().NotBeEmpty();
    }

    [Theory, MemberData(nameof(Broken))]
    public void A_client_that_breaks_the_rule_fails_and_the_exchanges_are_named(string rule)
    {
        var client = new PlayedClient();
        Breaks[rule](client);
        var story = client.Tell();

        var result = RuleTable.Judge(story).Single(one => one.Rule.Name == rule);

        result.Mark.Should().Be(Mark.Fail);
        result.Broken[0].Words.Should().NotBeEmpty();
        result.Broken[0].Exchanges.Should().NotBeEmpty().And.OnlyContain(number => number >= 1 && number <= story.Exchanges.Count);
    }

    [Fact]
    public void Every_rule_is_kept_and_broken_by_a_test()
    {
        RuleTable.All.Select(rule => rule.Name).Should().OnlyHaveUniqueItems();
        RuleTable.All.Select(rule => rule.Name).Except(Elsewhere).Should().BeEquivalentTo(SeenAnyway.Concat(Keeps.Keys));
        RuleTable.All.Select(rule => rule.Name).Except(Elsewhere).Except(["alternate-chains"]).Should().BeEquivalentTo(Breaks.Keys);
    }

    [Fact]
    public void While_a_client_is_busy_nothing_is_missing_yet()
    {
        var client = new PlayedClient();
        client.Refuse("order", 400, "badNonce");
        client.Steps.RemoveRange(client.Steps.IndexOf(client["order"]), 9);

        RuleTable.Judge(client.Tell(settled: false)).Where(result => result.Mark == Mark.Fail).Select(Shown).Should().BeEmpty();
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public void Bodies_that_are_no_JWS_are_judged_and_break_nothing()
    {
        foreach (var body in (string[])["", "[]", "{", "null", "{\"protected\":1}", "{\"protected\":\"e30\",\"protected\":\"e30\"}", "{\"protected\":\"!!\",\"payload\":\"\",\"signature\":\"\"}"])
        {
            var exchange = new Recorded { Number = 1, At = default, Method = "POST", Url = Base + "/x", Resource = Resource.NewOrder, Body = body, Status = 400, AnswerBody = "{\"type\":7,\"subproblems\":{}}" };

            var results = RuleTable.Judge(new Story([exchange], true, default));

            results.Single(result => result.Rule.Name == "flattened-jws").Mark.Should().Be(Mark.Fail, body);
        }
    }

    [Theory, InlineData("""{"identifiers":[{"type":"dns","type":"dns","value":"host.example"}]}"""), InlineData("""{"identifiers":{"type":"dns"}}"""), InlineData("""{"identifiers":[7,null,[]],"replaces":{},"notAfter":[]}"""), InlineData("[[[")]
    public void Payloads_of_any_shape_are_judged(string payload)
    {
        foreach (var step in (string[])["account", "order", "challenge", "finalize"])
        {
            var client = new PlayedClient();
            client[step].Payload = payload;

            RuleTable.Judge(client.Tell()).Should().HaveCount(RuleTable.All.Count);
        }
    }

    private static string Shown(Judged result) => $"{result.Rule.Name}: {result.Mark} {string.Join("; ", result.Broken.Select(finding => $"{finding.Words} {string.Join(',', finding.Exchanges)}"))}";

    private static void Limited(PlayedClient client, TimeSpan wait)
    {
        client.Refuse("order", 429, "rateLimited").AnswerHeaders.Add(new("Retry-After", "10"));
        client["order"].After = wait;
    }

    private static void Subproblem(PlayedClient client, string name)
    {
        var refused = client.Refuse("order", 400, "compound");
        refused.Answer!["subproblems"] = new JsonArray(new JsonObject { ["type"] = "urn:ietf:params:acme:error:rejectedIdentifier", ["identifier"] = new JsonObject { ["type"] = "dns", ["value"] = name } });
    }

    private static void SecondOrder(PlayedClient client)
    {
        var second = client.Repeat("order", after: "certificate");
        second.AnswerHeaders.Clear();
        second.AnswerHeaders.Add(new("Location", Base + "/order/2"));
    }

    private static void External(PlayedClient client, Action<JsonObject> change)
    {
        var header = new JsonObject { ["alg"] = "HS256", ["kid"] = "key1", ["url"] = Base + "/new-account" };
        change(header);
        client["account"].Change(account => account["externalAccountBinding"] = new JsonObject
        {
            ["protected"] = Encoded(header.ToJsonString()),
            ["payload"] = Encoded(PlayedClient.AccountJwk.ToJson()),
            ["signature"] = Encoded("mac"),
        });
    }

    private static void KeyChange(PlayedClient client, string innerUrl)
    {
        var newKey = DeviceAcme.Protocol.Jose.Jwk.FromKey(PlayedClient.CertificateKey).ToJson();
        client.Add(new PlayedStep
        {
            Name = "key-change",
            Resource = Resource.KeyChange,
            Url = Base + "/key-change",
            Payload = new JsonObject
            {
                ["protected"] = Encoded($$"""{"alg":"ES256","jwk":{{newKey}},"url":"{{innerUrl}}"}"""),
                ["payload"] = Encoded($$"""{"account":"{{Base}}/account/1","oldKey":{{PlayedClient.AccountJwk.ToJson()}}}"""),
                ["signature"] = Encoded("signature"),
            }.ToJsonString(),
        }, after: "certificate");
    }

    // a second order, whose authorization is valid from the first look on
    private static void ReusedAuthorization(PlayedClient client, bool answers)
    {
        SecondOrder(client);
        client["order-again"].Answer!["authorizations"] = new JsonArray(Base + "/authz/2");
        var look = client.Repeat("validated", after: "order-again");
        look.Url = Base + "/authz/2";
        look.Answer!["challenges"]![0]!["url"] = Base + "/chall/2";
        if (answers)
        {
            client.Repeat("challenge", after: "validated-again").Url = Base + "/chall/2";
        }
    }

    private static PlayedStep Revoke(PlayedClient client, int? reason)
    {
        var certificate = new DeviceAcme.Simulator.Vendors.FakeVendors("tests").Apple.Root.Certificate;
        var payload = new JsonObject { ["certificate"] = DeviceAcme.Protocol.Jose.Base64Url.Encode(certificate) };
        if (reason is not null)
        {
            payload["reason"] = reason;
        }

        return client.Add(new PlayedStep { Name = "revoke", Resource = Resource.RevokeCertificate, Url = Base + "/revoke", Payload = payload.ToJsonString() }, after: "certificate");
    }

    private static PlayedStep Ask(PlayedClient client, string id, bool over)
    {
        var known = id.Contains('.', StringComparison.Ordinal);
        var asked = client.Add(new PlayedStep
        {
            Name = "ari",
            Resource = Resource.RenewalInfo,
            Url = $"{Base}/ari/{id}",
            Method = "GET",
            Status = known ? 200 : 404,
            Answer = known ? new JsonObject { ["suggestedWindow"] = new JsonObject { ["start"] = over ? "2026-02-01T00:00:00Z" : "2026-05-01T00:00:00Z", ["end"] = over ? "2026-02-02T00:00:00Z" : "2026-05-02T00:00:00Z" } } : null,
        }, after: "certificate");
        asked.AnswerHeaders.Add(new("Retry-After", "21600"));
        return asked;
    }

    private static void AskTwice(PlayedClient client, TimeSpan pause)
    {
        Ask(client, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", over: false);
        client.Repeat("ari").After = pause;
    }

    private static void Renew(PlayedClient client, string? replaces, bool refused = false)
    {
        Ask(client, "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", over: true);
        var order = client.Repeat("order", after: "ari");
        order.AnswerHeaders.Clear();
        order.AnswerHeaders.Add(new("Location", Base + "/order/2"));
        if (replaces is not null)
        {
            order.Change(payload => payload["replaces"] = replaces);
        }

        if (refused)
        {
            order.Status = 409;
            order.Answer = new JsonObject { ["type"] = "urn:ietf:params:acme:error:alreadyReplaced", ["detail"] = "replaces: another order replaces this certificate" };
        }
    }

    private static string Encoded(string text) => DeviceAcme.Protocol.Jose.Base64Url.Encode(System.Text.Encoding.UTF8.GetBytes(text));
}
