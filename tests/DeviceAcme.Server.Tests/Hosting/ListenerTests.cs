using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Hosting;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Hosting;

public sealed class ListenerTests
{
    [Fact]
    public async Task A_path_of_one_listener_does_not_exist_on_the_others()
    {
        await using var server = await RunningServerOnLoopback.Start();
        (Listener Listener, Uri Url)[] listeners = [(Listener.Acme, server.Acme), (Listener.Status, server.Status), (Listener.Admin, server.Admin)];
        (Listener Owner, string Path)[] paths =
        [
            (Listener.Acme, "/directory"),
            (Listener.Acme, "/acme/tls-server/directory"),
            (Listener.Admin, "/admin/v1/external-account-keys"),
        ];

        foreach (var (listener, url) in listeners)
        {
            foreach (var (owner, path) in paths)
            {
                using var answer = await server.Send(HttpMethod.Get, new Uri(url, path), server.Token);
                answer.StatusCode.Should().Be(owner == listener ? HttpStatusCode.OK : HttpStatusCode.NotFound, $"{path} on {listener}");
            }
        }
    }

    [Fact]
    public async Task A_host_header_does_not_choose_the_listener()
    {
        await using var server = await RunningServerOnLoopback.Start();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Acme, "/admin/v1/external-account-keys"));
        request.Headers.Host = server.Admin.Authority;
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + server.Token);

        using var answer = await server.Http.SendAsync(request);

        answer.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Every_route_belongs_to_a_listener()
    {
        IReadOnlyList<Endpoint> endpoints = [];
        await using var server = await RunningServerOnLoopback.Start(map: app => endpoints = Endpoints(app));

        endpoints.Should().NotBeEmpty();
        endpoints.OfType<RouteEndpoint>().Select(endpoint => endpoint.RoutePattern.RawText!)
            .Where(route => !ListenerPaths.ByFirstSegment.ContainsKey(route.TrimStart('/').Split('/')[0])).Should().BeEmpty();
    }

    [Fact]
    public async Task Every_ACME_route_that_takes_a_POST_says_who_signs()
    {
        IReadOnlyList<Endpoint> endpoints = [];
        await using var server = await RunningServerOnLoopback.Start(map: app => endpoints = Endpoints(app));
        var posts = endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/acme/", StringComparison.Ordinal))
            .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>() is not { HttpMethods: var methods } || methods.Contains("POST"))
            .ToList();

        posts.Should().HaveCountGreaterThan(10, "RFC 8555 has that many resources");
        posts.Where(endpoint => endpoint.Metadata.GetMetadata<SignedBy>() is null).Select(endpoint => endpoint.RoutePattern.RawText).Should().BeEmpty();
    }

    [Theory]
    [InlineData("GET", "/nowhere", 404)]
    [InlineData("DELETE", "/directory", 405)]
    [InlineData("GET", "/acme/tls-server/new-order", 405)]
    public async Task What_does_not_exist_is_a_problem_document(string method, string path, int status)
    {
        await using var server = await RunningServerOnLoopback.Start();

        using var answer = await server.Send(new HttpMethod(method), new Uri(server.Acme, path));

        ((int)answer.StatusCode).Should().Be(status);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        (await answer.Content.ReadFromJsonAsync<Problem>())!.Type.Should().Be(Problems.Namespace + "malformed");
    }

    [Fact]
    public async Task A_body_over_64_KiB_is_refused_as_a_problem()
    {
        await using var server = await RunningServerOnLoopback.Start();
        using var body = new ByteArrayContent(new byte[KestrelListeners.MaximumBodyBytes + 1]);
        body.Headers.TryAddWithoutValidation("Content-Type", "application/jose+json");

        using var answer = await server.Http.PostAsync(new Uri(server.Acme, "/acme/tls-server/new-order"), body);

        answer.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
        answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
    }

    [Fact]
    public async Task Broken_HTTP_is_a_400_and_the_server_lives_on()
    {
        await using var server = await RunningServerOnLoopback.Start();
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(server.Acme.Host, server.Acme.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /directory HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n"));
            var buffer = new byte[64];
            var read = await client.GetStream().ReadAsync(buffer);
            Encoding.ASCII.GetString(buffer, 0, read).Should().StartWith("HTTP/1.1 400");
        }

        using var answer = await server.Send(HttpMethod.Get, new Uri(server.Acme, "/directory"));
        answer.StatusCode.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Headers_over_16_KiB_are_refused()
    {
        await using var server = await RunningServerOnLoopback.Start();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Acme, "/directory"));
        request.Headers.Add("X-Long", new string('x', 17 * 1024));

        using var answer = await server.Http.SendAsync(request);

        answer.StatusCode.Should().Be(HttpStatusCode.RequestHeaderFieldsTooLarge);
    }

    [Fact]
    public async Task A_client_that_trickles_its_body_is_cut_off()
    {
        await using var server = await RunningServerOnLoopback.Start();
        using var client = new TcpClient();
        await client.ConnectAsync(server.Acme.Host, server.Acme.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes("POST /acme/tls-server/new-order HTTP/1.1\r\nHost: x\r\nContent-Type: application/jose+json\r\nContent-Length: 60000\r\n\r\n{"));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var buffer = new byte[64];

        var read = await stream.ReadAsync(buffer, patience.Token);

        Encoding.ASCII.GetString(buffer, 0, read).Should().StartWith("HTTP/1.1 408");
    }

    [Theory]
    [InlineData("127.0.0.0/8", "192.0.2.7", "https")]
    [InlineData("10.0.0.0/8", "127.0.0.1", "http")]
    [InlineData(null, "127.0.0.1", "http")]
    public async Task Forwarded_headers_are_believed_only_from_trusted_proxies(string? trusted, string expectedAddress, string expectedScheme)
    {
        await using var server = await RunningServerOnLoopback.Start(
            options => options with { TrustedProxies = trusted is null ? [] : [IPNetwork.Parse(trusted)] },
            app => app.MapGet("/directory/echo", (HttpContext context) => $"{context.Connection.RemoteIpAddress} {context.Request.Scheme} {context.Request.Host}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Acme, "/directory/echo"));
        request.Headers.Add("X-Forwarded-For", "192.0.2.7");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-Host", "evil.example");

        using var answer = await server.Http.SendAsync(request);

        (await answer.Content.ReadAsStringAsync()).Should().Be($"{expectedAddress} {expectedScheme} {server.Acme.Authority}");
    }

    [Fact]
    public async Task A_spoofed_host_changes_no_URL_of_the_directory()
    {
        await using var server = await RunningServerOnLoopback.Start(options => options with { TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")] });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Acme, "/directory"));
        request.Headers.Host = "evil.example";
        request.Headers.Add("X-Forwarded-Host", "evil.example");

        using var answer = await server.Http.SendAsync(request);

        (await answer.Content.ReadAsStringAsync()).Should().Contain("https://acme.example/").And.NotContain("evil.example");
    }

    private static IReadOnlyList<Endpoint> Endpoints(WebApplication app) => [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints)];
}
