using System.Net;
using System.Text;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Network;

public sealed class Http01ValidatorTests : IAsyncDisposable
{
    private const string Path = "/.well-known/acme-challenge/" + Scene.Token;
    private readonly Scene _scene = new();
    private readonly List<TestPeer> _peers = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var peer in _peers)
        {
            await peer.DisposeAsync();
        }

        await _scene.DisposeAsync();
    }

    [Theory, Spec("RFC 8555 §8.3")]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData(" \t\r\n\r\n")]
    public async Task The_key_authorization_is_accepted_with_whitespace_at_its_end(string end)
    {
        var peer = Serve(_ => TestPeer.Ok(Scene.KeyAuthorization + end));
        (await Validate()).Should().BeNull();
        var head = peer.Requests.Single().Split("\r\n");
        head[0].Should().Be($"GET {Path} HTTP/1.1");
        head.Should().Contain($"Host: {Scene.Name}:{peer.Port}").And.Contain(line => line.StartsWith("User-Agent: DeviceAcme"));
        head.Should().NotContain(line => line.StartsWith("Cookie") || line.StartsWith("Accept-Encoding") || line.StartsWith("traceparent"));
    }

    [Theory, Spec("RFC 8555 §8.3")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\neva\r\n54\r\nGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\n\r\n" + Scene.KeyAuthorization)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + Scene.KeyAuthorization)]
    public async Task The_ways_to_send_a_body_are_understood(string answer)
    {
        Serve(_ => answer);
        (await Validate()).Should().BeNull();
    }

    [Theory, Spec("RFC 8555 §8.3")]
    [InlineData(" " + Scene.KeyAuthorization)]
    [InlineData(Scene.Token)]
    [InlineData(Scene.KeyAuthorization + "x")]
    [InlineData("")]
    [InlineData("\"<html>\n")]
    public async Task Another_body_is_incorrectResponse_and_shown(string body)
    {
        Serve(_ => TestPeer.Ok(body));
        var problem = await Validate();
        problem.ShouldBe("incorrectResponse", "http-key-authorization");
        problem!.Detail.Should().Contain("127.0.0.1:").And.Contain(Scene.Token).And.NotContain("\n");
    }

    [Theory, Spec("RFC 8555 §8.3")]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(204)]
    [InlineData(206)]
    [InlineData(300)]
    public async Task Only_status_200_will_do(int status)
    {
        Serve(_ => TestPeer.Ok(Scene.KeyAuthorization).Replace("200 OK", $"{status} Other"));
        var problem = await Validate();
        problem.ShouldBe("incorrectResponse", "http-status");
        problem!.Detail.Should().Contain($"{status}");
    }

    [Fact]
    public async Task An_endless_body_is_read_only_so_far()
    {
        long sent = 0;
        Serve(TestPeer.Http(async (_, stream, cancellation) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), cancellation);
            for (var chunk = new byte[65536]; ; sent += chunk.Length)
            {
                await stream.WriteAsync(chunk, cancellation);
            }
        }));
        (await Validate()).ShouldBe("incorrectResponse", "http-body-too-long");
        sent.Should().BeLessThan(64 << 20);
    }

    [Fact]
    public async Task Spaces_beyond_the_bound_are_too_long()
    {
        Serve(_ => TestPeer.Ok(Scene.KeyAuthorization + new string(' ', 2000)));
        (await Validate()).ShouldBe("incorrectResponse", "http-body-too-long");
    }

    [Fact]
    public async Task An_endless_header_is_read_only_so_far()
    {
        Serve(_ => "HTTP/1.1 200 OK\r\nX: " + new string('x', 100_000) + "\r\n\r\n" + Scene.KeyAuthorization);
        (await Validate()).ShouldBe("incorrectResponse", "http-header-too-long");
    }

    [Fact]
    public async Task What_is_not_HTTP_is_incorrectResponse()
    {
        Serve(_ => "220 mail.example ESMTP\r\n\r\n");
        (await Validate()).ShouldBe("incorrectResponse", "http-malformed");
    }

    [Fact]
    public async Task A_connection_that_ends_early_is_a_connection_problem()
    {
        Serve(_ => "");
        (await Validate()).ShouldBe("connection", "connection-broken");
        Serve(_ => "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + Scene.KeyAuthorization);
        (await Validate()).ShouldBe("connection", "connection-broken");
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 87\r\n\r\n")]
    public async Task A_slow_answer_ends_with_a_timeout_that_names_the_step(string beginning)
    {
        Serve(_ => TestPeer.Ok(Scene.KeyAuthorization));
        (await Validate()).Should().BeNull("the code is warm then, and the short time below is spent waiting");
        _scene.Timing = _scene.Timing with { Validation = TimeSpan.FromSeconds(1) };
        Serve(TestPeer.Http(async (_, stream, cancellation) =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(beginning), cancellation);
            await Task.Delay(Timeout.Infinite, cancellation);
        }));
        var problem = await Validate();
        problem.ShouldBe("connection", "validation-timeout");
        problem!.Detail.Should().Contain("waiting for the answer of").And.Contain("127.0.0.1:");
    }

    [Fact]
    public async Task A_server_that_stops_gets_no_problem_for_its_validations()
    {
        using var stop = new CancellationTokenSource();
        Serve(TestPeer.Http(async (_, _, cancellation) =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancellation);
        }));
        await _scene.Invoking(s => s.Validate("http-01", cancellation: stop.Token)).Should().ThrowAsync<OperationCanceledException>();
    }

    [Fact]
    public async Task A_closed_port_is_a_connection_problem_with_every_address()
    {
        var gone = TestPeer.Http(_ => "");
        await gone.DisposeAsync();
        _scene.Port = gone.Port;
        _scene.Dns.WithAddress(Scene.Name, "::1").WithAddress(Scene.Name, "127.0.0.1");
        var problem = await Validate();
        problem.ShouldBe("connection", "connection-refused");
        problem!.Detail.Should().Contain($"[::1]:{gone.Port}").And.Contain($"127.0.0.1:{gone.Port}");
    }

    [Fact, Spec("RFC 8555 §8.3")]
    public async Task IPv6_is_tried_first()
    {
        var peer = Serve(_ => TestPeer.Ok("four"));
        Serve(TestPeer.Http(_ => TestPeer.Ok(Scene.KeyAuthorization), IPAddress.IPv6Loopback, peer.Port), "::1");
        (await Validate()).Should().BeNull();
        peer.Accepted.Should().Be(0);
    }

    [Fact, Spec("RFC 8555 §8.3")]
    public async Task IPv4_is_tried_where_IPv6_does_not_connect()
    {
        Serve(_ => TestPeer.Ok(Scene.KeyAuthorization));
        _scene.Dns.WithAddress(Scene.Name, "::1");
        (await Validate()).Should().BeNull();
    }

    [Fact]
    public async Task A_name_without_addresses_is_a_dns_problem()
    {
        var problem = await Validate();
        problem.ShouldBe("dns", "dns-no-such-name");
        problem!.Detail.Should().Contain("AAAA of host.example").And.Contain("NXDOMAIN").And.Contain(_scene.Dns.EndPoint.ToString());
        _scene.Dns.WithCode(Scene.Name, 2);
        (await Validate()).ShouldBe("dns", "dns-server-failure");
    }

    [Theory, Spec("RFC 8738 §4")]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("::1", "[::1]")]
    public async Task An_address_is_validated_at_that_address(string address, string host)
    {
        var peer = Serve(TestPeer.Http(_ => TestPeer.Ok(Scene.KeyAuthorization), IPAddress.Parse(address)));
        (await _scene.Validate("http-01", Scene.Target(address, AcmeIdentifier.Ip), TestContext.Current.CancellationToken)).Should().BeNull();
        peer.Requests.Single().Should().Contain($"\r\nHost: {host}:{peer.Port}\r\n");
        _scene.Dns.Queries.Should().BeEmpty();
    }

    [Theory]
    [InlineData("127.0.0.1", "address-loopback")]
    [InlineData("::1", "address-loopback")]
    [InlineData("169.254.169.254", "address-metadata")]
    [InlineData("::ffff:127.0.0.1", "address-embeds-ipv4")]
    public async Task A_forbidden_address_is_not_connected_to(string address, string reason)
    {
        var peer = Serve(TestPeer.Http(_ => TestPeer.Ok(Scene.KeyAuthorization), address == "::1" ? IPAddress.IPv6Loopback : null), address);
        _scene.Networks = [];
        var problem = await Validate();
        problem.ShouldBe("connection", reason);
        problem!.Detail.Should().Contain("--validation-networks");
        (await _scene.Validate("http-01", Scene.Target(address, AcmeIdentifier.Ip), TestContext.Current.CancellationToken)).ShouldBe("connection", reason);
        peer.Accepted.Should().Be(0);
    }

    [Fact]
    public async Task Only_the_allowed_ones_of_several_addresses_are_connected_to()
    {
        var forbidden = Serve(TestPeer.Http(_ => TestPeer.Ok(Scene.KeyAuthorization), IPAddress.IPv6Loopback), "::1");
        Serve(TestPeer.Http(_ => TestPeer.Ok(Scene.KeyAuthorization), port: forbidden.Port));
        _scene.Networks = [IPNetwork.Parse("127.0.0.0/8")];
        (await Validate()).Should().BeNull();
        forbidden.Accepted.Should().Be(0);
    }

    private TestPeer Serve(Func<string, string> answer) => Serve(TestPeer.Http(answer));

    private TestPeer Serve(TestPeer peer, string address = "127.0.0.1")
    {
        _peers.Add(peer);
        _scene.Port = peer.Port;
        _scene.Dns.WithAddress(Scene.Name, address);
        return peer;
    }

    private Task<Problem?> Validate() => _scene.Validate("http-01", cancellation: TestContext.Current.CancellationToken);
}
