using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Hosting;
using DeviceAcme.Simulator.Vendors;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Anchors;

/// <summary>Anchors over the admin listener.</summary>
public sealed class AnchorRouteTests
{
    private const string Anchors = "/admin/v1/anchors";

    [Theory]
    [InlineData("GET", Anchors)]
    [InlineData("GET", Anchors + "/versions")]
    [InlineData("GET", Anchors + "/diff")]
    [InlineData("GET", Anchors + "/export")]
    [InlineData("GET", Anchors + "/sets/00")]
    [InlineData("POST", Anchors + "/imports")]
    [InlineData("POST", Anchors + "/distrusts")]
    public async Task Nobody_gets_in_without_the_token(string method, string path)
    {
        await using var server = await RunningServerOnLoopback.Start();
        using var answer = await server.Send(new HttpMethod(method), new Uri(server.Admin, path), "wrong", method == "POST" ? "{}" : null);

        answer.StatusCode.Should().Be(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Anchors_are_imported_listed_compared_distrusted_and_exported()
    {
        await using var server = await RunningServerOnLoopback.Start();
        var shipped = await Get(server, "", AdminJson.Default.AnchorListing);
        shipped.Version.Should().Match<AnchorVersionEntry>(version => version.Number == 1 && version.InForce && version.Actor == "start");
        shipped.Anchors.Should().Contain(anchor => anchor.Folder == "apple" && anchor.Kind == "root" && anchor.Origin == "files" && anchor.Summary == "limited to format apple");

        using var imported = await Post(server, "/imports", new AnchorImportRequest { Folder = "own", Source = "a test", Files = [File()] }, AdminJson.Default.AnchorImportRequest);
        imported.StatusCode.Should().Be(HttpStatusCode.Created);
        var report = (await imported.Content.ReadFromJsonAsync(AdminJson.Default.AnchorImportReport))!;
        report.Version.Number.Should().Be(2);
        var fingerprint = report.Items.Should().ContainSingle().Which.Fingerprint!;
        using var again = await Post(server, "/imports", new AnchorImportRequest { Folder = "own", Source = "a test", Files = [File()] }, AdminJson.Default.AnchorImportRequest);
        again.StatusCode.Should().Be(HttpStatusCode.OK, "nothing new is no version");

        (await Get(server, "?folder=own", AdminJson.Default.AnchorListing)).Anchors.Should().ContainSingle().Which.Fingerprint.Should().Be(fingerprint);
        (await Get(server, "?version=1", AdminJson.Default.AnchorListing)).Anchors.Should().NotContain(anchor => anchor.Folder == "own");
        (await Get(server, "/diff", AdminJson.Default.AnchorChanges)).Changes.Should().ContainSingle().Which.Change.Should().Be("added");

        using var distrusted = await Post(server, "/distrusts", new AnchorDistrustRequest { Fingerprint = fingerprint[..8], Reason = "leaked" }, AdminJson.Default.AnchorDistrustRequest);
        distrusted.StatusCode.Should().Be(HttpStatusCode.Created);
        (await Get(server, "?folder=own", AdminJson.Default.AnchorListing)).Anchors.Single().Terms!.Value.GetProperty("distrusted").GetProperty("reason").GetString().Should().Be("leaked");
        (await Get(server, "/versions", AdminJson.Default.AnchorVersionList)).Versions.Select(version => version.InForce).Should().Equal(false, false, true);
        (await Get(server, "/export?folder=own&version=2", AdminJson.Default.AnchorExport)).Files.Select(file => file.Name).Should().Contain("own/terms.yaml").And.HaveCount(2);
    }

    [Theory]
    [InlineData("GET", "?version=9", null, 404, "anchor-version-unknown")]
    [InlineData("GET", "?version=x", null, 400, "parameter-malformed")]
    [InlineData("GET", "?versoin=1", null, 400, "parameter-unknown")]
    [InlineData("GET", "?folder=appel", null, 404, "folder-unknown")]
    [InlineData("GET", "/sets/00", null, 404, "anchor-set-unknown")]
    [InlineData("POST", "/imports", "{}", 400, "json-malformed")]
    [InlineData("POST", "/imports", """{"folder":"../x","source":"s","files":[]}""", 400, "folder-malformed")]
    [InlineData("POST", "/imports", """{"folder":null,"source":"s","files":[]}""", 400, "folder-malformed")]
    [InlineData("POST", "/imports", """{"folder":"x","source":"s","files":[]}""", 400, "import-too-large")]
    [InlineData("POST", "/imports", """{"folder":"x","source":"s","files":[null]}""", 400, "json-malformed")]
    [InlineData("POST", "/imports", """{"folder":"x","source":"s","files":[{"name":"n","content":null}]}""", 400, "json-malformed")]
    [InlineData("POST", "/imports", """{"folder":"x","source":"s","files":[{"name":"n","content":"%%"}]}""", 400, "json-malformed")]
    [InlineData("POST", "/imports", """{"folder":"x","source":"a\nb","files":[{"name":"n","content":""}]}""", 400, "text-malformed")]
    [InlineData("POST", "/imports", """{"folder":"x","source":"s","files":[{"name":"n","content":""}],"terms":"a: b"}""", 400, "terms-malformed")]
    [InlineData("POST", "/distrusts", "{}", 400, "anchor-not-named")]
    [InlineData("POST", "/distrusts", """{"fingerprint":"abcdef0123"}""", 400, "text-malformed")]
    [InlineData("POST", "/distrusts", """{"fingerprint":"abcdef0123","reason":"x"}""", 404, "anchor-unknown")]
    [InlineData("POST", "/distrusts", """{"fingerprint":"ab","reason":"x"}""", 400, "fingerprint-too-short")]
    [InlineData("POST", "/distrusts", """{"certificate":"aGVsbG8=","reason":"x"}""", 400, "certificate-malformed")]
    public async Task A_bad_wish_is_a_problem(string method, string path, string? json, int status, string reason)
    {
        await using var server = await RunningServerOnLoopback.Start();

        using var answer = await server.Send(new HttpMethod(method), new Uri(server.Admin, Anchors + path), server.Token, json);

        ((int)answer.StatusCode).Should().Be(status, await answer.Content.ReadAsStringAsync());
        (await answer.Content.ReadFromJsonAsync<Problem>())!.Reason.Should().Be(reason);
    }

    [Fact]
    public async Task A_large_import_is_taken_and_a_larger_one_refused_unread()
    {
        await using var server = await RunningServerOnLoopback.Start();
        var padding = new byte[3 * 1024 * 1024];

        using var large = await Post(server, "/imports", Padded(padding, 5), AdminJson.Default.AnchorImportRequest);
        large.StatusCode.Should().Be(HttpStatusCode.Created);
        using var larger = await Post(server, "/imports", Padded(padding, 6), AdminJson.Default.AnchorImportRequest);
        ((int)larger.StatusCode).Should().BeOneOf(400, 413);

        static AnchorImportRequest Padded(byte[] padding, int count) => new()
        {
            Folder = "own",
            Source = "a test",
            Files = [File(), .. Enumerable.Range(0, count).Select(i => new AnchorFile { Name = $"{i}", Content = padding })],
        };
    }

    private static AnchorFile File() => new() { Name = "root.der", Content = Vendor.Apple.Root.Certificate };

    private static readonly FakeVendors Vendor = new("anchor routes");

    private static async Task<T> Get<T>(RunningServerOnLoopback server, string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        using var answer = await server.Send(HttpMethod.Get, new Uri(server.Admin, Anchors + path), server.Token);
        var text = await answer.Content.ReadAsStringAsync();
        answer.StatusCode.Should().Be(HttpStatusCode.OK, text);
        return JsonSerializer.Deserialize(text, type)!;
    }

    private static Task<HttpResponseMessage> Post<T>(RunningServerOnLoopback server, string path, T body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        server.Send(HttpMethod.Post, new Uri(server.Admin, Anchors + path), server.Token, JsonSerializer.Serialize(body, type));
}
