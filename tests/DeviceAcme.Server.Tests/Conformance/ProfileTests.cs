using System.Net;
using System.Security.Cryptography;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Directories, and what is scoped to them: a test for each sentence of the product's promise, and draft-ietf-acme-profiles.</summary>
public sealed class ProfileTests(SharedServer shared)
{
    [Fact]
    public async Task Every_profile_has_its_own_directory()
    {
        foreach (var name in new[] { "tls-server", "apple-device", "linux-tpm", "android-device", "iot-idevid", "yubikey", TestProfiles.Open, TestProfiles.EabRequired })
        {
            var directory = await new TestAccount(shared.Server, name).Fetch($"{TestServer.BaseUrl}/acme/{name}/directory");
            directory.Status.Should().Be(HttpStatusCode.OK);
            ((string?)directory.Json["newOrder"]).Should().Be($"{TestServer.BaseUrl}/acme/{name}/new-order");
        }
    }

    [Theory]
    [InlineData("unknown")]
    [InlineData("TLS-SERVER")]
    [InlineData("tls-server%20")]
    [InlineData("..%2Ftls-server")]
    public async Task What_is_no_profile_has_no_directory(string name) =>
        (await new TestAccount(shared.Server).Fetch($"{TestServer.BaseUrl}/acme/{name}/directory")).ShouldBeProblem("malformed", 404);

    [Fact]
    public async Task The_URL_of_the_directory_selects_the_profile_of_a_client_that_names_none()
    {
        var apple = await shared.Account("apple-device");
        ((string?)(await apple.Order(("permanent-identifier", "X"))).Json["profile"]).Should().Be("apple-device");
        (await apple.Order(("dns", "host.example"))).ShouldBeProblem("unsupportedIdentifier", 400);

        var classic = await shared.Account();
        ((string?)(await classic.Order(("dns", "host.example"))).Json["profile"]).Should().Be("tls-server");
        (await classic.Order(("permanent-identifier", "X"))).ShouldBeProblem("unsupportedIdentifier", 400);
    }

    [Fact]
    public async Task The_short_directory_serves_the_default_profile()
    {
        var account = new TestAccount(shared.Server);
        var byDefault = await account.Fetch($"{TestServer.BaseUrl}/directory");
        byDefault.Body.Should().Be((await account.Fetch($"{TestServer.BaseUrl}/acme/tls-server/directory")).Body);

        await using var other = await TestServer.Start(configure: options => options with { DefaultProfile = "apple-device" });
        ((string?)(await new TestAccount(other).Fetch($"{TestServer.BaseUrl}/directory")).Json["newOrder"]).Should().Be($"{TestServer.BaseUrl}/acme/apple-device/new-order");
    }

    [Fact, Spec("draft-ietf-acme-profiles §3")]
    public async Task A_directory_lists_its_own_profile_and_those_that_are_open_to_any_account()
    {
        var account = new TestAccount(shared.Server);
        var open = (await account.Fetch($"{TestServer.BaseUrl}/acme/{TestProfiles.Open}/directory")).Json["meta"]!["profiles"]!.AsObject();
        var bound = (await account.Fetch($"{TestServer.BaseUrl}/acme/{TestProfiles.EabRequired}/directory")).Json["meta"]!["profiles"]!.AsObject();

        open.Select(profile => profile.Key).Should().Contain([TestProfiles.Open, "tls-server", "apple-device", TestProfiles.EabOptional])
            .And.NotContain([TestProfiles.EabRequired, TestProfiles.EabOther]);
        bound.Select(profile => profile.Key).Should().Contain([TestProfiles.EabRequired, "tls-server"]).And.NotContain(TestProfiles.EabOther);
        ((string?)open[TestProfiles.Open]).Should().Be("Profile open of the tests");
        open.Should().OnlyContain(profile => !string.IsNullOrEmpty((string?)profile.Value));
    }

    [Fact, Spec("draft-ietf-acme-profiles §4")]
    public async Task An_order_may_name_its_own_profile_or_another_open_one_and_shows_it()
    {
        var account = await shared.Account();
        foreach (var name in new[] { "tls-server", TestProfiles.Open, TestProfiles.EabOptional })
        {
            var order = await OrderIn(account, name);
            order.Status.Should().Be(HttpStatusCode.Created, order.Body);
            ((string?)order.Json["profile"]).Should().Be(name);
            ((string?)(await account.Get(order.Header("Location")!)).Json["profile"]).Should().Be(name);
        }
    }

    [Theory, Spec("draft-ietf-acme-profiles §4")]
    [InlineData("unknown")]
    [InlineData("")]
    [InlineData("TLS-server")]
    [InlineData("eab-required")]
    [InlineData("eab-other")]
    public async Task An_order_that_names_another_profile_is_invalidProfile(string name)
    {
        var account = await shared.Account();
        (await OrderIn(account, name)).ShouldBeProblem("invalidProfile", 400);
    }

