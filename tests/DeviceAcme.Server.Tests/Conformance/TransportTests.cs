using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>How a signed request must look before anybody reads what it wants (RFC 8555 §6.1 to §6.4).</summary>
public sealed class TransportTests(SharedServer shared)
{
    private static readonly string[] Supported = ["ES256", "ES384", "ES512", "RS256"];

    [Fact, Spec("RFC 8555 §6.1")]
    public async Task Every_URL_of_a_directory_is_https()
    {
        var directory = (await new TestAccount(shared.Server).Fetch($"{TestServer.BaseUrl}/directory")).Json.AsObject();

        directory.Where(member => member.Key != "meta").Should().HaveCount(6).And.OnlyContain(member => ((string)member.Value!).StartsWith("https://"));
    }

    [Theory, Spec("RFC 8555 §6.1")]
    [InlineData("protected")]
    [InlineData("payload")]
    [InlineData("signature")]
    public async Task Base64url_with_padding_is_malformed(string member)
    {
        var account = await shared.Account();
        var jws = await Jws(account, $"{account.Root}/new-order", """{"identifiers":[{"type":"dns","value":"a.example"}]}""");
        jws[member] = (string)jws[member]! + new string('=', 2);

        (await account.Send($"{account.Root}/new-order", jws)).ShouldBeProblem("malformed", 400);
    }

    [Theory, Spec("RFC 8555 §6.1")]
    [InlineData("+/")]
    [InlineData(" ")]
    [InlineData("\n")]
    public async Task Base64url_with_another_alphabet_is_malformed(string letters)
    {
        var account = await shared.Account();
        var jws = await Jws(account, account.Kid!, "{}");
        jws["payload"] = letters + (string)jws["payload"]!;

        (await account.Send(account.Kid!, jws)).ShouldBeProblem("malformed", 400);
    }

