using System.Net;
using System.Text;
using DeviceAcme.Server.Acme;
using DeviceAcme.Server.Workers;
using DeviceAcme.Simulator.Makers;
using DeviceAcme.Testing;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeviceAcme.Server.Tests.Conformance;

/// <summary>Android phones over HTTP, and where the server has Google's status list from.</summary>
public sealed class AndroidKeyTests : IDisposable
{
    private const string Serial = "SIMANDROID01";
    private const string Nobody = """{"entries":{"0123456789abcdef":{"status":"REVOKED"}}}""";

    private static readonly AndroidMaker Android = new(Simulated.Vendors.Android, Simulated.Now);

    private readonly string _list = Path.Combine(Directory.CreateTempSubdirectory("deviceacme-list-").FullName, "status.json");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_list)!, recursive: true);

    [Fact, Spec("device-attest §5")]
    public async Task A_phone_enrolls_where_a_fresh_status_list_is_loaded()
    {
        WriteList(Nobody, Simulated.Now.AddHours(-1));
        await using var server = await Start("", list: true);
        using var key = Simulated.NewKey();
        var order = await Order(server);

        (await order.Send(Android.Make(order.Material, key))).State.Should().Be("valid");
        (await order.Finalize(key)).State.Should().Be("valid");
    }

    [Fact]
    public async Task Without_a_list_every_phone_is_refused_unless_the_profile_accepts_that()
    {
        await using var strict = await Start("", list: false);
        await using var lenient = await Start("  status-list: { missing: accept }", list: false);

        (await Answer(strict)).Should().Be("invalid android-status-list-missing");
        (await Answer(lenient)).Should().Be("valid ");
    }

    [Fact]
    public async Task A_list_grows_stale_and_a_changed_file_is_read_again()
    {
        WriteList(Nobody, Simulated.Now.AddHours(-1));
        await using var server = await Start("  status-list: { stale-after: 2h }", list: true);
        (await Answer(server)).Should().Be("valid ");

        server.Clock.Advance(TimeSpan.FromMinutes(61));
        (await Answer(server)).Should().Be("invalid android-status-list-stale");

        WriteList("""{"entries":{"1":{"status":"SUSPENDED"}}}""", server.Clock.GetUtcNow());
        await server.Services.GetRequiredService<AndroidStatusLists>().LookAgain(TestContext.Current.CancellationToken);
        (await Answer(server)).Should().Be("invalid android-certificate-revoked");
    }

    [Fact]
    public async Task A_broken_file_leaves_the_last_list_in_force()
    {
        WriteList(Nobody, Simulated.Now.AddHours(-1));
        await using var server = await Start("", list: true);
        var lists = server.Services.GetRequiredService<AndroidStatusLists>();

        WriteList("{\"entries\":", Simulated.Now);
        await lists.LookAgain(TestContext.Current.CancellationToken);

        lists.Current!.FetchedAt.Should().Be(Simulated.Now.AddHours(-1));
        File.Delete(_list);
        await lists.LookAgain(TestContext.Current.CancellationToken);
        lists.Current.Count.Should().Be(1);
    }

    [Fact]
    public async Task A_fetched_list_is_kept_for_the_next_start_with_its_true_age_and_fetched_again_after_an_hour()
    {
        await using var server = await TestServer.Start();
        var options = new ServerOptions
        {
            DataDirectory = server.DataDirectory,
            ProfilesDirectory = "",
            Url = new Uri(TestServer.BaseUrl),
            AndroidStatusList = new Uri("https://list.example/status"),
        };
        var source = new ListSource { Body = Nobody };
        var began = server.Clock.GetUtcNow();
        using var first = Lists(server, options, source);
        await first.LookAgain(TestContext.Current.CancellationToken);
        await first.LookAgain(TestContext.Current.CancellationToken);
        source.Requests.Should().Be(1, "an hour has not passed");

        source.Body = null;
        server.Clock.Advance(TimeSpan.FromMinutes(61));
        await first.LookAgain(TestContext.Current.CancellationToken);
        source.Requests.Should().Be(2);
        first.Current!.FetchedAt.Should().Be(began, "what cannot be had leaves the last one in force");

        using var second = Lists(server, options, source);
        await second.StartAsync(TestContext.Current.CancellationToken);
        second.Current!.FetchedAt.Should().Be(began);
        await second.StopAsync(TestContext.Current.CancellationToken);
    }

    private static AndroidStatusLists Lists(TestServer server, ServerOptions options, HttpMessageHandler network) => new(
        options, server.Services.GetRequiredService<ProfileCatalog>(), server.Clock, NullLogger<AndroidStatusLists>.Instance, network);

    private void WriteList(string json, DateTimeOffset at)
    {
        File.WriteAllText(_list, json);
        File.SetLastWriteTimeUtc(_list, at.UtcDateTime);
    }

    private Task<TestServer> Start(string more, bool list) => TestServer.Start(
        new Dictionary<string, string> { ["phones"] = Profile(more) },
        options => list ? options with { AndroidStatusList = new Uri(_list) } : options,
        Simulated.Anchors);

    private static async Task<DeviceOrder> Order(TestServer server)
    {
        var account = new TestAccount(server, "phones");
        await account.Register();
        return await Simulated.Order(account, Serial);
    }

    private static async Task<string> Answer(TestServer server)
    {
        using var key = Simulated.NewKey();
        var order = await Order(server);
        var reply = await order.Send(Android.Make(order.Material, key));
        var detail = (string?)reply.Json["error"]?["reason"] ?? (string?)reply.Json["error"]?["detail"] ?? "";
        return $"{reply.State} {detail}";
    }

    private static string Profile(string more) => $$$"""
        name: phones
        description: Phones of the tests
        accounts:
          external-account-binding: none
        identifiers:
          permanent-identifier:
            challenges: [device-attest-01]
            allow: ["*"]
            proves: device.serial
        attestation:
          mode: required
          formats: [android-key]
          anchors: [android-key]
        {{{more}}}
        certificate:
          subject: CN={{device.serial}}
          subject-alternative-names: [identifiers]
          keys: [ec-p256]
          key-usage: [digital-signature]
          extended-key-usage: [client-auth]
          validity: 90d
        issuer: default
        """;

    private sealed class ListSource : HttpMessageHandler
    {
        /// <summary>What it answers; null: 503.</summary>
        public string? Body { get; set; }

        public int Requests { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            return Task.FromResult(Body is null
                ? new HttpResponseMessage(HttpStatusCode.ServiceUnavailable)
                : new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Body, Encoding.UTF8, "application/json") });
        }
    }
}
