using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Sync;
using FluentAssertions;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace DeviceAcme.Server.Tests.Sync;

/// <summary>The ledger follows an inventory of somebody else, and keeps what it knows when that is silent.</summary>
public sealed class InventorySyncTests
{
    private const string States = "identifiers: { serial: serial }, state: status, states: { managed: expected, lost: blocked }";

    [Fact]
    public async Task What_is_mapped_comes_into_the_ledger()
    {
        await using var scene = await SyncScene.Start(
            "  devices: result.items",
            "identifiers: { serial: hardware.serial, udid: udid }, label: name, owner: user.mail, groups: \"tags[*].title\", always-in: [mdm], attributes: { cost-center: extra.cc, supervised: supervised }, state: status, states: { managed: expected, lost: blocked }");
        scene.Source.Body = """
            {"result":{"items":[
              {"hardware":{"serial":"C02A"},"udid":"U-1","name":"Ada's Mac","user":{"mail":"ada@example.com"},"tags":[{"title":"Marketing (Berlin)"},{"title":"VPN"}],"extra":{"cc":4711},"supervised":true,"status":"managed"},
              {"hardware":{"serial":"C02B"},"udid":null,"status":"lost"},
              {"hardware":{"serial":"C02C"},"status":"who knows"}]}}
            """;

        var result = await scene.Run();

        result.Should().BeEquivalentTo(new { Devices = 3, Added = 3, Changed = 0, Gone = 0, Failure = (string?)null });
        var devices = await scene.Devices();
        devices["C02A"].Should().BeEquivalentTo(new { Label = "Ada's Mac", Owner = "ada@example.com", Groups = new[] { "marketing-berlin", "mdm", "vpn" }, State = DeviceState.Expected });
        devices["C02A"].Attributes.Should().BeEquivalentTo(new Dictionary<string, string> { ["cost-center"] = "4711", ["supervised"] = "true" });
        (await scene.States()).Should().Be("C02A:expected C02B:blocked C02C:expected");
        scene.Source.Asked.Single().Authorization.Should().Be($"Bearer {JsonSource.Secret}");
        await using var context = scene.Server.Db.Read();
        context.DeviceIdentifiers.Where(name => name.Kind == "udid").Select(name => name.Value).ToList().Should().Equal("U-1");
        context.Events.Where(happened => happened.Kind == "device.added").Select(happened => happened.Actor).Distinct().ToList().Should().Equal("sync:mdm");

        scene.Source.Body = """{"result":{"items":[{"hardware":{"serial":"C02A"},"status":"managed"},{"hardware":{"serial":"C02B"},"status":"lost"},{"hardware":{"serial":"C02C"}}]}}""";
        (await scene.Run()).Should().BeEquivalentTo(new { Added = 0, Changed = 1 });
        var silent = (await scene.Devices())["C02A"];
        silent.Should().BeEquivalentTo(new { Label = (string?)null, Owner = (string?)null, Groups = new[] { "mdm" } }, "what is mapped is the MDM's alone");
        silent.Attributes.Should().BeEmpty();
    }

    [Fact]
    public async Task A_list_that_is_as_it_was_is_not_read_again_and_is_fresh_all_the_same()
    {
        await using var scene = await SyncScene.Start();
        (scene.Source.Body, scene.Source.ETag) = (SyncScene.List("A", "B"), "\"one\"");
        await scene.Run();
        scene.Server.Clock.Advance(TimeSpan.FromMinutes(20));

        var again = await scene.Run();

        again.Should().BeEquivalentTo(new { AsItWas = true, Devices = 2, Failure = (string?)null });
        scene.Source.Asked[1].IfNoneMatch.Should().Be("\"one\"");
        (await scene.Stored()).AnsweredAt.Should().Be(scene.Server.Clock.GetUtcNow());

        scene.Use("", "identifiers: { serial: serial }, owner: serial");
        (await scene.Run()).Changed.Should().Be(2, "other settings make something else of the same list");
        scene.Source.Asked[2].IfNoneMatch.Should().BeNull();
    }

