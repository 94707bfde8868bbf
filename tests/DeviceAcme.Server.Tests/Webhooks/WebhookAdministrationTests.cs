using System.Net;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Server.Tests.Hosting;
using DeviceAcme.Server.Webhooks;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Webhooks;

/// <summary>How administrators see and try webhooks.</summary>
public sealed class WebhookAdministrationTests
{
    private const string Yes = """{"decision":"allow","attributes":{"department":"R & D"}}""";

    [Fact]
    public async Task Webhooks_are_listed_tried_shown_and_sent_again_from_a_terminal()
    {
        await using var receiver = await Receiver.Start();
        receiver.Answer = (asked, context) => Receiver.Say(asked, context, Yes);
        using var profiles = new ProfilesWithWebhook(receiver.Url);
        await using var server = await RunningServerOnLoopback.Start(profiles.Configure);

        (await Terminal.Run(server, "webhook", "list")).Output.Should().MatchRegex($"apple-device +cmdb +challenge +refuse +closed +never +{receiver.Url}");
        var tried = await Terminal.Run(server, "webhook", "test", "apple-device", "cmdb");
        tried.Code.Should().Be(0, tried.Talk);
        tried.Output.Should().Contain("outcome").And.Contain("allowed").And.Contain("webhook.cmdb.department = R & D");
        var asked = receiver.All.Single();
        asked.Signed.Should().BeTrue();
        ((string)asked.Json["purpose"]!).Should().Be("test");
        WebhookSchema.Violations("request", asked.Json).Should().BeEmpty();

        (await Terminal.Run(server, "webhook", "list")).Output.Should().MatchRegex("closed +allowed ");
        (await Terminal.Run(server, "webhook", "deliveries", "--profile", "apple-device")).Output.Should().MatchRegex($"{asked.Delivery} .* test +allowed +200 +1 ");
        (await Terminal.Run(server, "webhook", "deliveries", "--outcome", "failed")).Output.Should().NotContain(asked.Delivery);
        (await Terminal.Run(server, "webhook", "show", asked.Delivery)).Output.Should().Contain("SAMPLE-0001").And.Contain("department");
        var again = await Terminal.Run(server, "webhook", "replay", asked.Delivery);
        again.Code.Should().Be(0);
        again.Output.Should().Contain($"again what was {asked.Delivery}");
        var replayed = receiver.All[1].Json;
        ((string)replayed["replayOf"]!).Should().Be(asked.Delivery);
        ((string)replayed["delivery"]!).Should().NotBe(asked.Delivery);
        WebhookSchema.Violations("request", replayed).Should().BeEmpty();

        receiver.Answer = (question, context) => Receiver.Say(question, context, """{"decision":"refuse","reason":"closed on Sundays"}""");
        var refused = await Terminal.Run(server, "webhook", "test", "apple-device", "cmdb", "--json");
        refused.Code.Should().Be(1);
        JsonSerializer.Deserialize(refused.Output, AdminJson.Default.WebhookDeliveryRecord)!.Should().BeEquivalentTo(new { Outcome = "refused", Reason = "webhook-refused", Detail = "closed on Sundays" });

        (await Terminal.Run(server, "webhook", "test", "apple-device", "cmbd")).Talk.Should().Contain("cmdb");
        (await Terminal.Run(server, "webhook", "show", "nowhere")).Talk.Should().Contain("webhook deliveries");
    }

