using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Server.Tests.Conformance;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Server.Tests.Properties;

/// <summary>Whatever is sent to whichever endpoint: the answer is never a 500, and a problem document where it is an error.</summary>
public sealed class RequestProperties(SharedServer shared) : IAsyncLifetime
{
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(250).WithQuietOnSuccess(true);

    private readonly List<string> _urls = [];
    private TestAccount _account = null!;
    private string? _nonce;

    public async ValueTask InitializeAsync()
    {
        _account = await shared.Account(TestProfiles.Mixed);
        await Prepare();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public void Random_octets_as_the_body() =>
        Check(RandomBytes.Noise, (url, bytes) => _account.Send(url, bytes));

    [Fact]
    public void Random_JSON_as_the_body() =>
        Check(RandomJson.Documents, (url, json) => _account.Send(url, Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Random_members_of_the_JWS() => Check(RandomJson.Objects, (url, json) =>
    {
        var jws = Jws(url, "{}"u8.ToArray());
        var text = jws.ToJsonString();
        // the random members come first or last: a duplicate must not win either way
        var members = json[1..^1];
        return _account.Send(url, Encoding.UTF8.GetBytes(members.Length == 0 ? text : $"{{{members},{text[1..]}"));
    });

    [Fact]
    public void Random_members_of_the_protected_header() => Check(RandomJson.Objects, (url, json) =>
    {
        var header = Header(url).ToJsonString();
        var members = json[1..^1];
        var written = members.Length == 0 ? header : $"{{{members},{header[1..]}";
        return _account.Send(url, new JsonObject
        {
            ["protected"] = TestAccount.Base64(Encoding.UTF8.GetBytes(written)),
            ["payload"] = "e30",
            ["signature"] = TestAccount.Base64(new byte[64]),
        });
    });

    [Fact]
    public void Random_values_of_the_protected_header() => Check(RandomJson.Documents, (url, json) =>
    {
        var names = new[] { "alg", "nonce", "url", "kid" };
        var header = Header(url);
        var name = names[json.Length % names.Length];
        var kept = header.Where(member => member.Key != name).Select(member => $"{RandomJson.Write(member.Key)}:{member.Value!.ToJsonString()}");
        var written = $"{{{string.Join(',', kept)},\"{name}\":{json}}}";
        return _account.Send(url, new JsonObject
        {
            ["protected"] = TestAccount.Base64(Encoding.UTF8.GetBytes(written)),
            ["payload"] = "",
            ["signature"] = TestAccount.Base64(new byte[64]),
        });
    });

    [Fact]
    public void Random_octets_as_the_payload() => Check(RandomBytes.Noise, Signed);

    [Fact]
    public void Random_JSON_as_the_payload() => Check(RandomJson.Documents, (url, json) => Signed(url, Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Random_objects_as_the_payload() => Check(RandomJson.Objects, (url, json) => Signed(url, Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Random_inner_JWS() => Check(RandomJson.Objects, (_, json) =>
    {
        var inner = new JsonObject { ["protected"] = TestAccount.Base64(Encoding.UTF8.GetBytes(json)), ["payload"] = TestAccount.Base64(Encoding.UTF8.GetBytes(json)), ["signature"] = "AAAA" };
        return json.Length % 2 == 0
            ? Signed($"{_account.Root}/key-change", Encoding.UTF8.GetBytes(inner.ToJsonString()))
            : Signed($"{TestServer.BaseUrl}/acme/{TestProfiles.EabRequired}/new-account", Encoding.UTF8.GetBytes($$"""{"externalAccountBinding":{{inner.ToJsonString()}}}"""));
    });

    [Fact]
    public void Random_paths() => Check(RandomJson.Documents, async (url, json) =>
    {
        var path = $"{(json.Length % 2 == 0 ? url : TestServer.BaseUrl)}/{Uri.EscapeDataString(json.Replace("\0", ""))}";
        var read = await _account.Fetch(path);
        ShouldBeAnAnswer(read, path);
        return await Signed(path, []);
    });

    [Fact]
    public void Random_identifiers() => Check(ArbMap.Default.ArbFor<string>(), (_, value) =>
    {
        var type = (value?.Length % 3) switch { 0 => "permanent-identifier", 1 => "hardware-module", _ => "dns" };
        var payload = new JsonObject { ["identifiers"] = new JsonArray(new JsonObject { ["type"] = type, ["value"] = value }) };
        return Signed($"{_account.Root}/new-order", Encoding.UTF8.GetBytes(payload.ToJsonString()));
    });

    private void Check<T>(Arbitrary<T> random, Func<string, T, Task<TestReply>> send) =>
        Prop.ForAll(random, Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), (value, pick) =>
        {
            var url = _urls[pick % _urls.Count];
            var reply = send(url, value).GetAwaiter().GetResult();
            _nonce = reply.Header("Replay-Nonce");
            ShouldBeAnAnswer(reply, url);
            if (reply.Status == HttpStatusCode.Unauthorized && reply.Reason == "account-not-valid")
            {
                // by chance it was asked to be deactivated, and was
                _account = shared.Account(TestProfiles.Mixed).GetAwaiter().GetResult();
                Prepare().GetAwaiter().GetResult();
            }
        }).Check(Config);

    internal static void ShouldBeAnAnswer(TestReply reply, string url)
    {
        ((int)reply.Status).Should().BeInRange(200, 499, $"{url} {reply.Body}");
        if ((int)reply.Status < 400)
        {
            return;
        }

        reply.ContentType.Should().Be("application/problem+json", url);
        ((string?)reply.Json["type"]).Should().StartWith("urn:ietf:params:acme:error:");
        ((string?)reply.Json["detail"]).Should().NotBeNullOrEmpty();
        reply.Reason.Should().NotBeNullOrEmpty();
    }

    private async Task Prepare()
    {
        var order = await _account.Order(("dns", "host.example"), ("permanent-identifier", "ABC"));
        _urls.Clear();
        _urls.AddRange(new[] { "new-account", "new-order", "new-authz", "revoke-cert", "key-change", "new-nonce", "directory", "cert/x", "cert/x/1", "order/x", "authz/x", "chall/x" }.Select(path => $"{_account.Root}/{path}"));
        _urls.AddRange([_account.Kid!, $"{_account.Kid}/orders", order.Header("Location")!, (string)order.Json["finalize"]!, .. order.Json["authorizations"]!.AsArray().Select(url => (string)url!)]);
        foreach (var url in order.Json["authorizations"]!.AsArray())
        {
            _urls.AddRange((await _account.Get((string)url!)).Json["challenges"]!.AsArray().Select(challenge => (string)challenge!["url"]!));
        }
    }

    private Task<TestReply> Signed(string url, byte[] payload) => _account.Send(url, Jws(url, payload));

    private JsonObject Jws(string url, byte[] payload) => _account.Key.Jws(Header(url), payload);

    private JsonObject Header(string url)
    {
        var header = new JsonObject { ["alg"] = "ES256", ["nonce"] = _nonce ?? _account.Nonce().GetAwaiter().GetResult(), ["url"] = url };
        _nonce = null;
        if (url.EndsWith("/new-account", StringComparison.Ordinal))
        {
            header["jwk"] = _account.Key.Jwk;
        }
        else
        {
            header["kid"] = _account.Kid;
        }

        return header;
    }
}