    [Theory]
    [InlineData("  next: next", "", false)]
    [InlineData("  next: next\n  etag: list", "", true)]
    [InlineData("", "<devices?page=2>; rel=\"next\", <devices>; rel=\"first\"", false)]
    public async Task A_list_of_several_pages_is_read_to_its_end(string more, string link, bool etag)
    {
        await using var scene = await SyncScene.Start($"  devices: items\n{more}");
        scene.Source.Answer = context =>
        {
            var second = context.Request.Query["page"] == "2";
            context.Response.Headers.ETag = "\"first\"";
            if (!second && link.Length > 0)
            {
                context.Response.Headers.Link = link;
            }

            return context.Response.WriteAsync(second ? $$"""{"items":{{SyncScene.List("B")}},"next":""}""" : $$"""{"items":{{SyncScene.List("A")}},"next":"/devices?page=2"}""");
        };

        (await scene.Run()).Should().BeEquivalentTo(new { Devices = 2, Added = 2, Failure = (string?)null });
        await scene.Run();

        scene.Source.Asked.Select(asked => asked.Path).Should().Equal("/devices", "/devices?page=2", "/devices", "/devices?page=2");
        scene.Source.Asked.Should().OnlyContain(asked => asked.Authorization == $"Bearer {JsonSource.Secret}");
        (scene.Source.Asked[2].IfNoneMatch is not null).Should().Be(etag, "the first page's ETag says nothing about the others unless somebody knows better");
    }

    [Theory]
    [InlineData("quarantine", "A:expected B:quarantined C:expected")]
    [InlineData("retire", "A:expected B:retired C:expected")]
    [InlineData("keep", "A:expected B:expected C:expected")]
    public async Task What_is_not_listed_any_more_is_dealt_with_and_comes_back(string gone, string states)
    {
        await using var scene = await SyncScene.Start($"  gone: {gone}");
        scene.Source.Body = SyncScene.List("A", "B", "C");
        await scene.Run();

        scene.Source.Body = SyncScene.List("A", "C");
        (await scene.Run(dryRun: true)).Should().BeEquivalentTo(new { DryRun = true, Gone = 1 });
        (await scene.States()).Should().Be("A:expected B:expected C:expected", "a dry run changes nothing");
        (await scene.Run()).Gone.Should().Be(1);
        (await scene.States()).Should().Be(states);
        (await scene.Run()).Gone.Should().Be(0, "it is gone already");

        scene.Source.Body = SyncScene.List("A", "B", "C");
        await scene.Run();
        (await scene.States()).Should().Be("A:expected B:expected C:expected");
    }

    [Fact]
    public async Task A_list_that_lost_too_many_changes_nothing_until_somebody_says_so()
    {
        await using var scene = await SyncScene.Start("  gone: retire\n  most-gone: 20%");
        scene.Source.Body = SyncScene.List(Enumerable.Range(0, 10).Select(i => $"D{i}"));
        await scene.Run();

        scene.Source.Body = SyncScene.List("D0", "NEW");
        (await scene.Run()).Failure.Should().Contain("9 of 10").And.Contain("--accept-gone");
        (await scene.Devices()).Should().HaveCount(10, "nothing was taken over").And.OnlyContain(device => device.Value.State == DeviceState.Expected);
        scene.Source.Body = "[]";
        (await scene.Run()).Failure.Should().Contain("10 of 10");

        scene.Source.Body = SyncScene.List(Enumerable.Range(2, 8).Select(i => $"D{i}"));
        (await scene.Run()).Should().BeEquivalentTo(new { Gone = 2, Failure = (string?)null });
        scene.Source.Body = SyncScene.List("D9");
        (await scene.Run(acceptGone: true)).Gone.Should().Be(7);
        (await scene.Devices()).Values.Count(device => device.State == DeviceState.Retired).Should().Be(9);
    }

    [Fact]
    public async Task What_an_administrator_holds_against_a_device_stands_whatever_the_inventory_says()
    {
        await using var scene = await SyncScene.Start("  gone: quarantine", States);
        scene.Source.Body = """[{"serial":"A","status":"managed"},{"serial":"B","status":"managed"}]""";
        await scene.Run();
        await Change(scene, "A", device => device.Block("lost", "olga", scene.Server.Clock.GetUtcNow()));

        await scene.Run();
        (await scene.States()).Should().Be("A:blocked B:expected");
        scene.Source.Body = """[{"serial":"B","status":"managed"}]""";
        await scene.Run();
        scene.Source.Body = """[{"serial":"A","status":"managed"},{"serial":"B","status":"lost"}]""";
        await scene.Run();
        (await scene.States()).Should().Be("A:blocked B:blocked");

        scene.Source.Body = """[{"serial":"A","status":"managed"},{"serial":"B","status":"managed"}]""";
        await scene.Run();
        (await scene.States()).Should().Be("A:blocked B:expected", "what the inventory itself held it takes back, and nothing else");
    }

