using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using DeviceAcme.Protocol.Acme;
using FluentAssertions;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>What holds for every route of the admin listener, those of tomorrow among them.</summary>
public sealed class AdminRoutesTests
{
    [Fact]
    public async Task Every_route_refuses_without_the_token()
    {
        await using var server = await AdminServer.Start();
        var routes = Routes(server).ToList();

        routes.Should().HaveCountGreaterThan(8);
        foreach (var (method, path) in routes)
        {
            // beyond a number of failures in a minute the answer is 429
            server.Clock.Advance(TimeSpan.FromMinutes(1));
            foreach (var authorization in new[] { null, new AuthenticationHeaderValue("Bearer", "wrong"), new AuthenticationHeaderValue("Basic", server.Token) })
            {
                using var request = new HttpRequestMessage(method, path);
                request.Headers.Authorization = authorization;
                using var answer = await server.Server.Admin.SendAsync(request);

                answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized, $"{method} {path}");
                answer.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
                (await answer.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().StartWith("admin-token-");
            }
        }
    }

    [Fact]
    public async Task No_route_is_there_on_the_ACME_listener()
    {
        await using var server = await AdminServer.Start();
        foreach (var (method, path) in Routes(server))
        {
            using var request = new HttpRequestMessage(method, path);
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", server.Token);
            using var answer = await server.Server.Http.SendAsync(request);

            answer.StatusCode.Should().Be(HttpStatusCode.NotFound, $"{method} {path}");
        }
    }

    [Fact]
    public async Task Every_route_answers_a_question_that_it_cannot_read_with_a_problem()
    {
        await using var server = await AdminServer.Start();
        foreach (var (method, path) in Routes(server))
        {
            using var answer = await server.Send(method, path + "?\u0000=%00&no-such-parameter=1");

            ((int)answer.StatusCode).Should().BeInRange(200, 499, $"{method} {path}: {await answer.Content.ReadAsStringAsync()}");
        }
    }

    private static IEnumerable<(HttpMethod Method, string Path)> Routes(AdminServer server) =>
        from route in server.Server.Routes
        where route.RoutePattern.RawText!.StartsWith("/admin/", StringComparison.Ordinal)
        from method in route.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
        select (new HttpMethod(method), System.Text.RegularExpressions.Regex.Replace(route.RoutePattern.RawText!, @"\{[^}]*\}", "x"));
}
