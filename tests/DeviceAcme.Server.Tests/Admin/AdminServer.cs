using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Attestation;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Conformance;
using FluentAssertions;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>A server of the test's own, seen from its admin listener.</summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private AdminServer(TestServer server) => Server = server;

    public TestServer Server { get; private set; }

    public ManualClock Clock => Server.Clock;

    private string Token => File.ReadAllText(Path.Combine(Server.DataDirectory, RunningServer.TokenFileName)).Trim();

    public static async Task<AdminServer> Start(IReadOnlyDictionary<string, string>? profiles = null) =>
        new(await TestServer.Start(profiles, anchors: Simulated.Anchors));

    public AnchorSet AnchorsOf(string profile) => Server.Profiles.AnchorsOf(Server.Profiles.Find(profile)!);

    public async Task<TestAccount> Account(string profile)
    {
        var account = new TestAccount(Server, profile);
        await account.Register();
        return account;
    }

    /// <summary>Asks with the token.</summary>
    public async Task<HttpResponseMessage> Send(HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return await Server.Admin.SendAsync(request);
    }

    public async Task<T> Get<T>(string path, JsonTypeInfo<T> type)
    {
        using var answer = await Send(HttpMethod.Get, path);
        answer.IsSuccessStatusCode.Should().BeTrue(await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync(type))!;
    }

    /// <summary>Everything that a filter finds, read two by two.</summary>
    public async Task<IReadOnlyList<EvidenceEntry>> All(string filter)
    {
        var found = new List<EvidenceEntry>();
        string? cursor = null;
        do
        {
            var page = await Get($"/admin/v1/evidence?limit=2&{filter}{(cursor is null ? "" : $"&cursor={cursor}")}", AdminJson.Default.EvidenceList);
            page.Evidence.Count.Should().BeLessThanOrEqualTo(2);
            found.AddRange(page.Evidence);
            cursor = page.Next;
        }
        while (cursor is not null);
        return found;
    }

    public async Task Restart() => Server = await Server.Restart();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
