using System.Net;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>The directory object (RFC 8555 §7.1.1).</summary>
[Spec("RFC 8555 §7.1.1")]
public sealed class DirectoryTests(SharedServer shared)
{
    [Fact]
    public async Task A_directory_names_every_resource_below_itself()
    {
        var account = new TestAccount(shared.Server);
        var reply = await account.Fetch($"{account.Root}/directory");

        reply.Status.Should().Be(HttpStatusCode.OK);
        reply.ContentType.Should().Be("application/json");
        reply.Json.AsObject().Where(member => member.Key != "meta").ToDictionary(member => member.Key, member => (string)member.Value!).Should().BeEquivalentTo(new Dictionary<string, string>
        {
            ["newNonce"] = $"{account.Root}/new-nonce",
            ["newAccount"] = $"{account.Root}/new-account",
            ["newOrder"] = $"{account.Root}/new-order",
            ["newAuthz"] = $"{account.Root}/new-authz",
            ["revokeCert"] = $"{account.Root}/revoke-cert",
            ["keyChange"] = $"{account.Root}/key-change",
        });
    }

    [Fact]
    public async Task Meta_without_settings_holds_the_profiles_alone()
    {
        var account = new TestAccount(shared.Server);
        var meta = (await account.Fetch($"{account.Root}/directory")).Json["meta"]!.AsObject();

        meta.Select(member => member.Key).Should().Equal("profiles");
    }

    [Fact]
    public async Task Meta_holds_the_terms_and_the_CAA_identities_of_the_settings()
    {
        await using var server = await TestServer.Start(configure: options => options with
        {
            TermsOfService = new Uri("https://ca.example/terms"),
            CaaIdentities = ["ca.example", "ca.example.org"],
        });
        var meta = (await new TestAccount(server).Fetch($"{TestServer.BaseUrl}/directory")).Json["meta"]!;

        ((string?)meta["termsOfService"]).Should().Be("https://ca.example/terms");
        meta["caaIdentities"]!.AsArray().Select(name => (string)name!).Should().Equal("ca.example", "ca.example.org");
    }

    [Fact, Spec("RFC 8555 §7.3.4")]
    public async Task ExternalAccountRequired_is_told_where_it_is_so_and_else_not_at_all()
    {
        var required = await new TestAccount(shared.Server, TestProfiles.EabRequired).Fetch($"{TestServer.BaseUrl}/acme/{TestProfiles.EabRequired}/directory");
        var optional = await new TestAccount(shared.Server, TestProfiles.EabOptional).Fetch($"{TestServer.BaseUrl}/acme/{TestProfiles.EabOptional}/directory");

        ((bool?)required.Json["meta"]!["externalAccountRequired"]).Should().BeTrue();
        optional.Json["meta"]!["externalAccountRequired"].Should().BeNull();
    }

    [Fact]
    public async Task HEAD_gives_the_headers_of_GET()
    {
        var account = new TestAccount(shared.Server);
        var get = await account.Fetch($"{account.Root}/directory");
        var head = await account.Fetch($"{account.Root}/directory", HttpMethod.Head);

        head.Status.Should().Be(HttpStatusCode.OK);
        head.Body.Should().BeEmpty();
        head.Header("Content-Length").Should().Be(get.Header("Content-Length"));
    }
}
