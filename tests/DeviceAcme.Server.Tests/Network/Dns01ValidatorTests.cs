using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Network;

public sealed class Dns01ValidatorTests : IAsyncDisposable
{
    private const string Place = "_acme-challenge." + Scene.Name;
    private static readonly string Right = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Scene.KeyAuthorization)));
    private readonly Scene _scene = new();

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact, Spec("RFC 8555 §8.4")]
    public async Task The_digest_of_the_key_authorization_is_accepted()
    {
        _scene.Dns.WithTxt(Place, Right);
        (await Validate()).Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §8.4")]
    public async Task One_of_several_records_must_match()
    {
        _scene.Dns.WithTxt(Place, "old").WithTxt(Place, Right).WithTxt(Place, "other");
        (await Validate(wildcard: true)).Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §8.4")]
    public async Task The_strings_of_a_record_are_joined()
    {
        _scene.Dns.WithTxt(Place, Right[..10], Right[10..]);
        (await Validate()).Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §8.4")]
    public async Task An_alias_may_lead_to_the_record()
    {
        _scene.Dns.WithCname(Place, "challenges.example").WithTxt("challenges.example", Right);
        (await Validate()).Should().BeNull();
    }

    [Fact, Spec("RFC 8555 §8.4")]
    public async Task Other_records_are_incorrectResponse_and_shown()
    {
        _scene.Dns.WithTxt(Place, Right + " ").WithTxt(Place, Scene.KeyAuthorization).WithTxt(Place, "a\nb").WithTxt(Place, "fourth");
        var problem = await Validate();
        problem.ShouldBe("incorrectResponse", "dns-txt-mismatch");
        problem!.Detail.Should().Contain(Right).And.Contain(@"a\x0ab").And.Contain("and 1 more").And.Contain(_scene.Dns.EndPoint.ToString()).And.NotContain("\n");
    }

    [Fact, Spec("RFC 8555 §8.4")]
    public async Task Missing_records_are_a_dns_problem()
    {
        (await Validate()).ShouldBe("dns", "dns-no-such-name");
        _scene.Dns.WithAddress(Place, "10.0.0.1");
        (await Validate()).ShouldBe("dns", "dns-no-records");
        _scene.Dns.WithCode(Place, 2);
        (await Validate()).ShouldBe("dns", "dns-server-failure");
    }

    [Fact]
    public async Task A_name_that_has_no_room_for_the_label_is_rejectedIdentifier()
    {
        var name = string.Join('.', Enumerable.Repeat(new string('a', 61), 4));
        (await _scene.Validate("dns-01", Scene.Target(name), TestContext.Current.CancellationToken)).ShouldBe("rejectedIdentifier", "dns-name-invalid");
    }

    [Fact, Spec("RFC 8738 §7")]
    public async Task An_address_is_not_for_this_challenge() =>
        (await _scene.Validate("dns-01", Scene.Target("10.0.0.1", AcmeIdentifier.Ip), TestContext.Current.CancellationToken)).ShouldBe("rejectedIdentifier", "dns-name-invalid");

    private Task<Problem?> Validate(bool wildcard = false) =>
        _scene.Validate("dns-01", Scene.Target(wildcard: wildcard), TestContext.Current.CancellationToken);
}
