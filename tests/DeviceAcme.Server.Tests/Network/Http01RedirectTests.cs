using System.Net;
using System.Text;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace DeviceAcme.Server.Tests.Network;

/// <summary>Redirects (RFC 8555 §8.3 allows them): each hop is judged like the first.</summary>
public sealed class Http01RedirectTests : IAsyncDisposable
{
    private readonly Scene _scene = new();
    private TestPeer? _peer;

    public async ValueTask DisposeAsync()
    {
        if (_peer is not null)
        {
            await _peer.DisposeAsync();
        }

        await _scene.DisposeAsync();
    }

    [Theory, Spec("RFC 8555 §8.3")]
    [InlineData(301, "/elsewhere?a=b#c")]
    [InlineData(302, "elsewhere")]
    [InlineData(303, "//other.example:{port}/elsewhere")]
    [InlineData(307, "http://other.example:{port}/elsewhere")]
    [InlineData(308, "http://127.0.0.1:{port}/elsewhere")]
    public async Task Redirects_are_followed(int status, string location)
    {
        Serve(path => path.Contains("elsewhere") ? TestPeer.Ok(Scene.KeyAuthorization) : TestPeer.Redirect(Placed(location), status));
        _scene.Dns.WithAddress("other.example", "127.0.0.1");
        (await Validate()).Should().BeNull();
        _peer!.Requests.Should().HaveCount(2);
    }

    [Fact]
    public async Task Ten_redirects_are_followed_and_eleven_are_not()
    {
        var last = 10;
        Serve(path => path == $"/{last}" ? TestPeer.Ok(Scene.KeyAuthorization) : TestPeer.Redirect($"/{_peer!.Requests.Count}"));
        (await Validate()).Should().BeNull();
        _peer!.Requests.Clear();
        last = 11;
        (await Validate()).ShouldBe("connection", "http-too-many-redirects");
    }

    [Fact]
    public async Task A_loop_of_redirects_is_refused()
    {
        Serve(path => TestPeer.Redirect(path == "/a" ? "/b" : "/a"));
        (await Validate()).ShouldBe("connection", "http-redirect-loop");
        _peer!.Requests.Should().HaveCount(3);
    }

    [Theory]
    [InlineData("ftp://other.example/", "http-redirect-scheme")]
    [InlineData("file:///etc/passwd", "http-redirect-scheme")]
    [InlineData("javascript:alert(1)", "http-redirect-scheme")]
    [InlineData("http://other.example:22/", "http-redirect-port")]
    [InlineData("https://other.example:8443/", "http-redirect-port")]
    [InlineData("http://user:secret@other.example/", "http-redirect-invalid")]
    [InlineData("http://", "http-redirect-invalid")]
    [InlineData("/a\r\nLocation: /b", "http-redirect-invalid")]
    public async Task A_redirect_to_what_is_not_followed_is_incorrectResponse(string location, string reason)
    {
        Serve(_ => TestPeer.Redirect(location));
        (await Validate()).ShouldBe("incorrectResponse", reason);
        _peer!.Requests.Should().HaveCount(1);
    }

    [Theory]
    [InlineData("http://xn--/")]
    [InlineData("http://xn--a.example/")]
    [InlineData("http://a_b.example/")]
    [InlineData("http://-a.example/")]
    [InlineData("http://%41.example/")]
    [InlineData("http://a..b/")]
    [InlineData("http://\u00fc.example/")]
    [InlineData("http://\u00ff\u00fe/")]
    [InlineData("http://127.0.0.1.:80/")]
    [InlineData("http://127.1:80/")]
    [InlineData("http://[fe80::1%25lo]/")]
    [InlineData("http://[::1%25lo]/")]
    [InlineData("http://[1::2::3]/")]
    [InlineData("http://a.example:99999/")]
    [InlineData("http:\\\\host.example/")]
    [InlineData("https://xn--a.example/")]
    [InlineData("\0")]
    [InlineData("http://long")]
    public async Task Odd_targets_end_in_a_problem(string location)
    {
        _scene.Networks = [IPNetwork.Parse("127.0.0.1/32")];
        Serve(_ => TestPeer.Redirect(location.Replace("long", string.Join('.', Enumerable.Repeat(new string('a', 60), 6)))));
        (await Validate()).Should().NotBeNull();
        _peer!.Requests.Should().NotBeEmpty();
    }