    [Theory, Spec("RFC 8555 §5")]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xC0, 0xAF })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    public async Task A_payload_that_is_not_UTF8_is_malformed(byte[] octets)
    {
        var account = await shared.Account();
        byte[] payload = [.. "{\"contact\":[\"mailto:"u8, .. octets, .. "@example.com\"]}"u8];
        var header = await Header(account, account.Kid!);
        var reply = await account.Send(account.Kid!, account.Key.Jws(header, payload));

        reply.ShouldBeProblem("malformed", 400);
        reply.Reason.Should().Be("json-not-utf8");
    }

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData(null)]
    [InlineData("application/json")]
    [InlineData("text/plain")]
    [InlineData("application/jose")]
    [InlineData("application/jose+json2")]
    [InlineData("nonsense")]
    public async Task Another_media_type_is_415(string? mediaType)
    {
        var account = await shared.Account();
        var jws = await Jws(account, account.Kid!, null);

        (await account.Send(account.Kid!, jws, mediaType)).ShouldBeProblem("malformed", 415);
    }

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData("application/jose+json; charset=utf-8")]
    [InlineData("Application/JOSE+JSON")]
    public async Task Parameters_and_case_of_the_media_type_change_nothing(string mediaType)
    {
        var account = await shared.Account();

        (await account.Send(account.Kid!, await Jws(account, account.Kid!, null), mediaType)).Status.Should().Be(HttpStatusCode.OK);
    }

    public static TheoryData<string, Action<JsonObject>> Shapes => new()
    {
        { "signatures array", jws => { jws["signatures"] = new JsonArray(new JsonObject { ["protected"] = (string)jws["protected"]!, ["signature"] = (string)jws["signature"]! }); jws.Remove("protected"); jws.Remove("signature"); } },
        { "both serializations", jws => jws["signatures"] = new JsonArray() },
        { "unprotected header", jws => jws["header"] = new JsonObject { ["kid"] = "x" } },
        { "empty unprotected header", jws => jws["header"] = new JsonObject() },
        { "detached payload", jws => jws.Remove("payload") },
        { "payload null", jws => jws["payload"] = null },
        { "payload object", jws => jws["payload"] = new JsonObject() },
        { "no signature", jws => jws.Remove("signature") },
        { "empty signature", jws => jws["signature"] = "" },
        { "no protected header", jws => jws.Remove("protected") },
        { "empty protected header", jws => jws["protected"] = "" },
        { "protected header is no object", jws => jws["protected"] = TestAccount.Base64("[]"u8) },
    };

    [Theory, Spec("RFC 8555 §6.2")]
    [MemberData(nameof(Shapes), DisableDiscoveryEnumeration = true)]
    public async Task Another_shape_of_JWS_is_malformed(string what, Action<JsonObject> change)
    {
        var account = await shared.Account();
        var jws = await Jws(account, account.Kid!, null);
        change(jws);

        var reply = await account.Send(account.Kid!, jws);
        reply.ShouldBeProblem("malformed", 400);
        reply.Header("Replay-Nonce").Should().NotBeNullOrEmpty(what);
    }

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("eyJhbGciOiJFUzI1NiJ9..c2ln")]
    [InlineData("{\"protected\":\"\",\"protected\":\"\"}")]
    public async Task A_body_that_is_no_JSON_object_is_malformed(string body)
    {
        var account = await shared.Account();
        (await account.Send(account.Kid!, Encoding.UTF8.GetBytes(body))).ShouldBeProblem("malformed", 400);
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public async Task A_body_of_more_than_64_KiB_is_413()
    {
        var account = await shared.Account();
        (await account.Send(account.Kid!, new byte[(64 * 1024) + 1])).ShouldBeProblem("malformed", 413);
    }

    public static TheoryData<string, Action<JsonObject>> Headers => new()
    {
        { "b64 false", header => { header["b64"] = false; header["crit"] = new JsonArray("b64"); } },
        { "b64 true", header => header["b64"] = true },
        { "crit", header => header["crit"] = new JsonArray("exp") },
        { "empty crit", header => header["crit"] = new JsonArray() },
        { "jwk and kid", header => header["jwk"] = new JsonObject { ["kty"] = "EC" } },
        { "neither jwk nor kid", header => header.Remove("kid") },
        { "kid null", header => header["kid"] = null },
        { "kid a number", header => header["kid"] = 1 },
        { "no alg", header => header.Remove("alg") },
        { "alg a number", header => header["alg"] = 256 },
        { "no url", header => header.Remove("url") },
        { "url a number", header => header["url"] = 1 },
        { "nonce a number", header => header["nonce"] = 1 },
    };

    [Theory, Spec("RFC 8555 §6.2")]
    [MemberData(nameof(Headers), DisableDiscoveryEnumeration = true)]
    public async Task A_protected_header_without_its_members_is_malformed(string what, Action<JsonObject> change)
    {
        var account = await shared.Account();

        var reply = await account.Post(account.Kid!, null, header: change);
        reply.Status.Should().Be(HttpStatusCode.BadRequest, what);
        reply.ShouldBeProblem("malformed", 400);
    }

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    [InlineData("EdDSA")]
    [InlineData("Ed25519")]
    [InlineData("PS256")]
    [InlineData("RS1")]
    [InlineData("es256")]
    [InlineData("")]
    public async Task Another_algorithm_is_badSignatureAlgorithm_with_the_list(string algorithm)
    {
        var account = await shared.Account();

        var problem = (await account.Post(account.Kid!, null, header: header => header["alg"] = algorithm)).ShouldBeProblem("badSignatureAlgorithm", 400);
        problem["algorithms"]!.AsArray().Select(name => (string)name!).Should().Equal(Supported);
    }

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("ES512")]
    [InlineData("RS256")]
    public async Task Each_listed_algorithm_signs_requests(string algorithm)
    {
        var key = algorithm switch { "ES256" => TestKey.P256(), "ES384" => TestKey.P384(), "ES512" => TestKey.P521(), _ => TestKey.Rsa(2048) };
        var account = await shared.Account(key: key);

        (await account.Get(account.Kid!)).Status.Should().Be(HttpStatusCode.OK);
    }

    public static TheoryData<string, Action<JsonObject>> Keys => new()
    {
        { "RSA of 1024 bits", header => Replace(header, "RS256", TestKey.Rsa(1024).Jwk) },
        { "RSA with exponent 1", header => { Replace(header, "RS256", TestKey.Rsa(2048).Jwk); header["jwk"]!["e"] = "AQ"; } },
        { "a curve that is not supported", header => header["jwk"]!["crv"] = "secp256k1" },
        { "a point beside the curve", header => header["jwk"]!["x"] = header["jwk"]!["y"]!.DeepClone() },
        { "a short coordinate", header => header["jwk"]!["x"] = "AQ" },
        { "an octet key pair", header => header["jwk"] = new JsonObject { ["kty"] = "OKP", ["crv"] = "Ed25519", ["x"] = TestAccount.Base64(new byte[32]) } },
        { "a symmetric key", header => header["jwk"] = new JsonObject { ["kty"] = "oct", ["k"] = "AAAA" } },
        { "a private key", header => header["jwk"]!["d"] = TestAccount.Base64(new byte[32]) },
        { "a key for another algorithm", header => header["jwk"] = TestKey.P384().Jwk },
    };

    [Theory, Spec("RFC 8555 §6.2")]
    [MemberData(nameof(Keys), DisableDiscoveryEnumeration = true)]
    public async Task A_key_that_is_refused_is_badPublicKey(string what, Action<JsonObject> change)
    {
        var account = new TestAccount(shared.Server);

        var reply = await account.Post($"{account.Root}/new-account", "{}", useJwk: true, header: change);
        reply.Status.Should().Be(HttpStatusCode.BadRequest, what);
        reply.ShouldBeProblem("badPublicKey", 400);
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public async Task An_algorithm_for_another_key_than_the_accounts_is_malformed()
    {
        var account = await shared.Account();
        (await account.Post(account.Kid!, null, header: header => header["alg"] = "RS256")).ShouldBeProblem("malformed", 400);
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public async Task A_signature_by_another_key_is_malformed()
    {
        var account = await shared.Account();
        account.Key = TestKey.P256();

        (await account.Get(account.Kid!)).ShouldBeProblem("malformed", 400);
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public async Task A_changed_payload_is_malformed()
    {
        var account = await shared.Account();
        var jws = await Jws(account, account.Kid!, """{"contact":["mailto:a@example.com"]}""");
        jws["payload"] = TestAccount.Base64("""{"contact":["mailto:b@example.com"]}"""u8);

        (await account.Send(account.Kid!, jws)).ShouldBeProblem("malformed", 400);
        (await account.Get(account.Kid!)).Json["contact"].Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §6.2")]
    public async Task NewAccount_wants_jwk()
    {
        var account = await shared.Account();
        (await account.Post($"{account.Root}/new-account", "{}")).ShouldBeProblem("malformed", 400);
    }

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData("new-order")]
    [InlineData("new-authz")]
    [InlineData("key-change")]
    [InlineData("order/x")]
    [InlineData("order/x/finalize")]
    [InlineData("authz/x")]
    [InlineData("chall/x")]
    [InlineData("cert/x")]
    [InlineData("account/x")]
    [InlineData("account/x/orders")]
    public async Task Everything_else_wants_kid(string path)
    {
        var account = await shared.Account();
        (await account.Post($"{account.Root}/{path}", "{}", useJwk: true)).ShouldBeProblem("malformed", 400)["reason"]!.GetValue<string>().Should().Be("kid-required");
    }

    [Theory, Spec("RFC 8555 §6.2")]
    [InlineData("{0}/account/unknown")]
    [InlineData("{1}/")]
    [InlineData("{1}?x")]
    [InlineData("unknown")]
    [InlineData("")]
    public async Task An_unknown_kid_is_accountDoesNotExist(string kid)
    {
        var account = await shared.Account();
        var written = kid.Replace("{0}", account.Root).Replace("{1}", account.Kid);

        (await account.Post($"{account.Root}/new-order", "{}", header: header => header["kid"] = written)).ShouldBeProblem("accountDoesNotExist", 400);
    }

    [Theory, Spec("RFC 8555 §6.4")]
    [InlineData("https://acme.test/acme/tls-server/new-authz")]
    [InlineData("https://other.test/acme/tls-server/new-order")]
    [InlineData("http://acme.test/acme/tls-server/new-order")]
    [InlineData("https://ACME.test/acme/tls-server/new-order")]
    [InlineData("https://acme.test:443/acme/tls-server/new-order")]
    [InlineData("https://acme.test/acme/tls-server/new-order/")]
    [InlineData("https://acme.test/acme/tls-server/new-order?x=1")]
    [InlineData("/acme/tls-server/new-order")]
    [InlineData("")]
    public async Task Another_url_than_the_requests_is_unauthorized(string url)
    {
        var account = await shared.Account();
        var reply = await account.Post($"{account.Root}/new-order", """{"identifiers":[{"type":"dns","value":"a.example"}]}""", header: header => header["url"] = url);

        reply.ShouldBeProblem("unauthorized", 401);
    }

    [Theory, Spec("RFC 8555 §6.4")]
    [InlineData("X-Forwarded-Host")]
    [InlineData("X-Forwarded-Prefix")]
    [InlineData("Host")]
    public async Task A_header_that_anybody_can_send_does_not_change_the_URL(string header)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{TestServer.BaseUrl}/directory");
        request.Headers.TryAddWithoutValidation(header, "evil.test");
        using var reply = await shared.Server.Http.SendAsync(request, TestContext.Current.CancellationToken);

        ((string)(await TestReply.Read(reply)).Json["newOrder"]!).Should().Be("https://acme.test/acme/tls-server/new-order");
    }

    private static void Replace(JsonObject header, string algorithm, JsonObject key)
    {
        header["alg"] = algorithm;
        header["jwk"] = key;
    }

    private static async Task<JsonObject> Header(TestAccount account, string url) =>
        new() { ["alg"] = account.Key.Alg, ["nonce"] = await account.Nonce(), ["url"] = url, ["kid"] = account.Kid };

    private static async Task<JsonObject> Jws(TestAccount account, string url, string? payload) => account.Sign(await Header(account, url), payload);
}
