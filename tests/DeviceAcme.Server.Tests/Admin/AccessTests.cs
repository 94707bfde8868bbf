using System.Net;
using System.Net.Http.Json;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Admin;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>Each route of the admin listener with each role and with none.</summary>
public sealed class AccessTests
{
    [Fact]
    public async Task Every_route_says_who_may_call_it()
    {
        await using var server = await AdminServer.Start();

        Routes(server).Should().NotBeEmpty().And.OnlyContain(route => route.Metadata.GetMetadata<AllowedTo>() != null);
        Routes(server).Should().OnlyContain(route => route.Metadata.GetMetadata<AllowedTo>()!.Roles.HasFlag(AdminRoles.Administrator), "nothing is out of reach");
        Routes(server).Where(route => Method(route) != HttpMethod.Get).Should().OnlyContain(
            route => !route.Metadata.GetMetadata<AllowedTo>()!.Roles.HasFlag(AdminRoles.Auditor), "an auditor changes nothing");
    }

    [Fact]
    public async Task Each_route_lets_in_whom_its_metadata_names_and_nobody_else()
    {
        await using var server = await AdminServer.Start();
        var holders = new List<(AdminRoles Role, bool Limited, string Token)>();
        foreach (var (name, role) in AdminRoleNames.All)
        {
            holders.Add((role, false, (await server.NewToken(name, name)).Token!));
            if (role != AdminRoles.Administrator)
            {
                holders.Add((role, true, (await server.NewToken($"limited-{name}", name, "tls-server")).Token!));
            }
        }

        foreach (var route in Routes(server))
        {
            var allowed = route.Metadata.GetMetadata<AllowedTo>()!;
            foreach (var (role, limited, token) in holders)
            {
                var (status, reason) = await Call(server, route, token);

                var expected = (allowed.Roles & role) == AdminRoles.None ? "role-insufficient"
                    : limited && allowed.Limited == LimitedCallers.Refused ? "limited-to-profiles" : null;
                var what = $"{Method(route)} {route.RoutePattern.RawText} as {role}{(limited ? " of one profile" : "")}";
                if (expected is null)
                {
                    status.Should().NotBe(HttpStatusCode.Unauthorized, what);
                    reason.Should().NotBe("role-insufficient", what).And.NotBe("limited-to-profiles", what).And.NotBe("route-closed", what);
                    status.Should().NotBe(HttpStatusCode.InternalServerError, what);
                }
                else
                {
                    (status, reason).Should().Be((HttpStatusCode.Forbidden, expected), what);
                }
            }
        }
    }

    [Fact]
    public async Task Nobody_gets_to_any_route_without_a_credential_that_is_good_now()
    {
        await using var server = await AdminServer.Start();
        var expired = await server.NewToken("expired", "administrator");
        server.Clock.Advance(TimeSpan.FromDays(90));
        var revoked = await server.NewToken("revoked", "administrator");
        (await server.Send(HttpMethod.Delete, $"/admin/v1/tokens/{revoked.Id}")).StatusCode.Should().Be(HttpStatusCode.OK);
        var refusals = new[]
        {
            (null, "admin-token-missing"), ("wrong", "admin-token-unknown"), (ApiTokens.Prefix, "admin-token-unknown"), (revoked.Token![..^1], "admin-token-unknown"),
            (expired.Token, "admin-token-expired"), (revoked.Token, "admin-token-revoked"),
        };

        foreach (var route in Routes(server))
        {
            // more failures within a minute would be answered with 429
            server.Clock.Advance(TimeSpan.FromMinutes(1));
            foreach (var (token, reason) in refusals)
            {
                (await Call(server, route, token)).Should().Be((HttpStatusCode.Unauthorized, reason), $"{Method(route)} {route.RoutePattern.RawText} with {token ?? "nothing"}");
            }
        }
    }

    [Fact]
    public async Task Refusals_stand_in_the_audit_log_with_their_actor()
    {
        await using var server = await AdminServer.Start();
        var auditor = await server.NewToken("eve", "auditor");
        await server.Send(HttpMethod.Delete, "/admin/v1/tokens/eve");
        var officer = await server.NewToken("olga", "officer", "tls-server");

        await server.Send(HttpMethod.Get, "/admin/v1/self", null, null);
        await server.Send(HttpMethod.Get, "/admin/v1/self", null, auditor.Token);
        await server.Send(HttpMethod.Post, "/admin/v1/tokens", "{}", officer.Token);
        await server.Send(HttpMethod.Post, "/admin/v1/external-account-keys", """{"profile":"apple-device"}""", officer.Token);
        await server.Send(HttpMethod.Delete, "/admin/v1/external-account-keys/nowhere", null, officer.Token);
        await server.Send(HttpMethod.Get, "/admin/v1/evidence/nowhere", null, officer.Token);

        var refused = (await server.Events()).Where(happened => happened.Kind == "admin.refused").ToList();
        refused.Select(happened => (happened.Actor, happened.Reason)).Should().Equal(
            ("unauthenticated", "admin-token-missing"), ("token:eve", "admin-token-revoked"), ("token:olga", "role-insufficient"), ("token:olga", "profile-not-yours"),
            ("token:olga", "external-account-key-unknown"));
        refused[2].Detail.Should().StartWith("POST /admin/v1/tokens from here: 403 ");
        refused.Should().OnlyContain(happened => !happened.Detail!.Contains("deviceacme_"), "no secret is in the log");
    }