    [Fact]
    public void Any_location_ends_in_a_problem()
    {
        var location = "";
        Serve(_ => TestPeer.Redirect(location));
        Prop.ForAll<NonNull<string>>(text =>
        {
            location = text.Get;
            return Validate().GetAwaiter().GetResult() is not null;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(100));
    }

    [Fact]
    public async Task A_redirect_without_a_location_is_incorrectResponse()
    {
        Serve(_ => "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
        (await Validate()).ShouldBe("incorrectResponse", "http-redirect-invalid");
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/iam/", "address-metadata")]
    [InlineData("http://[fd00:ec2::254]/latest/meta-data/", "address-metadata")]
    [InlineData("http://[::ffff:169.254.169.254]/", "address-embeds-ipv4")]
    [InlineData("http://[64:ff9b::a9fe:a9fe]/", "address-embeds-ipv4")]
    [InlineData("http://2852039166/", "address-metadata")] // 169.254.169.254 as one number
    [InlineData("http://0xa9.0xfe.0xa9.0xfe/", "address-metadata")]
    [InlineData("http://metadata.example/", "address-metadata")]
    [InlineData("https://metadata.example/", "address-metadata")]
    [InlineData("http://0.0.0.0/", "address-unspecified")]
    [InlineData("http://[::]/", "address-unspecified")]
    [InlineData("http://[fe80::1]/", "address-link-local")]
    [InlineData("http://224.0.0.1/", "address-multicast")]
    public async Task A_redirect_to_a_forbidden_address_is_not_followed(string location, string reason)
    {
        Serve(_ => TestPeer.Redirect(location));
        _scene.Dns.WithAddress("metadata.example", "169.254.169.254");
        (await Validate()).ShouldBe("connection", reason);
    }

    [Fact]
    public async Task A_name_that_changes_its_address_between_hops_is_judged_again()
    {
        Serve(_ => TestPeer.Redirect("/again"));
        var answered = 0;
        _scene.Dns.Instead = q => q.Type != TestDnsServer.A || Interlocked.Increment(ref answered) == 1
            ? null
            : [TestDnsServer.Message(q, 0, TestDnsServer.Record(q.Name, TestDnsServer.A, [169, 254, 169, 254]))];
        (await Validate()).ShouldBe("connection", "address-metadata");
        _peer!.Requests.Should().HaveCount(1);
    }

    [Fact]
    public async Task The_page_of_another_host_is_not_shown()
    {
        Serve(path => path == "/private" ? TestPeer.Ok("the other host's secret") : TestPeer.Redirect(Placed("http://other.example:{port}/private")));
        _scene.Dns.WithAddress("other.example", "127.0.0.1");
        var problem = await Validate();
        problem.ShouldBe("incorrectResponse", "http-key-authorization");
        problem!.Detail.Should().NotContain("secret").And.Contain("23 other octets");
    }

    [Fact]
    public async Task An_unverified_certificate_will_do_after_a_redirect_to_https()
    {
        // One port is both: the first connection gets the redirect, the second speaks TLS.
        using var certificate = TestTls.SelfSigned("CN=whoever");
        var connections = 0;
        _peer = TestPeer.Start((stream, cancellation) => Interlocked.Increment(ref connections) == 1
            ? stream.WriteAsync(Encoding.ASCII.GetBytes(TestPeer.Redirect(Placed($"https://{Scene.Name}:{{port}}/secure"))), cancellation).AsTask()
            : TestTls.Serve(certificate, null, TestPeer.Ok(Scene.KeyAuthorization))(stream, cancellation));
        _scene.Dns.WithAddress(Scene.Name, "127.0.0.1");
        _scene.Port = _peer.Port;
        (await Validate()).Should().BeNull();
        connections.Should().Be(2);
    }

    private void Serve(Func<string, string> answer)
    {
        _peer = TestPeer.Http(answer);
        _scene.Port = _peer.Port;
        _scene.Dns.WithAddress(Scene.Name, "127.0.0.1");
    }

    private string Placed(string location) => location.Replace("{port}", _peer!.Port.ToString());

    private Task<Problem?> Validate() => _scene.Validate("http-01", cancellation: TestContext.Current.CancellationToken);
}
