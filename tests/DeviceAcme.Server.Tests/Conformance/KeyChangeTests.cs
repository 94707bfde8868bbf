using System.Net;
using System.Text.Json.Nodes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Account key rollover (RFC 8555 §7.3.5).</summary>
[Spec("RFC 8555 §7.3.5")]
public sealed class KeyChangeTests(SharedServer shared)
{
    [Theory]
    [InlineData("ES256")]
    [InlineData("ES384")]
    [InlineData("RS256")]
    public async Task The_new_key_takes_the_account_over(string algorithm)
    {
        var account = await shared.Account();
        var old = account.Key;
        var fresh = algorithm switch { "ES256" => TestKey.P256(), "ES384" => TestKey.P384(), _ => TestKey.Rsa(2048) };

        var reply = await Change(account, fresh);
        reply.Status.Should().Be(HttpStatusCode.OK, reply.Body);

        (await account.Get(account.Kid!)).ShouldBeProblem("malformed", 400);
        account.Key = fresh;
        (await account.Get(account.Kid!)).State.Should().Be("valid");
        (await account.Post($"{account.Root}/new-account", """{"onlyReturnExisting":true}""", useJwk: true)).Header("Location").Should().Be(account.Kid);
        (await new TestAccount(shared.Server, key: old).Register("""{"onlyReturnExisting":true}""")).ShouldBeProblem("accountDoesNotExist", 400);
    }

    [Fact]
    public async Task Orders_and_authorizations_stay_as_they_are()
    {
        var account = await shared.Account();
        var pending = await account.Order(("dns", "pending.example"));
        var ready = await account.Authorize(await account.Order(("dns", "ready.example")));
        var fresh = TestKey.P256();
        await Change(account, fresh);
        account.Key = fresh;

        (await account.Get(pending.Header("Location")!)).State.Should().Be("pending");
        (await account.Get(ready.Header("Location")!)).State.Should().Be("ready");
        (await account.Authorize(pending)).State.Should().Be("ready");
    }

    [Fact]
    public async Task A_key_of_another_account_is_409_with_the_Location_of_that_account()
    {
        var other = await shared.Account();
        var account = await shared.Account();

        var reply = await Change(account, other.Key);
        reply.ShouldBeProblem("malformed", 409);
        reply.Header("Location").Should().Be(other.Kid);
        (await account.Get(account.Kid!)).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_accounts_own_key_is_409_too()
    {
        var account = await shared.Account();
        var reply = await Change(account, account.Key);

        reply.ShouldBeProblem("malformed", 409);
        reply.Header("Location").Should().Be(account.Kid);
    }

    public static TheoryData<string, Action<JsonObject>> Headers => new()
    {
        { "a nonce", header => header["nonce"] = "AAAA" },
        { "kid", header => { header.Remove("jwk"); header["kid"] = "https://acme.test/acme/tls-server/account/x"; } },
        { "jwk and kid", header => header["kid"] = "x" },
        { "no jwk", header => header.Remove("jwk") },
        { "another url", header => header["url"] = "https://acme.test/acme/tls-server/new-account" },
        { "no url", header => header.Remove("url") },
        { "another key than the one that signs", header => header["jwk"] = TestKey.P256().Jwk },
    };

    [Theory]
    [MemberData(nameof(Headers), DisableDiscoveryEnumeration = true)]
    public async Task An_inner_JWS_with_another_header_is_malformed(string what, Action<JsonObject> change)
    {
        var account = await shared.Account();
        var reply = await Change(account, TestKey.P256(), change);

        reply.Status.Should().Be(HttpStatusCode.BadRequest, what);
        reply.ShouldBeProblem("malformed", 400);
    }

    [Fact]
    public async Task The_inner_JWS_must_be_signed_by_the_new_key()
    {
        var account = await shared.Account();
        var fresh = TestKey.P256();
        (await Change(account, fresh, signer: account.Key)).ShouldBeProblem("malformed", 400);
    }

    [Fact]
    public async Task The_inner_JWS_must_name_this_account()
    {
        var account = await shared.Account();
        var other = await shared.Account();
        (await Change(account, TestKey.P256(), payload: payload => payload["account"] = other.Kid)).ShouldBeProblem("malformed", 400);
        (await Change(account, TestKey.P256(), payload: payload => payload.Remove("account"))).ShouldBeProblem("malformed", 400);
    }

    [Fact]
    public async Task The_inner_JWS_must_name_the_old_key()
    {
        var account = await shared.Account();
        (await Change(account, TestKey.P256(), payload: payload => payload["oldKey"] = TestKey.P256().Jwk)).ShouldBeProblem("malformed", 400);
        (await Change(account, TestKey.P256(), payload: payload => payload.Remove("oldKey"))).ShouldBeProblem("malformed", 400);
    }

    [Theory]
    [InlineData("HS256", "badSignatureAlgorithm")]
    [InlineData("none", "badSignatureAlgorithm")]
    public async Task The_inner_JWS_must_have_a_signature_algorithm(string algorithm, string type)
    {
        var account = await shared.Account();
        (await Change(account, TestKey.P256(), header => header["alg"] = algorithm)).ShouldBeProblem(type, 400);
    }

    [Fact]
    public async Task A_new_key_that_is_refused_is_badPublicKey()
    {
        var account = await shared.Account();
        (await Change(account, TestKey.Rsa(1024))).ShouldBeProblem("badPublicKey", 400);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"protected":"","payload":"","signature":""}""")]
    public async Task A_payload_that_is_no_JWS_is_malformed(string payload)
    {
        var account = await shared.Account();
        (await account.Post($"{account.Root}/key-change", payload)).ShouldBeProblem("malformed", 400);
    }

    [Fact]
    public async Task Of_many_changes_at_once_one_wins()
    {
        var account = await shared.Account();
        var keys = Enumerable.Range(0, 6).Select(_ => TestKey.P256()).ToList();
        var replies = await Task.WhenAll(keys.Select(key => Task.Run(() => Change(account, key))));

        replies.Count(reply => reply.Status == HttpStatusCode.OK).Should().Be(1);
        account.Key = keys[Array.FindIndex(replies, reply => reply.Status == HttpStatusCode.OK)];
        (await account.Get(account.Kid!)).Status.Should().Be(HttpStatusCode.OK);
    }

    /// <summary>A key change, right unless told otherwise.</summary>
    internal static Task<TestReply> Change(TestAccount account, TestKey fresh, Action<JsonObject>? header = null, Action<JsonObject>? payload = null, TestKey? signer = null)
    {
        var url = $"{account.Root}/key-change";
        var inner = new JsonObject { ["alg"] = fresh.Alg, ["jwk"] = fresh.Jwk, ["url"] = url };
        header?.Invoke(inner);
        var change = new JsonObject { ["account"] = account.Kid, ["oldKey"] = account.Key.Jwk };
        payload?.Invoke(change);
        return account.Post(url, (signer ?? fresh).Jws(inner, change.ToJsonString()).ToJsonString());
    }
}
