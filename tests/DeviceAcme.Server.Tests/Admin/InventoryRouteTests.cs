using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>Inventories over the admin listener: all of one or nothing, and the same one twice changes nothing.</summary>
public sealed class InventoryRouteTests : IAsyncLifetime
{
    private const string Table = "serial,label,owner,groups,state,attribute.room\nA1,Mac,Ada,staff;vpn,,7\nB1,,,,blocked,\n";

    private AdminServer? _server;

    private AdminServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await AdminServer.Start();

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task An_inventory_comes_in_once()
    {
        (await Import(Table, "&dryRun=true")).Should().BeEquivalentTo(new { DryRun = true, Added = 2, Changed = 0, Unchanged = 0 });
        (await List()).Should().BeEmpty();

        (await Import(Table)).Should().BeEquivalentTo(new { DryRun = false, Added = 2, Changed = 0, Unchanged = 0 });
        (await Import(Table)).Should().BeEquivalentTo(new { Added = 0, Changed = 0, Unchanged = 2 });
        (await Import(Table.Replace("Ada", "Bea") + "C1,,,,,\n")).Should().BeEquivalentTo(new { Added = 1, Changed = 1, Unchanged = 1 });

        var devices = await List();
        devices.Should().HaveCount(3);
        devices.Single(device => device.Label == "Mac").Should().BeEquivalentTo(new { Owner = "Bea", Groups = new[] { "staff", "vpn" }, State = "expected" });
        devices.Single(device => device.Identifiers["serial"][0] == "B1").State.Should().Be("blocked");
        (await Server.Events()).Where(happened => happened.Kind == "devices.imported").Select(happened => happened.Detail).Should()
            .Equal("test.csv: 2 added, 0 changed, 0 as they were", "test.csv: 1 added, 1 changed, 1 as they were");
    }

    [Theory]
    [InlineData("&dryRun=true")]
    [InlineData("")]
    public async Task With_one_mistake_nothing_is_taken_over(string how)
    {
        await Import("serial\nA1\nB1\n");
        using var answer = await Send("serial,imei,state\nN1,,\nN2,,lost\nA1,,quarantined\nB1,7,\n,,\n", "text/csv", how);

        answer.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
        var problem = (await answer.Content.ReadFromJsonAsync<Problem>())!;
        problem.Reason.Should().Be("inventory-mistakes");
        problem.Subproblems!.Select(one => one.Detail).Should().SatisfyRespectively(
            first => first.Should().StartWith("line 3: state: "), second => second.Should().StartWith("line 6: expected at least one identifier"));
        (await List()).Should().HaveCount(2).And.OnlyContain(device => device.State == "expected");
    }

    [Fact]
    public async Task What_does_not_fit_the_ledger_is_told_before_anything_is_written()
    {
        await Import("serial,imei\nA1,1\nB1,2\n");
        using var answer = await Send("serial,imei\nN1,\nA1,2\nB1,\n", "text/csv", "");

        var problem = (await answer.Content.ReadFromJsonAsync<Problem>())!;
        problem.Subproblems!.Should().ContainSingle().Which.Detail.Should().StartWith("line 3: its identifiers belong to 2 devices of the ledger");
        using var twice = await Send("serial,imei\nA1,\n,1\n", "text/csv", "");
        (await twice.Content.ReadFromJsonAsync<Problem>())!.Subproblems!.Should().ContainSingle().Which.Detail.Should().StartWith("line 3: is the same device of the ledger as line 2");
        (await List()).Should().HaveCount(2);
    }

    [Theory]
    [InlineData("csv", "text/csv")]
    [InlineData("json", "application/json")]
    public async Task What_is_exported_changes_nothing_when_it_comes_back_and_makes_the_same_ledger_elsewhere(string format, string type)
    {
        await Import(Table);
        await Import("""[{"identifiers":{"host":["h;1","h2"],"udid":"U\"1"},"label":"a,b"}]""", type: "application/json");
        if (format == "csv")
        {
            using var refused = await Server.Send(HttpMethod.Get, "/admin/v1/devices/export");
            (await refused.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be("inventory-not-csv", "a semicolon separates identifiers there");
        }

        using var answer = await Server.Send(HttpMethod.Get, $"/admin/v1/devices/export?format={format}{(format == "csv" ? "&group=staff" : "")}");
        answer.Content.Headers.ContentType!.MediaType.Should().Be(type);
        var export = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        var count = format == "csv" ? 1 : 3;
        (await Import(export, type: type)).Should().BeEquivalentTo(new { Added = 0, Changed = 0, Unchanged = count });
        await using var elsewhere = await AdminServer.Start();
        (await Import(export, type: type, server: elsewhere)).Should().BeEquivalentTo(new { Added = count, Changed = 0, Unchanged = 0 });
        (await List(elsewhere)).Select(Words).Should().BeEquivalentTo((await List()).Select(Words).Where(words => format == "json" || words.Contains("staff")));
    }

    [Fact]
    public async Task Bodies_of_other_kinds_are_refused()
    {
        using var other = await Send("<devices/>", "application/xml", "");
        other.StatusCode.Should().Be(HttpStatusCode.UnsupportedMediaType);
        using var unknown = await Send(Table, "text/csv", "&dry=true");
        (await unknown.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be("parameter-unknown");
    }

    private static string Words(DeviceEntry device) =>
        $"{string.Join(' ', device.Identifiers.Select(kind => $"{kind.Key}={string.Join('+', kind.Value)}"))} {device.Label} {device.Owner} {string.Join('+', device.Groups)} {device.State} {string.Join(' ', device.Attributes)}";

    private async Task<IReadOnlyList<DeviceEntry>> List(AdminServer? server = null) => (await (server ?? Server).Get("/admin/v1/devices?limit=200", AdminJson.Default.DeviceList)).Devices;

    private async Task<DeviceImportReport> Import(string text, string how = "", string type = "text/csv", AdminServer? server = null)
    {
        using var answer = await Send(text, type, how, server);
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        answer.StatusCode.Should().Be(HttpStatusCode.OK, body);
        var lines = body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize(line, AdminJson.Default.DeviceImportProgress)!).ToList();
        var last = lines[^1];
        lines.SkipLast(1).Should().NotContain(line => line.Report != null || line.Total != last.Total, "the report is the last line, behind those that tell how far it is");
        return last.Report!;
    }

    private Task<HttpResponseMessage> Send(string text, string type, string how, AdminServer? server = null) =>
        (server ?? Server).Send(HttpMethod.Post, $"/admin/v1/devices/imports?source=test.csv{how}", null, (server ?? Server).Token, request =>
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        });
}
