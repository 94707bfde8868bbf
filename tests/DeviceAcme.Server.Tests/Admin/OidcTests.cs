using System.Buffers.Text;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Core.Administration;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>JWTs of a provider that the test itself is; it signs them with its own code.</summary>
public sealed class OidcTests : IAsyncLifetime
{
    private const string Audience = "deviceacme";
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private WebApplication _provider = null!;
    private string _issuer = "";

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        _provider = builder.Build();
        _provider.Run(context => context.Response.WriteAsync(context.Request.Path == "/keys" ? Keys() : $$"""{"issuer":"{{_issuer}}","jwks_uri":"{{_issuer}}/keys"}"""));
        await _provider.StartAsync();
        _issuer = _provider.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _key.Dispose();
    }

    [Fact]
    public async Task A_token_of_the_provider_has_the_roles_of_its_groups()
    {
        await using var server = await Start();

        using var answer = await server.Send(HttpMethod.Get, "/admin/v1/self", null, Token(Claims()));

        answer.StatusCode.Should().Be(HttpStatusCode.OK);
        var self = (await answer.Content.ReadFromJsonAsync(AdminJson.Default.AdminSelf))!;
        self.Name.Should().Be("oidc:olga");
        self.Roles.Should().Equal("officer");
        self.Profiles.Should().Equal("tls-server");
    }

    [Theory]
    [InlineData("other-key", "admin-jwt-invalid")]
    [InlineData("none", "admin-jwt-invalid")]
    [InlineData("hmac", "admin-jwt-invalid")]
    [InlineData("changed", "admin-jwt-invalid")]
    [InlineData("audience", "admin-jwt-audience")]
    [InlineData("issuer", "admin-jwt-issuer")]
    [InlineData("expired", "admin-jwt-expired")]
    [InlineData("endless", "admin-jwt-expired")]
    [InlineData("too-early", "admin-jwt-expired")]
    [InlineData("no-group", "admin-jwt-without-role")]
    [InlineData("other-group", "admin-jwt-without-role")]
    [InlineData("no-subject", "admin-jwt-invalid")]
    public async Task Every_other_token_is_refused_with_its_reason(string fault, string reason)
    {
        await using var server = await Start();

        using var answer = await server.Send(HttpMethod.Get, "/admin/v1/self", null, Faulty(fault));

        answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
        (await answer.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be(reason);
    }

    [Fact]
    public async Task A_provider_that_does_not_answer_is_a_refusal_and_no_failure()
    {
        await using var server = await Start();
        await _provider.StopAsync(TestContext.Current.CancellationToken);

        using var answer = await server.Send(HttpMethod.Get, "/admin/v1/self", null, Token(Claims()));

        (await answer.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be("admin-oidc-unreachable");
    }

    [Fact]
    public async Task Without_a_provider_no_JWT_is_believed()
    {
        await using var server = await AdminServer.Start();

        using var answer = await server.Send(HttpMethod.Get, "/admin/v1/self", null, Token(Claims()));

        (await answer.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be("admin-jwt-unexpected");
    }

    [Theory]
    [InlineData("olga=officer", "olga", AdminRoles.Officer, null)]
    [InlineData("CN=olga=officer+auditor", "CN=olga", AdminRoles.Officer | AdminRoles.Auditor, null)]
    [InlineData("team=officer:a+b", "team", AdminRoles.Officer, "a b")]
    public void A_grant_is_read(string text, string name, object roles, string? profiles) =>
        AdminGrant.Parse(text).Should().BeEquivalentTo(new AdminGrant(name, (AdminRoles)roles, profiles?.Split(' ')));

    [Theory]
    [InlineData("olga")]
    [InlineData("=officer")]
    [InlineData("olga=boss")]
    [InlineData("olga=")]
    [InlineData("olga=officer:")]
    [InlineData("olga=administrator:a")]
    public void A_grant_that_says_nothing_clear_is_a_mistake(string text)
    {
        var parse = () => AdminGrant.Parse(text);

        parse.Should().Throw<FormatException>().WithMessage($"*'{text}'");
    }

    [Fact]
    public void A_limit_of_one_grant_limits_the_others()
    {
        var caller = AdminGrant.Together("x", [AdminGrant.Parse("a=officer:p"), AdminGrant.Parse("b=auditor")])!;

        caller.Roles.Should().Be(AdminRoles.Officer | AdminRoles.Auditor);
        caller.Profiles.Should().Equal("p");
    }

    private Task<AdminServer> Start() => AdminServer.Start(configure: options => options with
    {
        AdminOidcIssuer = new Uri(_issuer),
        AdminOidcAudience = Audience,
        AdminOidcRoleClaim = "groups",
        AdminOidcRoles = [AdminGrant.Parse("printer-team=officer:tls-server")],
    });

    private string Faulty(string fault)
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var claims = Claims();
        switch (fault)
        {
            case "other-key":
                return Token(claims, other);
            case "none":
                return $"{Encode("""{"alg":"none","typ":"JWT"}""")}.{Encode(claims.ToJsonString())}.";
            case "hmac":
                var signed = $"{Encode("""{"alg":"HS256","kid":"k1"}""")}.{Encode(claims.ToJsonString())}";
                return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData(_key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes(signed)))}";
            case "changed":
                var parts = Token(claims).Split('.');
                claims["sub"] = "eve";
                return $"{parts[0]}.{Encode(claims.ToJsonString())}.{parts[2]}";
            case "audience":
                claims["aud"] = "another";
                break;
            case "issuer":
                claims["iss"] = "https://elsewhere.example";
                break;
            case "expired":
                claims["exp"] = Now.AddMinutes(-2).ToUnixTimeSeconds();
                break;
            case "endless":
                claims.Remove("exp");
                break;
            case "too-early":
                claims["nbf"] = Now.AddMinutes(2).ToUnixTimeSeconds();
                break;
            case "no-group":
                claims.Remove("groups");
                break;
            case "other-group":
                claims["groups"] = new JsonArray("officer", "administrator");
                break;
            case "no-subject":
                claims.Remove("sub");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(fault));
        }

        return Token(claims);
    }

    private JsonObject Claims() => new()
    {
        ["iss"] = _issuer.Length > 0 ? _issuer : "http://localhost",
        ["aud"] = Audience,
        ["sub"] = "olga",
        ["groups"] = new JsonArray("everybody", "printer-team"),
        ["iat"] = Now.ToUnixTimeSeconds(),
        ["exp"] = Now.AddMinutes(5).ToUnixTimeSeconds(),
    };

    private string Token(JsonObject claims, ECDsa? key = null)
    {
        var signed = $"{Encode("""{"alg":"ES256","kid":"k1","typ":"JWT"}""")}.{Encode(claims.ToJsonString())}";
        return $"{signed}.{Base64Url.EncodeToString((key ?? _key).SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256))}";
    }

    private string Keys()
    {
        var point = _key.ExportParameters(false).Q;
        return $$"""{"keys":[{"kty":"EC","crv":"P-256","kid":"k1","use":"sig","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}]}""";
    }

    private static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
