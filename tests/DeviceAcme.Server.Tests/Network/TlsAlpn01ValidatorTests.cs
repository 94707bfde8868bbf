using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Network;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Network;

public sealed class TlsAlpn01ValidatorTests : IAsyncDisposable
{
    private const string AcmeTls = "acme-tls/1";
    private static readonly X509Extension RightName = TestTls.Names(n => n.AddDnsName(Scene.Name));
    private static readonly X509Extension RightDigest = TestTls.Digest(Scene.KeyAuthorization);
    private readonly Scene _scene = new();

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    [Fact, Spec("RFC 8737 §3")]
    public async Task The_right_certificate_is_accepted_and_the_name_stands_in_SNI()
    {
        SslClientHelloInfo? hello = null;
        (await Validate(TestTls.SelfSigned("CN=whatever", RightName, RightDigest), hello: h => hello = h)).Should().BeNull();
        hello!.Value.ServerName.Should().Be(Scene.Name);
    }

    [Fact, Spec("RFC 8737 §3"), Spec("RFC 4343 §3")]
    public async Task The_name_is_compared_without_case() =>
        (await Validate(TestTls.SelfSigned("CN=whatever", TestTls.Names(n => n.AddDnsName("HOST.Example")), RightDigest))).Should().BeNull();

    [Theory, Spec("RFC 8738 §6")]
    [InlineData("127.0.0.1", "1.0.0.127.in-addr.arpa")]
    [InlineData("::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa")]
    public async Task An_address_has_its_reverse_name_in_SNI_and_itself_in_the_certificate(string address, string serverName)
    {
        SslClientHelloInfo? hello = null;
        var certificate = TestTls.SelfSigned("CN=whatever", TestTls.Names(n => n.AddIpAddress(IPAddress.Parse(address))), RightDigest);
        (await Validate(certificate, hello: h => hello = h, target: new(AcmeIdentifier.Ip, address))).Should().BeNull();
        hello!.Value.ServerName.Should().Be(serverName);
    }

    [Fact, Spec("RFC 8738 §6")]
    public async Task An_address_as_a_dnsName_is_incorrectResponse() =>
        (await Validate(TestTls.SelfSigned("CN=whatever", TestTls.Names(n => n.AddDnsName("127.0.0.1")), RightDigest), target: new(AcmeIdentifier.Ip, "127.0.0.1")))
            .ShouldBe("incorrectResponse", "tls-alpn-name");

    [Fact, Spec("RFC 8737 §3")]
    public async Task A_digest_of_another_key_authorization_is_incorrectResponse()
    {
        var problem = await Validate(TestTls.SelfSigned("CN=whatever", RightName, TestTls.Digest("another")));
        problem.ShouldBe("incorrectResponse", "tls-alpn-digest");
        problem!.Detail.Should().Contain("0420").And.Contain("127.0.0.1:");
    }

    public static TheoryData<string, string, X509Extension[]> Wrong => new()
    {
        { "no digest", "tls-alpn-digest", [RightName] },
        { "a digest without its octet string", "tls-alpn-digest", [RightName, new(TestTls.AcmeIdentifier, RightDigest.RawData[2..], true)] },
        { "a digest with an octet behind it", "tls-alpn-digest", [RightName, new(TestTls.AcmeIdentifier, [.. RightDigest.RawData, 0], true)] },
        { "the identifier of an early draft", "tls-alpn-digest", [RightName, new("1.3.6.1.5.5.7.1.30.1", RightDigest.RawData, true)] },
        { "a digest that is not critical", "tls-alpn-not-critical", [RightName, TestTls.Digest(Scene.KeyAuthorization, critical: false)] },
        { "no name", "tls-alpn-name", [RightDigest] },
        { "another name", "tls-alpn-name", [TestTls.Names(n => n.AddDnsName("other.example")), RightDigest] },
        { "a wildcard", "tls-alpn-name", [TestTls.Names(n => n.AddDnsName("*.example")), RightDigest] },
        { "an extra name", "tls-alpn-name", [TestTls.Names(n => { n.AddDnsName(Scene.Name); n.AddDnsName("other.example"); }), RightDigest] },
        { "an extra address", "tls-alpn-name", [TestTls.Names(n => { n.AddDnsName(Scene.Name); n.AddIpAddress(IPAddress.Loopback); }), RightDigest] },
        { "an empty list of names", "tls-alpn-name", [new("2.5.29.17", [0x30, 0], false), RightDigest] },
        { "names that are no DER", "tls-alpn-name", [new("2.5.29.17", [0x30, 5, 0x82], false), RightDigest] },
    };

