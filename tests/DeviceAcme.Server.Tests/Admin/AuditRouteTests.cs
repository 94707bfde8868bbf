using System.Text.Json;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Hosting;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>The audit log over the admin listener, and <c>deviceacme audit</c> on a running server.</summary>
public sealed class AuditRouteTests
{
    private const string Keys = "/admin/v1/external-account-keys";

    [Fact]
    public async Task Events_are_listed_page_by_page_and_filtered()
    {
        await using var server = await AdminServer.Start();
        var token = (await server.NewToken("olga", "officer", "tls-server")).Token;
        for (var i = 0; i < 5; i++)
        {
            await server.Send(HttpMethod.Post, Keys, """{"profile":"tls-server"}""", token);
            server.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        var seen = new List<AuditRecord>();
        for (string? cursor = null; ;)
        {
            var page = await server.Get($"/admin/v1/audit?limit=2&actor=token:olga{(cursor is null ? "" : $"&cursor={cursor}")}", AdminJson.Default.AuditPage);
            seen.AddRange(page.Events);
            if ((cursor = page.Next) is null)
            {
                break;
            }
        }

        seen.Should().HaveCount(5).And.BeInDescendingOrder(row => row.Sequence).And.OnlyContain(row => row.Kind == "ticket.added" && row.Actor == "token:olga");
        (await server.Get("/admin/v1/audit?kind=admin-token.added", AdminJson.Default.AuditPage)).Events.Should().ContainSingle().Which.Actor.Should().Be("local");
        (await server.Get("/admin/v1/audit?since=3m&profile=tls-server", AdminJson.Default.AuditPage)).Events.Should().HaveCount(3);
    }

    [Fact]
    public async Task An_auditor_of_one_profile_sees_its_events_alone()
    {
        await using var server = await AdminServer.Start();
        var auditor = (await server.NewToken("ada", "auditor", "tls-server")).Token;
        foreach (var profile in new[] { "tls-server", "apple-device" })
        {
            await server.Post(Keys, new NewExternalAccountKey { Profile = profile }, AdminJson.Default.NewExternalAccountKey, AdminJson.Default.ExternalAccountKeyEntry);
        }

        using var answer = await server.Send(HttpMethod.Get, "/admin/v1/audit", null, auditor);

        JsonSerializer.Deserialize(await answer.Content.ReadAsStringAsync(), AdminJson.Default.AuditPage)!.Events.Should().ContainSingle().Which.Profile.Should().Be("tls-server");
    }

    [Fact]
    public async Task A_terminal_exports_the_log_and_verifies_it_offline_against_the_server_and_against_an_earlier_export()
    {
        await using var server = await RunningServerOnLoopback.Start();
        using var made = await server.Send(HttpMethod.Post, new Uri(server.Admin, Keys), server.Token, "{}");
        var early = Path.Combine(server.DataDirectory, "early.jsonl");
        (await Terminal.Run(server, "audit", "export", "--out", early)).Code.Should().Be(0);
        using var more = await server.Send(HttpMethod.Post, new Uri(server.Admin, Keys), server.Token, "{}");

        (await Terminal.Run(server, "audit", "verify", early)).Should().Match<(int Code, string Output, string Talk)>(run => run.Code == 0 && run.Output.Contains("the audit log holds"));
        (await Terminal.Run(server, "audit", "verify", "--against", early)).Code.Should().Be(0);
        var head = (await Terminal.Run(server, "audit", "head")).Output.Trim();
        (await Terminal.Run(server, "audit", "verify", early, "--head", head)).Should().Match<(int Code, string Output, string Talk)>(run => run.Code == 1 && run.Output.Contains("truncated"), "the early export ends before the head");

        var lines = await File.ReadAllLinesAsync(early, TestContext.Current.CancellationToken);
        lines[^1] = lines[^1].Replace("ticket.added", "ticket.revoked", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(early, lines, TestContext.Current.CancellationToken);
        var changed = await Terminal.Run(server, "audit", "verify", early, "--json");
        changed.Code.Should().Be(1);
        JsonElement.Parse(changed.Output).GetProperty("findings")[0].GetProperty("sequence").GetInt64().Should().Be(lines.Length);
        (await Terminal.Run(server, "audit", "verify", "--against", early)).Code.Should().Be(1);
        (await Terminal.Run(server, "audit", "verify", "--head", "x")).Code.Should().Be(2);
    }
}
