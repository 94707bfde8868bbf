using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Conformance;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>The ledger over the admin listener.</summary>
public sealed class DeviceRouteTests : IAsyncLifetime
{
    private const string Devices = "/admin/v1/devices";

    private AdminServer? _server;

    private AdminServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await AdminServer.Start();

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_device_that_was_added_is_shown_with_its_version()
    {
        using var answer = await Send(HttpMethod.Post, Devices, """{"identifiers":{"serial":["A1"],"host":["a.example"]},"owner":"Ada","groups":["staff"],"attributes":{"room":"7"}}""");

        answer.StatusCode.Should().Be(HttpStatusCode.Created);
        var made = await Read(answer, AdminJson.Default.DeviceEntry);
        answer.Headers.Location!.OriginalString.Should().Be($"{Devices}/{made.Id}");
        answer.Headers.ETag!.Tag.Should().Be($"\"{made.Version}\"");
        made.Should().BeEquivalentTo(new { Owner = "Ada", State = "expected", Groups = new[] { "staff" } });
        made.Identifiers.Should().BeEquivalentTo(new Dictionary<string, string[]> { ["serial"] = ["A1"], ["host"] = ["a.example"] });
        (await Server.Get($"{Devices}/{made.Id}", AdminJson.Default.DeviceEntry)).Should().BeEquivalentTo(made);
        (await Server.Events())[^1].Should().BeEquivalentTo(new { Kind = "device.added", Actor = "local" });
    }

    [Theory]
    [InlineData("""{"identifiers":{}}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"serial":null}}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"serial":[null]}}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"number":["1"]}}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"ek":["XYZ"]}}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"serial":["N1"]},"state":"lost"}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"serial":["N1"]},"groups":[null]}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"serial":["N1"]},"groups":["Staff"]}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"serial":["N1"]},"attributes":{"state":"x"}}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"serial":["N1"]},"attributes":{"room":null}}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"serial":["N1"]},"attributes":{"sid":"S-1-5-18"}}""", 400, "device-malformed")]
    [InlineData("""{"identifiers":{"host":["taken"]}}""", 409, "device-identifier-taken")]
    [InlineData("""{"identifier":"N1"}""", 400, "json-malformed")]
    public async Task What_cannot_be_a_device_is_refused(string json, int status, string reason)
    {
        await Added("""{"identifiers":{"host":["taken"]}}""");

        await Refused(await Send(HttpMethod.Post, Devices, json), status, reason);

        (await Server.Get(Devices, AdminJson.Default.DeviceList)).Devices.Should().ContainSingle();
    }

    [Fact]
    public async Task An_edit_needs_the_version_that_it_changes()
    {
        var device = await Added("""{"identifiers":{"serial":["A1"]},"owner":"Ada","attributes":{"room":"7","desk":"2"}}""");
        var path = $"{Devices}/{device.Id}";

        await Refused(await Send(HttpMethod.Patch, path, """{"label":"x"}"""), 428, "precondition-required");
        using var edited = await Send(HttpMethod.Patch, path, """{"owner":"","label":"Mac","attributes":{"room":"8","desk":""},"groups":["staff"]}""", device.Version);
        var after = await Read(edited, AdminJson.Default.DeviceEntry);
        await Refused(await Send(HttpMethod.Patch, path, """{"label":"late"}""", device.Version), 412, "precondition-failed");

        after.Should().BeEquivalentTo(new { Label = "Mac", Owner = (string?)null, Groups = new[] { "staff" }, Attributes = new Dictionary<string, string> { ["room"] = "8" } });
        (await Server.Events())[^2].Should().BeEquivalentTo(new { Kind = "device.edited", Detail = "label: '' to 'Mac'; owner: 'Ada' to ''; groups: '' to 'staff'; desk: '2' to ''; room: '7' to '8'" });
    }

