using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Hosting;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

public sealed class ExternalAccountKeyRouteTests
{
    private const string Keys = "/admin/v1/external-account-keys";

    [Theory]
    [InlineData("GET", Keys)]
    [InlineData("POST", Keys)]
    [InlineData("DELETE", Keys + "/x")]
    [InlineData("GET", "/admin/v1/nowhere")]
    [InlineData("PUT", Keys)]
    public async Task Nobody_gets_in_without_the_token(string method, string path)
    {
        await using var server = await RunningServerOnLoopback.Start();
        foreach (var token in new[] { null, "", "wrong", server.Token[..^1], server.Token + "x", server.Token.ToUpperInvariant() })
        {
            using var answer = await server.Send(new HttpMethod(method), new Uri(server.Admin, path), token, method == "POST" ? "{}" : null);

            answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
            answer.Headers.WwwAuthenticate.Should().ContainSingle().Which.Scheme.Should().Be("Bearer");
        }
    }

    [Fact]
    public async Task Only_the_owner_can_read_the_token_and_a_restart_keeps_it()
    {
        await using var server = await RunningServerOnLoopback.Start();
        var token = server.Token;

        token.Should().HaveLength(43, "it has 256 bits in base64url");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(server.DataDirectory, RunningServer.TokenFileName)).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        DeviceAcme.Server.Admin.LocalToken.ReadOrMake(server.DataDirectory).Is(token).Should().BeTrue();
    }

    [Fact]
    public async Task A_key_is_made_listed_without_its_secret_and_removed()
    {
        await using var server = await RunningServerOnLoopback.Start();

        using var made = await server.Send(HttpMethod.Post, new Uri(server.Admin, Keys), server.Token, """{"profile":"tls-server","expiresIn":"30d"}""");
        made.StatusCode.Should().Be(HttpStatusCode.Created);
        made.Headers.CacheControl!.NoStore.Should().BeTrue();
        var key = (await made.Content.ReadFromJsonAsync(AdminJson.Default.ExternalAccountKeyEntry))!;
        Convert.FromBase64String(key.MacKey!.Replace('-', '+').Replace('_', '/') + "=").Should().HaveCount(32);
        (key.ExpiresAt - key.CreatedAt).Should().Be(TimeSpan.FromDays(30));

        using var list = await server.Send(HttpMethod.Get, new Uri(server.Admin, Keys), server.Token);
        var text = await list.Content.ReadAsStringAsync();
        text.Should().NotContain("macKey").And.NotContain(key.MacKey);
        JsonSerializer.Deserialize(text, AdminJson.Default.ExternalAccountKeyList)!.Keys.Should().ContainSingle().Which.KeyId.Should().Be(key.KeyId);

        using var removed = await server.Send(HttpMethod.Delete, new Uri(server.Admin, $"{Keys}/{key.KeyId}"), server.Token);
        removed.StatusCode.Should().Be(HttpStatusCode.NoContent);
        using var again = await server.Send(HttpMethod.Delete, new Uri(server.Admin, $"{Keys}/{key.KeyId}"), server.Token);
        again.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("""{"profile":"nowhere"}""", 400, "profile-unknown")]
    [InlineData("""{"expiresIn":"soon"}""", 400, "duration-malformed")]
    [InlineData("""{"expiresIn":"0d"}""", 400, "duration-malformed")]
    [InlineData("""{"expiresIn":"9999999999d"}""", 400, "duration-malformed")]
    [InlineData("""{"expires":"30d"}""", 400, "json-malformed")]
    [InlineData("null", 400, "json-malformed")]
    [InlineData("[", 400, "json-malformed")]
    [InlineData("", 400, "json-malformed")]
    public async Task A_bad_wish_is_a_problem(string json, int status, string reason)
    {
        await using var server = await RunningServerOnLoopback.Start();

        using var answer = await server.Send(HttpMethod.Post, new Uri(server.Admin, Keys), server.Token, json);

        ((int)answer.StatusCode).Should().Be(status);
        (await answer.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be(reason);
    }
}