    [Fact]
    public async Task A_milder_hold_of_the_inventory_does_not_take_the_place_of_an_administrators()
    {
        await using var scene = await SyncScene.Start("", States.Replace("lost: blocked", "lost: blocked, watched: quarantined"));
        scene.Source.Body = """[{"serial":"A","status":"managed"}]""";
        await scene.Run();
        await Change(scene, "A", device => device.Block("stolen", "olga", scene.Server.Clock.GetUtcNow()));

        foreach (var said in new[] { "watched", "managed" })
        {
            scene.Source.Body = $$"""[{"serial":"A","status":"{{said}}"}]""";
            await scene.Run();
            (await scene.States()).Should().Be("A:blocked", said);
        }
    }

    [Fact]
    public async Task Devices_that_the_ledger_does_not_take_keep_no_others_out()
    {
        await using var scene = await SyncScene.Start("  gone: retire", "identifiers: { serial: serial, udid: udid }, label: name");
        scene.Source.Body = """[{"serial":"A","udid":"U"},{"serial":"B"}]""";
        await scene.Run();

        scene.Source.Body = $$"""
            [{"serial":"A","udid":"U"},{"serial":"A"},{"udid":"U","serial":"B"},{"name":"nobody"},{"serial":"C","name":"{{new string('x', 300)}}"},{"serial":"D"}]
            """;
        var result = await scene.Run();

        result.Failure.Should().BeNull();
        result.Should().BeEquivalentTo(new { Devices = 6, Added = 1, SkippedCount = 4, Gone = 0 }, "who is listed wrongly is listed");
        result.Skipped.Should().SatisfyRespectively(
            twice => twice.Should().Contain("entry 2").And.Contain("twice"),
            two => two.Should().Contain("entry 3").And.Contain("2 devices"),
            none => none.Should().Contain("entry 4").And.Contain("none of the mapped identifiers"),
            long_ => long_.Should().Contain("entry 5").And.Contain("label"));
        (await scene.Stored()).Skipped.Should().HaveCount(4);
    }

    [Fact]
    public async Task Silence_is_told_once_and_so_is_its_end()
    {
        await using var scene = await SyncScene.Start("  interval: 15m\n  stale-after: 1h");
        scene.Source.Body = SyncScene.List("A");
        await scene.Run();
        scene.Source.Answer = context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };

        for (var i = 0; i < 8; i++)
        {
            scene.Server.Clock.Advance(TimeSpan.FromMinutes(15));
            (await scene.Run()).Failure.Should().Contain("status 503");
            await scene.Sync.Watch(TestContext.Current.CancellationToken);
        }

        (await scene.Stored()).Should().BeEquivalentTo(new { Failures = 8, StaleSince = scene.Server.Clock.GetUtcNow() - TimeSpan.FromHours(1) });
        (await scene.Events("sync.stale")).Should().ContainSingle().Which.Should().Contain("status 503");
        (await scene.States()).Should().Be("A:expected", "what the ledger has stays");