    [Fact]
    public async Task What_administrators_try_is_written_down_and_counts_for_nobody()
    {
        await using var server = await WebhookServer.Start("challenge");
        var token = (await File.ReadAllTextAsync(Path.Combine(server.Server.DataDirectory, RunningServer.TokenFileName), TestContext.Current.CancellationToken)).Trim();
        server.Receiver.Answer = (asked, context) => Receiver.Say(asked, context, Yes);

        var made = await Send(server, token, HttpMethod.Post, $"/admin/v1/webhooks/{WebhookServer.Profile}/cmdb/test");

        made.Status.Should().Be(HttpStatusCode.OK);
        await using var context = server.Server.Db.Read();
        context.Events.Single(happened => happened.Kind == "webhook.tested").Should().BeEquivalentTo(new { Actor = "local", WebhookServer.Profile });
        context.Evidence.Should().BeEmpty();
        (await Send(server, token, HttpMethod.Post, "/admin/v1/webhook-deliveries/nowhere/replay")).Status.Should().Be(HttpStatusCode.NotFound);
        (await Send(server, token, HttpMethod.Get, "/admin/v1/webhook-deliveries?outcome=maybe")).Status.Should().Be(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Deliveries_of_a_profile_that_keeps_no_verdicts_have_no_bodies_and_cannot_be_sent_again()
    {
        await using var server = await WebhookServer.Start("challenge", profile: text => text + "\nevidence: { keep: none }\n");
        var token = (await File.ReadAllTextAsync(Path.Combine(server.Server.DataDirectory, RunningServer.TokenFileName), TestContext.Current.CancellationToken)).Trim();
        (await server.Challenge()).Answer.State.Should().Be("valid");

        var delivery = (await server.Deliveries()).Single();
        delivery.Request.Should().BeNull();
        delivery.Answer.Should().BeNull();
        var replay = await Send(server, token, HttpMethod.Post, $"/admin/v1/webhook-deliveries/{delivery.Id}/replay");
        replay.Status.Should().Be(HttpStatusCode.Conflict);
        replay.Body.Should().Contain("webhook-body-not-kept");
    }

    [Fact]
    public async Task Deliveries_are_dropped_when_their_time_is_over_or_there_are_too_many()
    {
        await using var server = await WebhookServer.Start("challenge");
        for (var i = 0; i < 5; i++)
        {
            await server.Challenge();
        }

        var cleaning = server.Server.Services.GetRequiredService<DeliveryCleaning>();
        await cleaning.Clean(server.Server.Clock.GetUtcNow(), TestContext.Current.CancellationToken, most: 2);
        (await server.Deliveries()).Select(row => row.Sequence).Should().Equal(4, 5);
        await cleaning.Clean(server.Server.Clock.GetUtcNow() + DeliveryCleaning.Life, TestContext.Current.CancellationToken);
        (await server.Deliveries()).Should().BeEmpty();
    }

    [Theory]
    [InlineData(null, "no file")]
    [InlineData("short", "at least 16 characters")]
    public void A_secret_that_is_not_there_ends_the_start(string? secret, string message)
    {
        using var profiles = new ProfilesWithWebhook(new Uri("http://127.0.0.1:1/"), secret);

        var installation = Installation.Load(profiles.Configure(new ServerOptions { DataDirectory = profiles.Folder, Url = new Uri("https://localhost"), ProfilesDirectory = "" }));

        var mistake = installation.Mistakes.Should().ContainSingle().Subject;
        mistake.File.Should().EndWith("apple-device.yaml");
        mistake.Line.Should().BeGreaterThan(1);
        mistake.Message.Should().Contain(message).And.Contain("--secrets");
    }

    private static async Task<(HttpStatusCode Status, string Body)> Send(WebhookServer server, string token, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new("Bearer", token);
        using var answer = await server.Server.Admin.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}

/// <summary>The shipped profiles, of which apple-device asks a webhook.</summary>
internal sealed class ProfilesWithWebhook : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deviceacme-webhook-");

    public ProfilesWithWebhook(Uri url, string? secret = Receiver.Secret)
    {
        OpenProfiles.Write(Settings.ShippedProfiles, Path.Combine(Folder, "profiles"));
        var file = Path.Combine(Folder, "profiles", "apple-device.yaml");
        File.WriteAllText(file, $"{File.ReadAllText(file)}\nwebhooks:\n  - {{ name: cmdb, url: {url}, at: challenge, secret: cmdb, timeout: 8s }}\n");
        Directory.CreateDirectory(Secrets);
        if (secret is not null)
        {
            File.WriteAllText(SecretFile, secret);
        }
    }

    public string Folder => _folder.FullName;

    public string Secrets => Path.Combine(Folder, "secrets");

    public string SecretFile => Path.Combine(Secrets, "cmdb");

    public ServerOptions Configure(ServerOptions options) => options with { ProfilesDirectory = Path.Combine(Folder, "profiles"), SecretsDirectory = Secrets };

    public void Dispose() => _folder.Delete(true);
}
