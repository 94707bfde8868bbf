using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>External account binding: an inner JWS with a MAC vouches for the new account (RFC 8555 §7.3.4).</summary>
[Spec("RFC 8555 §7.3.4")]
public sealed class ExternalAccountBindingTests(SharedServer shared)
{
    private readonly byte[] _mac = RandomNumberGenerator.GetBytes(32);

    [Fact]
    public async Task Without_a_binding_where_one_is_required_is_externalAccountRequired()
    {
        var account = new TestAccount(shared.Server, TestProfiles.EabRequired);
        (await account.Register()).ShouldBeProblem("externalAccountRequired", 403);
        (await account.Register("""{"externalAccountBinding":null}""")).ShouldBeProblem("externalAccountRequired", 403);
    }

    [Theory]
    [InlineData("HS256")]
    [InlineData("HS384")]
    [InlineData("HS512")]
    public async Task A_right_binding_makes_the_account_and_is_echoed(string algorithm)
    {
        var key = await NewKey();
        var account = new TestAccount(shared.Server, TestProfiles.EabRequired);
        var binding = Binding(account, key, header => header["alg"] = algorithm);
        var reply = await Register(account, binding);

        reply.Status.Should().Be(HttpStatusCode.Created, reply.Body);
        JsonNode.DeepEquals(reply.Json["externalAccountBinding"], binding).Should().BeTrue();
        account.Kid = reply.Header("Location");
        JsonNode.DeepEquals((await account.Get(account.Kid!)).Json["externalAccountBinding"], binding).Should().BeTrue();
        (await account.Order(("dns", "host.example"))).Status.Should().Be(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Optional_takes_an_account_with_or_without()
    {
        (await new TestAccount(shared.Server, TestProfiles.EabOptional).Register()).Status.Should().Be(HttpStatusCode.Created);
        var bound = new TestAccount(shared.Server, TestProfiles.EabOptional);
        (await Register(bound, Binding(bound, await NewKey()))).Json["externalAccountBinding"].Should().NotBeNull();
        var wrong = new TestAccount(shared.Server, TestProfiles.EabOptional);
        (await Register(wrong, Binding(wrong, "unknown"))).ShouldBeProblem("unauthorized", 403);
    }

    public static TheoryData<string, Action<JsonObject>, string, int> Headers => new()
    {
        { "a signature algorithm", header => header["alg"] = "ES256", "badSignatureAlgorithm", 400 },
        { "none", header => header["alg"] = "none", "badSignatureAlgorithm", 400 },
        { "a nonce", header => header["nonce"] = "AAAA", "malformed", 400 },
        { "another url", header => header["url"] = "https://acme.test/acme/tls-server/new-account", "malformed", 400 },
        { "no url", header => header.Remove("url"), "malformed", 400 },
        { "no kid", header => header.Remove("kid"), "malformed", 400 },
        { "jwk in the place of kid", header => { header.Remove("kid"); header["jwk"] = new JsonObject { ["kty"] = "oct" }; }, "malformed", 400 },
        { "critical", header => header["crit"] = new JsonArray("b64"), "malformed", 400 },
        { "an unknown kid", header => header["kid"] = "unknown", "unauthorized", 403 },
        { "a kid with a blank", header => header["kid"] = (string)header["kid"]! + " ", "unauthorized", 403 },
    };

    [Theory]
    [MemberData(nameof(Headers), DisableDiscoveryEnumeration = true)]
    public async Task A_binding_with_another_header_is_refused(string what, Action<JsonObject> change, string type, int status)
    {
        var account = new TestAccount(shared.Server, TestProfiles.EabRequired);
        var reply = await Register(account, Binding(account, await NewKey(), change));

        ((int)reply.Status).Should().Be(status, what);
        reply.ShouldBeProblem(type, status);
        (await account.Register("""{"onlyReturnExisting":true}""")).ShouldBeProblem("accountDoesNotExist", 400);
    }

    [Fact]
    public async Task A_wrong_MAC_and_an_unknown_key_get_the_same_answer()
    {
        var account = new TestAccount(shared.Server, TestProfiles.EabRequired);
        var key = await NewKey();
        var wrong = Binding(account, key, mac: RandomNumberGenerator.GetBytes(32));

        var byMac = await Register(account, wrong);
        var byKey = await Register(account, Binding(account, "unknown"));

        byMac.ShouldBeProblem("unauthorized", 403);
        byKey.Body.Should().Be(byMac.Body);
    }

    [Fact]
    public async Task The_MAC_key_is_what_its_base64url_decodes_to()
    {
        var account = new TestAccount(shared.Server, TestProfiles.EabRequired);
        var reply = await Register(account, Binding(account, await NewKey(), mac: Encoding.ASCII.GetBytes(TestAccount.Base64(_mac))));

        reply.ShouldBeProblem("unauthorized", 403);
    }

    [Fact]
    public async Task A_binding_of_another_account_key_is_refused()
    {
        var key = await NewKey();
        var stolen = Binding(new TestAccount(shared.Server, TestProfiles.EabRequired), key);
        var thief = new TestAccount(shared.Server, TestProfiles.EabRequired);

        (await Register(thief, stolen)).ShouldBeProblem("malformed", 400);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("")]
    public async Task A_binding_of_something_else_than_the_key_is_refused(string payload)
    {
        var account = new TestAccount(shared.Server, TestProfiles.EabRequired);
        (await Register(account, Binding(account, await NewKey(), payload: payload))).ShouldBeProblem("malformed", 400);
    }

    [Fact]
    public async Task A_key_makes_one_account()
    {
        var key = await NewKey();
        var first = new TestAccount(shared.Server, TestProfiles.EabRequired);
        var second = new TestAccount(shared.Server, TestProfiles.EabRequired);
        (await Register(first, Binding(first, key))).Status.Should().Be(HttpStatusCode.Created);

        (await Register(second, Binding(second, key))).ShouldBeProblem("unauthorized", 403);
        (await Register(first, Binding(first, key))).Status.Should().Be(HttpStatusCode.OK, "the account exists, the rest is ignored");
    }

    [Fact]
    public async Task Of_many_accounts_at_once_with_one_key_one_is_made()
    {
        var key = await NewKey();
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            var account = new TestAccount(shared.Server, TestProfiles.EabRequired);
            return Register(account, Binding(account, key));
        })));

        replies.Count(reply => reply.Status == HttpStatusCode.Created).Should().Be(1);
        replies.Count(reply => reply.Status == HttpStatusCode.Forbidden).Should().Be(7);
    }

    [Fact]
    public async Task A_key_of_another_profile_or_an_expired_one_is_refused()
    {
        await shared.AddKey("key-of-other", _mac, TestProfiles.EabOther);
        await shared.AddKey("key-expired", _mac, expires: Simulated.Now);
        var account = new TestAccount(shared.Server, TestProfiles.EabRequired);

        (await Register(account, Binding(account, "key-of-other"))).ShouldBeProblem("unauthorized", 403);
        (await Register(account, Binding(account, "key-expired"))).ShouldBeProblem("unauthorized", 403);
        var right = new TestAccount(shared.Server, TestProfiles.EabOther);
        (await Register(right, Binding(right, "key-of-other"))).Status.Should().Be(HttpStatusCode.Created);
    }

    /// <summary>The inner JWS, right unless told otherwise.</summary>
    internal static JsonObject Sign(TestAccount account, string keyId, byte[] mac, Action<JsonObject>? change = null, string? payload = null)
    {
        var header = new JsonObject { ["alg"] = "HS256", ["kid"] = keyId, ["url"] = $"{account.Root}/new-account" };
        change?.Invoke(header);
        var first = TestAccount.Base64(Encoding.UTF8.GetBytes(header.ToJsonString()));
        var second = TestAccount.Base64(Encoding.UTF8.GetBytes(payload ?? account.Key.Jwk.ToJsonString()));
        var input = Encoding.ASCII.GetBytes($"{first}.{second}");
        var code = (string?)header["alg"] switch
        {
            "HS384" => HMACSHA384.HashData(mac, input),
            "HS512" => HMACSHA512.HashData(mac, input),
            _ => HMACSHA256.HashData(mac, input),
        };
        return new JsonObject { ["protected"] = first, ["payload"] = second, ["signature"] = TestAccount.Base64(code) };
    }

    internal static Task<TestReply> Register(TestAccount account, JsonObject binding) =>
        account.Post($"{account.Root}/new-account", new JsonObject { ["externalAccountBinding"] = binding.DeepClone() }.ToJsonString(), useJwk: true);

    private JsonObject Binding(TestAccount account, string keyId, Action<JsonObject>? change = null, byte[]? mac = null, string? payload = null) =>
        Sign(account, keyId, mac ?? _mac, change, payload);

    private async Task<string> NewKey()
    {
        var id = Convert.ToHexString(RandomNumberGenerator.GetBytes(8));
        await shared.AddKey(id, _mac);
        return id;
    }
}