        scene.Source.Answer = null;
        await scene.Run();
        await scene.Sync.Watch(TestContext.Current.CancellationToken);
        (await scene.Stored()).Should().BeEquivalentTo(new { Failures = 0, Failure = (string?)null, StaleSince = (DateTimeOffset?)null });
        (await scene.Events("sync.recovered")).Should().ContainSingle();
    }

    [Fact]
    public async Task A_source_that_failed_is_asked_again_sooner_and_then_less_often()
    {
        await using var scene = await SyncScene.Start("  interval: 15m");
        var now = scene.Server.Clock.GetUtcNow();
        StoredSyncSource Row(int failures, string? configuration = null) => new() { Name = "mdm", Configuration = configuration ?? scene.Inventory.Settings.Configuration, AttemptedAt = now, Failures = failures };
        bool Due(StoredSyncSource? row, double minutes) => InventorySync.IsDue(scene.Inventory.Settings, row, now.AddMinutes(minutes));

        Due(null, 0).Should().BeTrue();
        Due(Row(0), 14.9).Should().BeFalse();
        Due(Row(0), 15).Should().BeTrue();
        Due(Row(0, "other"), 0).Should().BeTrue();
        Due(Row(1), 1).Should().BeTrue();
        Due(Row(3), 3.9).Should().BeFalse();
        Due(Row(3), 4).Should().BeTrue();
        Due(Row(40), 14.9).Should().BeFalse();
        Due(Row(40), 15).Should().BeTrue();
    }

    [Theory]
    [InlineData("""{"items":[]}""", "expected a list")]
    [InlineData("""[{"serial":"A"}""", "not JSON")]
    [InlineData("<html>", "not JSON")]
    public async Task What_is_no_list_changes_nothing(string body, string failure)
    {
        await using var scene = await SyncScene.Start("  gone: retire");
        scene.Source.Body = SyncScene.List("A");
        await scene.Run();
        scene.Source.Body = body;

        (await scene.Run()).Failure.Should().Contain(failure);
        (await scene.States()).Should().Be("A:expected");
    }

    [Fact]
    public async Task Pages_lead_nowhere_else_and_not_in_circles()
    {
        await using var elsewhere = await JsonSource.Start();
        await using var scene = await SyncScene.Start("  devices: items\n  next: next");
        foreach (var (next, failure) in new[] { (elsewhere.Url.AbsoluteUri, "is not http"), ("//evil.example/x", "is not http"), ("/devices", "leads back") })
        {
            scene.Source.Body = $$"""{"items":{{SyncScene.List("A")}},"next":"{{next}}"}""";
            (await scene.Run()).Failure.Should().Contain(failure);
        }

        elsewhere.Asked.Should().BeEmpty("the secret goes to nobody else");
        (await scene.Devices()).Should().BeEmpty();
    }

    [Fact]
    public async Task Lists_are_bounded_and_redirects_are_not_followed()
    {
        await using var scene = await SyncScene.Start("  most-devices: 3\n  most-page-mebibytes: 1\n  timeout: 5s");
        scene.Source.Body = SyncScene.List("A", "B", "C", "D");
        (await scene.Run()).Failure.Should().Contain("more than 3 devices");
        scene.Source.Body = $"[\"{new string('x', 1024 * 1024)}\"]";
        (await scene.Run()).Failure.Should().Contain("1 MiB");
        scene.Source.Answer = context =>
        {
            context.Response.Redirect("/elsewhere");
            return Task.CompletedTask;
        };
        (await scene.Run()).Failure.Should().Contain("302").And.Contain("redirects");
        scene.Source.Answer = context => Task.Delay(TimeSpan.FromMinutes(2), context.RequestAborted);
        (await scene.Run()).Failure.Should().Contain("within 5 s");
        (await scene.Devices()).Should().BeEmpty();
    }

    [Fact]
    public async Task One_run_at_a_time()
    {
        await using var scene = await SyncScene.Start();
        var waits = new TaskCompletionSource();
        scene.Source.Answer = async context =>
        {
            await waits.Task;
            await context.Response.WriteAsync("[]");
        };

        var first = scene.Run();
        (await scene.Sync.Run(scene.Inventory, false, false, TestContext.Current.CancellationToken)).Should().BeNull();
        scene.Sync.ProgressOf("mdm").Should().NotBeNull();
        waits.SetResult();
        (await first).Failure.Should().BeNull();
        scene.Sync.ProgressOf("mdm").Should().BeNull();
    }

    [Fact]
    public async Task What_is_known_is_not_written_again()
    {
        await using var scene = await SyncScene.Start("  gone: retire");
        scene.Source.Body = SyncScene.List(Enumerable.Range(0, 1_000).Select(i => $"SERIAL{i}"));
        (await scene.Run()).Added.Should().Be(1_000);
        var before = scene.Server.Db.AuditHead;

        (await scene.Run()).Should().BeEquivalentTo(new { Added = 0, Changed = 0, Gone = 0 });

        scene.Server.Db.AuditHead.Should().BeEquivalentTo(before);
        await using var context = scene.Server.Db.Read();
        (await context.SyncedDevices.CountAsync(TestContext.Current.CancellationToken)).Should().Be(1_000);
    }

    private static Task Change(SyncScene scene, string serial, Func<Device, Core.Audit.AuditEvent> change) =>
        scene.Server.Db.Commit(context => context.Record(change(context.Devices.Single(device => device.IdentifierValue == serial))));
}
