using System.Text.Json.Nodes;
using DeviceAcme.Server.Sync;
using DeviceAcme.Server.Tests.Admin;
using DeviceAcme.Server.Tests.Conformance;
using DeviceAcme.Server.Tests.Hosting;
using FluentAssertions;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Sync;

/// <summary>The last known answer and its age stand in the evidence and are facts; an administrator sees and runs it all.</summary>
public sealed class InventoryStandingTests
{
    private const string Profile = """
        name: fresh
        identifiers:
          permanent-identifier: { challenges: [device-attest-01], proves: device.serial }
        attestation:
          mode: required
          formats: [apple]
          anchors: [apple]
          facts: { ledger.inventory-age: "<= 7200", ledger.inventory-listed: "true" }
        devices: { unknown: refuse }
        certificate:
          subject: CN={{device.serial}}, OU={{ledger.inventory}}
          keys: [ec-p256]
          extended-key-usage: [client-auth]
          validity: 90d
        """;

    [Fact]
    public async Task How_old_the_last_answer_is_stands_in_the_evidence_and_can_be_ruled_about()
    {
        await using var source = await JsonSource.Start();
        source.Body = SyncScene.List(Simulated.Serial);
        await using var server = await TestServer.Start(new Dictionary<string, string> { ["fresh"] = Profile }, options => WithSource(options, source.Url, more: "  interval: 7d\n  stale-after: 8d"), Simulated.Anchors);
        await Run(server);
        server.Clock.Advance(TimeSpan.FromMinutes(90));

        var (order, answer, evidence) = await Challenge(server);
        answer.State.Should().Be("valid", answer.Body);
        (await order.Finalize(evidence.Key)).State.Should().Be("valid");

        await using (var context = server.Db.Read())
        {
            var checks = JsonNode.Parse(context.Evidence.Single(row => row.Kind == "challenge").Verdict)!["checks"]!.AsArray();
            ((string)checks.Single(check => (string)check!["name"]! == "ledger")!["found"]!).Should().Contain("the inventory mdm lists it, as of 90 min ago");
            using var certificate = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(context.Certificates.Single().Certificate);
            certificate.Subject.Should().Be($"CN={Simulated.Serial}, OU=mdm");
        }

        source.Answer = context =>
        {
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        };
        server.Clock.Advance(TimeSpan.FromMinutes(31));
        await Run(server);
        ((string)(await Challenge(server)).Answer.Json["error"]!["reason"]!).Should().Be("fact-different", "the last answer is more than two hours old");

        source.Answer = null;
        await Run(server);
        (await Challenge(server)).Answer.State.Should().Be("valid");
        source.Body = "[]";
        await Run(server);
        ((string)(await Challenge(server)).Answer.Json["error"]!["reason"]!).Should().Be("fact-different", "it is not listed any more");
    }

    [Fact]
    public async Task An_inventory_is_run_and_looked_at_from_a_terminal()
    {
        await using var source = await JsonSource.Start();
        source.Body = SyncScene.List("A", "B");
        var folder = Directory.CreateTempSubdirectory("deviceacme-sync-");
        await using var server = await RunningServerOnLoopback.Start(options => WithSource(options with { SecretsDirectory = folder.FullName }, source.Url, folder.FullName));
        for (var tries = 0; !(await Terminal.Run(server, "sync", "status")).Output.Contains("fresh"); tries++)
        {
            tries.Should().BeLessThan(100, "the worker asks by itself");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        source.Body = SyncScene.List("A", "B", "C");
        var dry = await Terminal.Run(server, "sync", "run", "mdm", "--dry-run");
        dry.Should().BeEquivalentTo((0, $"mdm: 3 devices; would be 1 added, 0 changed, 0 gone, 0 left out{Environment.NewLine}", dry.Talk));
        (await Terminal.Run(server, "sync", "run", "mdm")).Output.Should().Contain("1 added");
        var status = await Terminal.Run(server, "sync", "status", "mdm");
        status.Code.Should().Be(0);
        status.Output.Should().MatchRegex("mdm +fresh +[0-9-]+.* 3 +kept");

        source.Answer = context =>
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        };
        var failed = await Terminal.Run(server, "sync", "run", "mdm");
        failed.Code.Should().Be(1);
        failed.Talk.Should().Contain("status 401");
        (await Terminal.Run(server, "sync", "status")).Should().Match<(int Code, string Output, string Talk)>(run => run.Code == 1 && run.Output.Contains("failing"));
        (await Terminal.Run(server, "sync", "run", "mmd")).Talk.Should().Contain("mdm");
        folder.Delete(true);
    }

    private static ServerOptions WithSource(ServerOptions options, Uri url, string? secrets = null, string more = "")
    {
        var folder = secrets ?? Path.Combine(options.DataDirectory, "secrets");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "mdm"), JsonSource.Secret);
        var file = Path.Combine(folder, "sync.yaml");
        File.WriteAllText(file, SyncScene.File(url, more));
        return options with { SyncFile = file };
    }

    private static async Task Run(TestServer server)
    {
        // the worker may be about it already
        var sync = server.Services.GetRequiredService<InventorySync>();
        while (await sync.Run(server.Services.GetRequiredService<InventorySources>().All.Single(), false, false, CancellationToken.None) is null)
        {
            await Task.Delay(20);
        }
    }

    private static async Task<(DeviceOrder Order, TestReply Answer, Simulator.Makers.MadeEvidence Evidence)> Challenge(TestServer server)
    {
        var account = new TestAccount(server, "fresh");
        await account.Register();
        var order = await Simulated.Order(account, Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        return (order, await order.Send(evidence), evidence);
    }
}