    [Fact, Spec("draft-ietf-acme-profiles §4")]
    public async Task An_order_whose_profile_does_not_fit_its_identifiers_is_invalidProfile()
    {
        var account = await shared.Account();
        (await OrderIn(account, "apple-device")).ShouldBeProblem("invalidProfile", 400);
    }

    [Fact, Spec("draft-ietf-acme-profiles §4")]
    public async Task An_order_in_another_profile_follows_that_profiles_rules()
    {
        var account = await shared.Account();
        (await OrderIn(account, TestProfiles.Narrow, "host.example")).ShouldBeProblem("rejectedIdentifier", 400);
        var order = await OrderIn(account, TestProfiles.Narrow, "a.example.org");
        var authorization = await account.Get((string)order.Json["authorizations"]![0]!);

        authorization.Json["challenges"]!.AsArray().Select(challenge => (string)challenge!["type"]!).Should().Equal("dns-01");
    }

    [Fact]
    public async Task An_open_account_is_no_way_around_a_binding()
    {
        var open = await shared.Account(TestProfiles.EabOptional);
        (await OrderIn(open, TestProfiles.EabRequired)).ShouldBeProblem("invalidProfile", 400);
        open.Kid = open.Kid!.Replace(TestProfiles.EabOptional, TestProfiles.EabRequired);
        (await open.Post($"{TestServer.BaseUrl}/acme/{TestProfiles.EabRequired}/new-order", "{}")).ShouldBeProblem("accountDoesNotExist", 400);
    }

    [Fact]
    public async Task An_account_with_a_key_for_all_profiles_meets_the_rules_of_all_and_one_with_a_key_for_one_of_that_one()
    {
        var all = await Bound(TestProfiles.EabRequired, null);
        var one = await Bound(TestProfiles.EabRequired, TestProfiles.EabRequired);

        (await OrderIn(all, TestProfiles.EabOther)).Status.Should().Be(HttpStatusCode.Created);
        (await OrderIn(one, TestProfiles.EabRequired)).Status.Should().Be(HttpStatusCode.Created);
        (await OrderIn(one, TestProfiles.Open)).Status.Should().Be(HttpStatusCode.Created);
        (await OrderIn(one, TestProfiles.EabOther)).ShouldBeProblem("invalidProfile", 400);
    }