    [Theory, MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true), Spec("RFC 8737 §3")]
    public async Task A_wrong_certificate_is_incorrectResponse(string what, string reason, X509Extension[] extensions)
    {
        what.Should().NotBeEmpty();
        (await Validate(TestTls.SelfSigned("CN=whatever", extensions))).ShouldBe("incorrectResponse", reason);
    }

    [Fact, Spec("RFC 8737 §3")]
    public async Task A_certificate_of_an_issuer_is_incorrectResponse_and_its_issuer_is_not_fetched()
    {
        await using var issuers = TestPeer.Http(_ => TestPeer.Ok(""));
        var certificate = TestTls.IssuedBy("CN=some CA", "CN=whatever", RightName, RightDigest, TestTls.IssuerUrl($"http://127.0.0.1:{issuers.Port}/ca.cer"));
        (await Validate(certificate)).ShouldBe("incorrectResponse", "tls-alpn-not-self-signed");
        issuers.Accepted.Should().Be(0);
    }

    [Theory, Spec("RFC 8737 §3")]
    [InlineData(null, "tls-alpn-missing")]
    [InlineData("http/1.1", "tls-handshake")]
    public async Task A_server_without_the_protocol_is_a_tls_problem(string? alpn, string reason) =>
        (await Validate(TestTls.SelfSigned("CN=whatever", RightName, RightDigest), alpn)).ShouldBe("tls", reason);

    [Fact]
    public async Task A_server_that_does_not_speak_TLS_is_a_tls_problem()
    {
        await using var peer = TestPeer.Start((stream, cancellation) => stream.WriteAsync("220 mail.example ESMTP\r\n"u8.ToArray(), cancellation).AsTask());
        (await Validate(peer)).ShouldBe("tls", "tls-handshake");
    }

    [Fact]
    public async Task A_server_that_is_silent_is_a_timeout()
    {
        (await Validate(TestTls.SelfSigned("CN=whatever", RightName, RightDigest))).Should().BeNull("the code is warm then, and the short time below is spent waiting");
        _scene.Timing = _scene.Timing with { Validation = TimeSpan.FromSeconds(1) };
        await using var peer = TestPeer.Start((_, cancellation) => Task.Delay(Timeout.Infinite, cancellation));
        var problem = await Validate(peer);
        problem.ShouldBe("connection", "validation-timeout");
        problem!.Detail.Should().Contain("shaking hands");
    }

    [Fact]
    public async Task A_closed_port_is_a_connection_problem()
    {
        var peer = TestPeer.Start((_, _) => Task.CompletedTask);
        await peer.DisposeAsync();
        (await Validate(peer)).ShouldBe("connection", "connection-refused");
    }

    [Fact]
    public async Task A_forbidden_address_is_not_connected_to()
    {
        _scene.Networks = [];
        await using var peer = TestPeer.Start((_, _) => Task.CompletedTask);
        (await Validate(peer)).ShouldBe("connection", "address-loopback");
        peer.Accepted.Should().Be(0);
    }

    [Fact, Spec("RFC 8738 §6")]
    public void A_reverse_name_has_every_nibble() =>
        TlsAlpn01Validator.ReverseName(IPAddress.Parse("2001:db8::567:89ab")).Should().Be("b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");

    private async Task<Problem?> Validate(X509Certificate2 certificate, string? alpn = AcmeTls, Action<SslClientHelloInfo>? hello = null, AcmeIdentifier? target = null)
    {
        using (certificate)
        {
            var address = target is { Type: AcmeIdentifier.Ip, Value: var literal } ? IPAddress.Parse(literal) : null;
            await using var peer = TestPeer.Start(TestTls.Serve(certificate, alpn, hello: hello), address);
            return await Validate(peer, target);
        }
    }

    private Task<Problem?> Validate(TestPeer peer, AcmeIdentifier? target = null)
    {
        _scene.Port = peer.Port;
        _scene.Dns.WithAddress(Scene.Name, "127.0.0.1");
        var identifier = target ?? new(AcmeIdentifier.Dns, Scene.Name);
        return _scene.Validate("tls-alpn-01", Scene.Target(identifier.Value, identifier.Type), TestContext.Current.CancellationToken);
    }
}
