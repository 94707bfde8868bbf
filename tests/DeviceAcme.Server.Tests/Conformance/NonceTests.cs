using System.Net;
using System.Text.Json.Nodes;
using DeviceAcme.Server.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Nonces: made, spent once, bounded (RFC 8555 §6.5, §7.2).</summary>
public sealed class NonceTests(SharedServer shared)
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Fact, Spec("RFC 8555 §7.2")]
    public async Task HEAD_is_200_and_GET_is_204()
    {
        var account = new TestAccount(shared.Server);
        var head = await account.Fetch($"{account.Root}/new-nonce", HttpMethod.Head);
        var get = await account.Fetch($"{account.Root}/new-nonce");

        head.Status.Should().Be(HttpStatusCode.OK);
        get.Status.Should().Be(HttpStatusCode.NoContent);
        foreach (var reply in new[] { head, get })
        {
            reply.Header("Replay-Nonce").Should().MatchRegex("^[A-Za-z0-9_-]+$");
            reply.Header("Cache-Control").Should().Contain("no-store");
            reply.Body.Should().BeEmpty();
        }
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public async Task A_request_without_nonce_is_badNonce_and_the_answers_nonce_serves_the_retry()
    {
        var account = await shared.Account();
        var refused = await account.Post(account.Kid!, null, header: header => header.Remove("nonce"));

        refused.ShouldBeProblem("badNonce", 400);
        (await Retry(account, refused)).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public async Task An_unknown_nonce_is_badNonce_and_the_answers_nonce_serves_the_retry()
    {
        var account = await shared.Account();
        var known = await account.Nonce();
        foreach (var unknown in new[] { "AAAA", known[..^1] + (known[^1] == 'A' ? "Q" : "A"), "A" + known[1..^1] + known[^1..], new string('A', 900), known + known })
        {
            var refused = await account.Post(account.Kid!, null, header: header => header["nonce"] = unknown == known ? "B" + known[1..] : unknown);
            refused.ShouldBeProblem("badNonce", 400);
            (await Retry(account, refused)).Status.Should().Be(HttpStatusCode.OK);
        }
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public async Task A_nonce_is_good_once()
    {
        var account = await shared.Account();
        var nonce = await account.Nonce();

        (await With(account, nonce)).Status.Should().Be(HttpStatusCode.OK);
        var refused = await With(account, nonce);
        refused.ShouldBeProblem("badNonce", 400);
        (await Retry(account, refused)).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact, Spec("RFC 8555 §6.5")]
    public async Task Of_many_requests_at_once_with_one_nonce_one_is_served()
    {
        var account = await shared.Account();
        var nonce = await account.Nonce();
        var replies = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => With(account, nonce))));

        replies.Count(reply => reply.Status == HttpStatusCode.OK).Should().Be(1);
        replies.Where(reply => reply.Status != HttpStatusCode.OK).Should().OnlyContain(reply => ((string)reply.Json["type"]!).EndsWith(":badNonce"));
    }

    public static TheoryData<string, Action<JsonObject>, bool> Failures => new()
    {
        { "wrong signature", _ => { }, true },
        { "unsupported algorithm", header => header["alg"] = "none", false },
        { "another URL", header => header["url"] = "https://acme.test/acme/tls-server/new-order", false },
        { "unknown account", header => header["kid"] = "https://acme.test/acme/tls-server/account/unknown", false },
        { "account of another directory", header => header["kid"] = "https://acme.test/acme/open/account/unknown", false },
        { "both jwk and kid", header => header["jwk"] = new JsonObject(), false },
        { "a key that is refused", header => { header.Remove("kid"); header["jwk"] = new JsonObject { ["kty"] = "oct", ["k"] = "AA" }; }, false },
        { "critical extension", header => header["crit"] = new JsonArray("x"), false },
        { "no url", header => header.Remove("url"), false },
    };

    [Theory, Spec("RFC 8555 §6.5")]
    [MemberData(nameof(Failures), DisableDiscoveryEnumeration = true)]
    public async Task A_nonce_is_spent_in_a_request_that_fails_too(string what, Action<JsonObject> change, bool wrongSignature)
    {
        var account = await shared.Account();
        var nonce = await account.Nonce();
        var failed = await account.Post(
            account.Kid!, null, header: header => { header["nonce"] = nonce; change(header); }, signature: bytes => wrongSignature ? [.. bytes.Reverse()] : bytes);

        ((int)failed.Status).Should().BeInRange(400, 499, what);
        ((string)failed.Json["type"]!).Should().NotEndWith(":badNonce");
        (await With(account, nonce)).ShouldBeProblem("badNonce", 400);
    }

    [Theory, Spec("RFC 8555 §6.5")]
    [InlineData("""{"identifiers":[]}""", "new-order")]
    [InlineData("no JSON", "new-order")]
    [InlineData(null, "order/unknown")]
    public async Task A_nonce_is_spent_where_the_payload_is_refused(string? payload, string path)
    {
        var account = await shared.Account();
        var nonce = await account.Nonce();
        ((int)(await account.Post($"{account.Root}/{path}", payload, header: header => header["nonce"] = nonce)).Status).Should().BeInRange(400, 499);

        (await With(account, nonce)).ShouldBeProblem("badNonce", 400);
    }

    [Theory, Spec("RFC 8555 §6.5.2")]
    [InlineData("")]
    [InlineData("AAAA=")]
    [InlineData("AA+A")]
    [InlineData("../../etc/passwd")]
    [InlineData("AA AA")]
    [InlineData("AAAAA")]
    public async Task A_nonce_that_is_not_base64url_is_malformed(string nonce)
    {
        var account = await shared.Account();
        (await With(account, nonce)).ShouldBeProblem("malformed", 400);
    }

    [Fact]
    public async Task A_nonce_expires()
    {
        var nonces = new Nonces();
        var (early, late) = (nonces.Issue(Now), nonces.Issue(Now));

        (await nonces.Spend(early, Now.AddMinutes(59))).Should().BeTrue();
        (await nonces.Spend(late, Now.AddMinutes(61))).Should().BeFalse();
    }

    [Fact]
    public async Task A_nonce_of_another_node_is_unknown()
    {
        var nonce = new Nonces().Issue(Now);
        (await new Nonces().Spend(nonce, Now)).Should().BeFalse();
    }

    [Fact]
    public async Task A_nonce_with_any_letter_changed_is_unknown_and_the_true_one_stays_good()
    {
        var nonces = new Nonces();
        var nonce = nonces.Issue(Now);
        for (var at = 0; at < nonce.Length; at++)
        {
            (await nonces.Spend(nonce[..at] + (nonce[at] == 'A' ? 'B' : 'A') + nonce[(at + 1)..], Now)).Should().BeFalse();
            (await nonces.Spend(nonce[..at] + (nonce[at] == '_' ? '-' : '_') + nonce[(at + 1)..], Now)).Should().BeFalse("also where the last letter has bits that spell nothing");
        }

        (await nonces.Spend(nonce, Now)).Should().BeTrue();
    }

    [Fact]
    public async Task Only_the_newest_are_kept_so_that_a_flood_cannot_grow_the_memory()
    {
        var nonces = new Nonces(window: 128);
        var issued = Enumerable.Range(0, 129).Select(_ => nonces.Issue(Now)).ToList();

        (await nonces.Spend(issued[0], Now)).Should().BeFalse("it has given way");
        (await Spent(nonces, issued.Skip(1))).Should().Be(128);
        (await Spent(nonces, issued)).Should().Be(0);
        (await nonces.Spend(nonces.Issue(Now), Now)).Should().BeTrue();
    }

    [Fact]
    public async Task Nonces_are_issued_and_spent_from_many_threads()
    {
        var nonces = new Nonces(window: 4096);
        var issued = Enumerable.Range(0, 2000).AsParallel().Select(_ => nonces.Issue(Now)).ToList();

        issued.Should().OnlyHaveUniqueItems();
        (await Task.WhenAll(issued.Concat(issued).AsParallel().Select(nonce => nonces.Spend(nonce, Now).AsTask()))).Count(spent => spent).Should().Be(2000);
    }

    private static async Task<int> Spent(INonces nonces, IEnumerable<string> which)
    {
        var spent = 0;
        foreach (var nonce in which)
        {
            spent += await nonces.Spend(nonce, Now) ? 1 : 0;
        }

        return spent;
    }

    private static Task<TestReply> With(TestAccount account, string nonce) => account.Post(account.Kid!, null, header: header => header["nonce"] = nonce);

    private static Task<TestReply> Retry(TestAccount account, TestReply refused) => With(account, refused.Header("Replay-Nonce")!);
}