    [Fact]
    public async Task The_look_up_by_key_is_scoped_to_the_directory()
    {
        var first = await shared.Account();
        var second = new TestAccount(shared.Server, TestProfiles.Open, first.Key);

        (await second.Register("""{"onlyReturnExisting":true}""")).ShouldBeProblem("accountDoesNotExist", 400);
        (await second.Register()).Status.Should().Be(HttpStatusCode.Created);
        second.Kid.Should().NotBe(first.Kid);
        (await second.Register("""{"onlyReturnExisting":true}""")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_409_of_keyChange_is_scoped_to_the_directory()
    {
        var elsewhere = await shared.Account(TestProfiles.Open);
        var account = await shared.Account();

        (await KeyChangeTests.Change(account, elsewhere.Key)).Status.Should().Be(HttpStatusCode.OK);
        (await elsewhere.Get(elsewhere.Kid!)).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_kid_of_another_directory_is_unauthorized()
    {
        var account = await shared.Account();
        (await account.Post($"{TestServer.BaseUrl}/acme/{TestProfiles.Open}/new-order", "{}")).ShouldBeProblem("unauthorized", 403);
        (await account.Post($"{TestServer.BaseUrl}/acme/{TestProfiles.Open}/new-order", "{}", header: header => header["kid"] = $"{account.Kid}x")).ShouldBeProblem("unauthorized", 403);
    }

    [Fact]
    public async Task Orders_authorizations_challenges_and_certificates_of_another_directory_are_unauthorized()
    {
        var account = await shared.Account();
        var elsewhere = await shared.Account(TestProfiles.Open, account.Key);
        var order = await account.Enroll("host.example");
        var challenge = await account.Challenge(order, "http-01");
        string[] urls =
        [
            order.Header("Location")!, (string)order.Json["authorizations"]![0]!, (string)challenge["url"]!, (string)order.Json["certificate"]!, account.Kid!, $"{account.Kid}/orders",
        ];

        foreach (var url in urls)
        {
            (await account.Get(url)).Status.Should().Be(HttpStatusCode.OK);
            (await elsewhere.Get(url)).ShouldBeProblem("unauthorized", 403);
            (await elsewhere.Get(url.Replace("/tls-server/", "/open/"))).ShouldBeProblem("unauthorized", 403);
            (await account.Get(url.Replace("/tls-server/", "/open/"))).ShouldBeProblem("unauthorized", 403);
        }

        (await elsewhere.Get($"{elsewhere.Kid}/orders")).Json["orders"]!.AsArray().Should().BeEmpty();
    }

    [Fact, Spec("draft-ietf-acme-profiles §4")]
    public async Task An_order_whose_profile_was_withdrawn_is_invalidProfile_at_finalize()
    {
        await using var before = await TestServer.Start(TestProfiles.All, anchors: Simulated.Anchors);
        var account = new TestAccount(before);
        await account.Register();
        var order = await account.Authorize(await OrderIn(account, TestProfiles.Open));
        File.Delete(before.ProfileFile(TestProfiles.Open));
        await using var after = await before.Restart();
        account.Server = after;

        using var key = Simulated.NewKey();
        (await account.Post((string)order.Json["finalize"]!, $$"""{"csr":"{{TestAccount.Csr(key, "host.example")}}"}""")).ShouldBeProblem("invalidProfile", 400);
        (await OrderIn(account, TestProfiles.Open)).ShouldBeProblem("invalidProfile", 400);
    }

    [Fact]
    public async Task An_order_is_finished_under_the_version_of_the_profile_that_it_was_made_under()
    {
        await using var before = await TestServer.Start(TestProfiles.All, anchors: Simulated.Anchors);
        var account = new TestAccount(before, TestProfiles.Open);
        await account.Register();
        var order = await account.Authorize(await account.Order(("dns", "host.example")));
        var file = before.ProfileFile(TestProfiles.Open);
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Replace("validity: 90d", "validity: 10d"), TestContext.Current.CancellationToken);
        await using var after = await before.Restart();
        account.Server = after;

        using var old = await account.Certificate(order, "host.example");
        using var fresh = await account.Certificate(await account.Authorize(await account.Order(("dns", "new.example"))), "new.example");
        (old.NotAfter - old.NotBefore).TotalDays.Should().BeApproximately(90, 0.1);
        (fresh.NotAfter - fresh.NotBefore).TotalDays.Should().BeApproximately(10, 0.1);
    }

    [Fact]
    public async Task What_was_authorized_while_the_profile_observed_serves_no_order_once_it_requires_evidence()
    {
        await using var before = await TestServer.Start(TestProfiles.All, anchors: Simulated.Anchors);
        var account = new TestAccount(before, TestProfiles.AppleObserve);
        await account.Register();
        var authorization = await account.Post($"{account.Root}/new-authz", $$$"""{"identifier":{"type":"permanent-identifier","value":"{{{Simulated.Serial}}}"}}""");
        var challenge = (string)authorization.Json["challenges"]![0]!["url"]!;
        (await account.Post(challenge, """{"attObj":""}""")).State.Should().Be("valid");
        var ready = await account.Order(("permanent-identifier", Simulated.Serial));
        ready.State.Should().Be("ready");

        await using var after = await Switch(before, "mode: observe", "mode: required");
        account.Server = after;
        var required = await account.Order(("permanent-identifier", Simulated.Serial));
        required.State.Should().Be("pending");
        using var key = Simulated.NewKey();
        (await account.Post((string)ready.Json["finalize"]!, $$"""{"csr":"{{Simulated.Csr(key)}}"}""")).State.Should().Be("valid", "it keeps the version that it was made under");

        await using var last = await Switch(after, "mode: required", "mode: observe");
        account.Server = last;
        (await account.Post((string)(await account.Challenge(required, "device-attest-01"))["url"]!, """{"attObj":""}""")).State.Should().Be("valid");
        using var other = Simulated.NewKey();
        (await account.Post((string)required.Json["finalize"]!, $$"""{"csr":"{{Simulated.Csr(other)}}"}""")).ShouldBeProblem("unauthorized", 403);
    }

    private static async Task<TestServer> Switch(TestServer server, string from, string to)
    {
        var file = server.ProfileFile(TestProfiles.AppleObserve);
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Replace(from, to), TestContext.Current.CancellationToken);
        return await server.Restart();
    }

    private static Task<TestReply> OrderIn(TestAccount account, string profile, string name = "host.example") =>
        account.Post($"{account.Root}/new-order", $$$"""{"identifiers":[{"type":"dns","value":"{{{name}}}"}],"profile":"{{{profile}}}"}""");

    private async Task<TestAccount> Bound(string directory, string? profileOfKey)
    {
        var (id, mac) = (Convert.ToHexString(RandomNumberGenerator.GetBytes(8)), RandomNumberGenerator.GetBytes(32));
        await shared.AddKey(id, mac, profileOfKey);
        var account = new TestAccount(shared.Server, directory);
        var reply = await ExternalAccountBindingTests.Register(account, ExternalAccountBindingTests.Sign(account, id, mac));
        reply.Status.Should().Be(HttpStatusCode.Created, reply.Body);
        account.Kid = reply.Header("Location");
        return account;
    }
}
