using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using FluentAssertions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>Idempotency keys and ETags.</summary>
public sealed class PreconditionTests
{
    private const string Keys = "/admin/v1/external-account-keys";
    private const string Key = "2f1c9a52-7d1e-4a53-9d35-2a4f0d6f8b11";

    [Fact]
    public async Task A_create_that_is_asked_for_again_with_its_key_happens_once()
    {
        await using var server = await AdminServer.Start();
        var token = (await server.NewToken("ci", "officer")).Token!;

        using var first = await Send(server, Keys, """{"profile":"tls-server"}""", token, Key);
        using var again = await Send(server, Keys, """{"profile":"tls-server"}""", token, Key);

        first.StatusCode.Should().Be(HttpStatusCode.Created);
        again.StatusCode.Should().Be(HttpStatusCode.Created);
        again.Headers.GetValues("Idempotency-Replayed").Should().Equal("true");
        var made = await first.Content.ReadFromJsonAsync(AdminJson.Default.ExternalAccountKeyEntry);
        made!.MacKey.Should().NotBeNull();
        (await again.Content.ReadFromJsonAsync(AdminJson.Default.ExternalAccountKeyEntry)).Should().Be(made, "the secret is told to whoever has the key");
        (await server.Get(Keys, AdminJson.Default.ExternalAccountKeyList)).Keys.Should().ContainSingle();

        await using var context = server.Server.Db.Read();
        var stored = await context.AdminAnswers.SingleAsync(TestContext.Current.CancellationToken);
        Encoding.UTF8.GetString(stored.Answer).Should().NotContain(made.MacKey).And.NotContain(made.KeyId);
    }

    [Fact]
    public async Task A_key_belongs_to_one_body_one_caller_and_one_day()
    {
        await using var server = await AdminServer.Start();
        var token = (await server.NewToken("ci", "officer")).Token!;
        using var first = await Send(server, Keys, "{}", token, Key);

        using var otherBody = await Send(server, Keys, """{"profile":"tls-server"}""", token, Key);
        using var otherCaller = await Send(server, Keys, "{}", (await server.NewToken("cd", "officer")).Token!, Key);
        server.Clock.Advance(TimeSpan.FromHours(24));
        using var nextDay = await Send(server, Keys, "{}", token, Key);

        otherBody.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        (await otherBody.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be("idempotency-key-reused");
        otherCaller.Headers.Contains("Idempotency-Replayed").Should().BeFalse();
        nextDay.Headers.Contains("Idempotency-Replayed").Should().BeFalse();
        (await server.Get(Keys, AdminJson.Default.ExternalAccountKeyList)).Keys.Should().HaveCount(3);
    }

    [Fact]
    public async Task What_was_refused_can_be_asked_for_again()
    {
        await using var server = await AdminServer.Start();
        var officer = (await server.NewToken("olga", "officer", "tls-server")).Token!;

        using var refused = await Send(server, Keys, "{}", officer, Key);
        using var malformed = await Send(server, Keys, "{}", officer, "short");
        using var good = await Send(server, Keys, """{"profile":"tls-server"}""", officer, Key);

        refused.StatusCode.Should().Be(HttpStatusCode.Forbidden);
        (await malformed.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be("idempotency-key-malformed");
        good.StatusCode.Should().Be(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_change_of_a_version_that_is_no_longer_in_force_is_refused()
    {
        await using var server = await AdminServer.Start();
        using var list = await server.Send(HttpMethod.Get, "/admin/v1/anchors");
        var tag = list.Headers.ETag!.Tag;
        var fingerprint = (await list.Content.ReadFromJsonAsync(AdminJson.Default.AnchorListing))!.Anchors[0].Fingerprint;
        var body = $$"""{"fingerprint":"{{fingerprint}}","reason":"a test"}""";

        using var stale = await Distrust(server, body, "\"999\"");
        using var current = await Distrust(server, body, tag);

        stale.StatusCode.Should().Be(HttpStatusCode.PreconditionFailed);
        (await stale.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be("precondition-failed");
        current.StatusCode.Should().Be(HttpStatusCode.Created);
    }

    [Theory]
    [InlineData(null, 428)]
    [InlineData("7", 400)]
    [InlineData("\"6\"", 412)]
    [InlineData("W/\"7\"", 412)]
    [InlineData("\"7\"", null)]
    [InlineData("\"6\", \"7\"", null)]
    [InlineData("*", null)]
    public void A_change_that_needs_a_version_says_which(string? header, int? status)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers.IfMatch = header;

        var check = () => IfMatch.Of(context.Request, required: true).Check(7);

        if (status is null)
        {
            check.Should().NotThrow();
        }
        else
        {
            check.Should().Throw<ProblemException>().Which.Problem.Status.Should().Be(status);
        }
    }

    private static Task<HttpResponseMessage> Distrust(AdminServer server, string body, string tag) =>
        server.Send(HttpMethod.Post, "/admin/v1/anchors/distrusts", body, server.Token, request => request.Headers.IfMatch.Add(new EntityTagHeaderValue(tag)));

    private static Task<HttpResponseMessage> Send(AdminServer server, string path, string json, string token, string key) =>
        server.Send(HttpMethod.Post, path, json, token, request => request.Headers.Add("Idempotency-Key", key));
}