    [Fact]
    public async Task Identifiers_come_and_go_and_one_is_left()
    {
        var device = await Added("""{"identifiers":{"serial":["A1"]}}""");
        var path = $"{Devices}/{device.Id}";

        await Refused(await Send(HttpMethod.Patch, path, """{"removeIdentifiers":{"serial":["A1"]}}""", device.Version), 409, "device-identifier-count");
        await Refused(await Send(HttpMethod.Patch, path, """{"removeIdentifiers":{"serial":["A2"]}}""", device.Version), 409, "device-identifier-missing");
        using var answer = await Send(HttpMethod.Patch, path, """{"addIdentifiers":{"serial":["A2"]},"removeIdentifiers":{"serial":["A1"]}}""", device.Version);

        var after = await Read(answer, AdminJson.Default.DeviceEntry);
        after.Identifiers.Should().BeEquivalentTo(new Dictionary<string, string[]> { ["serial"] = ["A2"] });
        after.Version.Should().BeGreaterThan(device.Version);
        (await Added("""{"identifiers":{"serial":["A1"]}}""")).Id.Should().NotBe(device.Id, "the name is free again");
    }

    [Theory]
    [InlineData("state=blocked", "c")]
    [InlineData("group=staff", "b a")]
    [InlineData("group=sta", "")]
    [InlineData("owner=Ada", "a")]
    [InlineData("identifier=B1", "b")]
    [InlineData("text=a%25b", "")]
    [InlineData("text=1", "c b a")]
    [InlineData("text=ADA", "a")]
    [InlineData("state=expected&group=staff&text=b", "b")]
    public async Task A_list_shows_what_its_filters_say(string filter, string labels)
    {
        foreach (var json in (string[])[
            """{"label":"a","identifiers":{"serial":["A1"]},"owner":"Ada","groups":["staff"]}""", """{"label":"b","identifiers":{"serial":["B1"]},"groups":["guests","staff"]}""",
            """{"label":"c","identifiers":{"serial":["C1"]},"groups":["staff-2"],"state":"blocked"}"""])
        {
            await Added(json);
            Server.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var list = await Server.Get($"{Devices}?{filter}", AdminJson.Default.DeviceList);

        string.Join(' ', list.Devices.Select(device => device.Label)).Should().Be(labels);
    }

    [Fact]
    public async Task Steps_go_from_state_to_state_and_say_why()
    {
        var device = await Added("""{"identifiers":{"serial":["A1"]}}""");
        var successor = await Added("""{"identifiers":{"serial":["A2"]}}""");

        (await Take(device, "block", """{"reason":"stolen"}""")).Device.Should().BeEquivalentTo(new { State = "blocked", StateReason = "stolen" });
        await Refused(await Send(HttpMethod.Post, $"{Devices}/{device.Id}/block", "{}"), 409, "device-state");
        await Refused(await Send(HttpMethod.Post, $"{Devices}/{device.Id}/quarantine", "{}"), 409, "device-state");
        (await Take(device, "unblock", "{}")).Device.State.Should().Be("expected", "it was never seen");
        (await Take(device, "quarantine", "{}")).Device.State.Should().Be("quarantined");
        await Refused(await Send(HttpMethod.Post, $"{Devices}/{device.Id}/replace", "{}"), 400, "device-malformed");
        await Refused(await Send(HttpMethod.Post, $"{Devices}/{device.Id}/replace", """{"successor":"nobody"}"""), 409, "device-successor-unknown");
        await Refused(await Send(HttpMethod.Post, $"{Devices}/{device.Id}/replace", $$"""{"successor":"{{device.Id}}"}"""), 400, "device-replaces-itself");
        (await Take(device, "replace", $$"""{"successor":"{{successor.Id}}"}""")).Device.Should().BeEquivalentTo(new { State = "retired", ReplacedBy = successor.Id });
        await Refused(await Send(HttpMethod.Post, $"{Devices}/{device.Id}/unblock", "{}"), 409, "device-replaced");
        await Refused(await Send(HttpMethod.Post, $"{Devices}/{successor.Id}/unblock", """{"revoke":true}"""), 400, "device-malformed");
        await Refused(await Send(HttpMethod.Post, $"{Devices}/{successor.Id}/retire", """{"successor":"x"}"""), 400, "device-malformed");
        await Refused(await Send(HttpMethod.Post, $"{Devices}/{successor.Id}/retire", """{"revoke":true,"revocationReason":6}"""), 400, "revocation-reason-not-allowed");
        await Refused(await Send(HttpMethod.Post, $"{Devices}/nobody/retire", "{}"), 404, "device-not-found");

        var history = await Server.Get($"{Devices}/{device.Id}/history?limit=2", AdminJson.Default.AuditPage);
        history.Events.Select(happened => happened.Kind).Should().Equal("device.replaced", "device.quarantined");
        history = await Server.Get($"{Devices}/{device.Id}/history?cursor={history.Next}", AdminJson.Default.AuditPage);
        history.Events.Select(happened => happened.Kind).Should().Equal("device.unblocked", "device.blocked", "device.added");
    }

    [Fact]
    public async Task Everything_of_a_device_hangs_together_and_is_revoked_in_one_step()
    {
        await Enroll();
        await Enroll();
        var device = (await Server.Get($"{Devices}?identifier={Simulated.Serial}", AdminJson.Default.DeviceList)).Devices.Should().ContainSingle().Subject;

        var hanging = await Server.Get($"{Devices}/{device.Id}/enrollments", AdminJson.Default.DeviceEnrollments);
        hanging.Accounts.Should().HaveCount(2);
        hanging.Orders.Should().HaveCount(2).And.OnlyContain(order => order.Status == "valid");
        hanging.Certificates.Select(row => row.OrderId).Should().BeEquivalentTo(hanging.Orders.Select(order => order.Id));
        hanging.Certificates.Select(row => row.Id).Should().BeEquivalentTo(hanging.Orders.Select(order => order.CertificateId));
        hanging.Evidence.Select(row => row.Id).Should().Contain(hanging.Orders.Select(order => order.EvidenceId!));
        var limited = (await Server.NewToken("olga", "officer", "tls-server")).Token;
        using var seen = await Server.Send(HttpMethod.Get, $"{Devices}/{device.Id}/enrollments", null, limited);
        (await Read(seen, AdminJson.Default.DeviceEnrollments)).Should().BeEquivalentTo(new { Accounts = Array.Empty<object>(), Certificates = Array.Empty<object>(), Evidence = Array.Empty<object>(), Orders = Array.Empty<object>() });

        var blocked = await Take(device, "block", """{"reason":"stolen","revoke":true,"revocationReason":1}""");

        blocked.Revoked.Select(row => row.Id).Should().BeEquivalentTo(hanging.Certificates.Select(row => row.Id));
        await using var context = Server.Server.Db.Read();
        context.Certificates.ToList().Should().OnlyContain(row => row.RevokedAt == Server.Clock.GetUtcNow() && row.RevocationReason == 1);
        (await Server.Events()).TakeLast(4).Select(happened => happened.Kind).Should().Equal("device.blocked", "certificate.revoked", "certificate.revoked", "device.revoked");
        (await Take(device, "revoke-all", "{}")).Revoked.Should().BeEmpty("they are revoked already");
    }

    private async Task Enroll()
    {
        var order = await Simulated.Order(await Server.Account("apple-device"), Simulated.Serial);
        var evidence = Simulated.Apple.Make(order.Material, Simulated.NewKey());
        (await order.Send(evidence)).State.Should().Be("valid");
        (await order.Finalize(evidence.Key)).Status.Should().Be(HttpStatusCode.OK);
    }

    private async Task<DeviceEntry> Added(string json)
    {
        using var answer = await Send(HttpMethod.Post, Devices, json);
        answer.StatusCode.Should().Be(HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        return await Read(answer, AdminJson.Default.DeviceEntry);
    }

    private async Task<DeviceChange> Take(DeviceEntry device, string step, string json)
    {
        using var answer = await Send(HttpMethod.Post, $"{Devices}/{device.Id}/{step}", json);
        answer.StatusCode.Should().Be(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return await Read(answer, AdminJson.Default.DeviceChange);
    }

    private Task<HttpResponseMessage> Send(HttpMethod method, string path, string json, int? version = null) => Server.Send(method, path, json, Server.Token, request =>
    {
        if (version is { } tag)
        {
            request.Headers.IfMatch.Add(new EntityTagHeaderValue($"\"{tag}\""));
        }
    });

    private static async Task<T> Read<T>(HttpResponseMessage answer, JsonTypeInfo<T> type) => (await answer.Content.ReadFromJsonAsync(type))!;

    private static async Task Refused(HttpResponseMessage answer, int status, string reason)
    {
        using (answer)
        {
            ((int)answer.StatusCode, (await answer.Content.ReadFromJsonAsync<Problem>())?.Reason).Should().Be((status, reason));
        }
    }
}