    [Fact]
    public async Task A_limited_officer_sees_and_makes_what_is_of_their_profile()
    {
        await using var server = await AdminServer.Start();
        var officer = (await server.NewToken("olga", "officer", "tls-server")).Token;
        const string Keys = "/admin/v1/external-account-keys";
        var foreign = await server.Post(Keys, new NewExternalAccountKey { Profile = "apple-device" }, AdminJson.Default.NewExternalAccountKey, AdminJson.Default.ExternalAccountKeyEntry);
        await server.Post(Keys, new NewExternalAccountKey(), AdminJson.Default.NewExternalAccountKey, AdminJson.Default.ExternalAccountKeyEntry);

        using var made = await server.Send(HttpMethod.Post, Keys, """{"profile":"tls-server"}""", officer);
        made.StatusCode.Should().Be(HttpStatusCode.Created);
        using var forAll = await server.Send(HttpMethod.Post, Keys, "{}", officer);
        forAll.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        using var removed = await server.Send(HttpMethod.Delete, $"{Keys}/{foreign.KeyId}", null, officer);
        removed.StatusCode.Should().Be(HttpStatusCode.Forbidden);

        using var list = await server.Send(HttpMethod.Get, Keys, null, officer);
        (await list.Content.ReadFromJsonAsync(AdminJson.Default.ExternalAccountKeyList))!.Keys.Should().ContainSingle().Which.Profile.Should().Be("tls-server");
        (await server.Events())[^3].Should().BeEquivalentTo(new { Kind = "ticket.added", Actor = "token:olga", Profile = "tls-server" });
    }

    [Fact]
    public async Task Failures_beyond_a_bound_are_answered_and_not_written_down_and_lock_nobody_out()
    {
        await using var server = await AdminServer.Start();

        var answers = new List<HttpStatusCode>();
        for (var i = 0; i < FailedLogins.MostOfOne + 5; i++)
        {
            using var answer = await server.Send(HttpMethod.Get, "/admin/v1/self", null, "wrong");
            answers.Add(answer.StatusCode);
            answer.Headers.RetryAfter.Should().Be(i < FailedLogins.MostOfOne ? null : new System.Net.Http.Headers.RetryConditionHeaderValue(TimeSpan.FromMinutes(1)));
        }

        answers.Should().HaveCount(25).And.StartWith(Enumerable.Repeat(HttpStatusCode.Unauthorized, 20)).And.EndWith(Enumerable.Repeat(HttpStatusCode.TooManyRequests, 5));
        (await server.Events()).Where(happened => happened.Kind == "admin.refused").Should().HaveCount(21, "the first one beyond the bound is written down").And.Subject.Last().Reason.Should().Be("admin-failures-too-many");
        (await server.Send(HttpMethod.Get, "/admin/v1/self")).StatusCode.Should().Be(HttpStatusCode.OK);
        server.Clock.Advance(TimeSpan.FromMinutes(1));
        (await server.Send(HttpMethod.Get, "/admin/v1/self", null, "wrong")).StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    private static IReadOnlyList<RouteEndpoint> Routes(AdminServer server) =>
        [.. server.Server.Routes.Where(route => route.RoutePattern.RawText!.StartsWith("/admin/", StringComparison.Ordinal))];

    private static HttpMethod Method(RouteEndpoint route) => new(route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Single());

    private static async Task<(HttpStatusCode Status, string? Reason)> Call(AdminServer server, RouteEndpoint route, string? token)
    {
        var path = "/" + string.Join('/', route.RoutePattern.PathSegments.Select(segment => segment.Parts[0] is Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal ? literal.Content : "nowhere"));
        using var answer = await server.Send(Method(route), path, Method(route) == HttpMethod.Get ? null : "{}", token);
        var isProblem = answer.Content.Headers.ContentType?.MediaType == "application/problem+json";
        return (answer.StatusCode, isProblem ? (await answer.Content.ReadFromJsonAsync<Problem>())!.Reason : null);
    }
}
