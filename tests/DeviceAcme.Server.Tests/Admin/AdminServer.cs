using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Audit;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Tests.Conformance;
using FluentAssertions;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary>A server of the test's own, seen from its admin listener.</summary>
internal sealed class AdminServer : IAsyncDisposable
{
    private AdminServer(TestServer server) => Server = server;

    public TestServer Server { get; private set; }

    public ManualClock Clock => Server.Clock;

    public string Token => File.ReadAllText(Path.Combine(Server.DataDirectory, RunningServer.TokenFileName)).Trim();

    public static async Task<AdminServer> Start(IReadOnlyDictionary<string, string>? profiles = null, Func<ServerOptions, ServerOptions>? configure = null) =>
        new(await TestServer.Start(profiles, configure, anchors: Simulated.Anchors));

    public AnchorSet AnchorsOf(string profile) => Server.Profiles.AnchorsOf(Server.Profiles.Find(profile)!);

    public async Task<TestAccount> Account(string profile)
    {
        var account = new TestAccount(Server, profile);
        await account.Register();
        return account;
    }

    /// <summary>Asks as the local administrator.</summary>
    public Task<HttpResponseMessage> Send(HttpMethod method, string path) => Send(method, path, null, Token);

    /// <summary>Asks with a token of one's own choice, or with none.</summary>
    public async Task<HttpResponseMessage> Send(HttpMethod method, string path, string? json, string? token, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        change?.Invoke(request);
        return await Server.Admin.SendAsync(request);
    }

    /// <summary>A token with a role, good for some profiles or for all.</summary>
    public async Task<AdminTokenEntry> NewToken(string name, string role, params IReadOnlyList<string> profiles) =>
        await Post("/admin/v1/tokens", new NewAdminToken { Name = name, Roles = [role], Profiles = profiles.Count > 0 ? profiles : null }, AdminJson.Default.NewAdminToken, AdminJson.Default.AdminTokenEntry);

    /// <summary>Sends something as the local administrator, which must succeed.</summary>
    public async Task<TAnswer> Post<TBody, TAnswer>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType)
    {
        using var answer = await Send(HttpMethod.Post, path, JsonSerializer.Serialize(body, bodyType), Token);
        answer.IsSuccessStatusCode.Should().BeTrue(await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync(answerType))!;
    }

    /// <summary>What administrators did and what they were refused, oldest first.</summary>
    public async Task<IReadOnlyList<AuditEvent>> Events()
    {
        await using var context = Server.Db.Read();
        return await context.Events.Where(happened => happened.Actor != null).OrderBy(happened => happened.Sequence).ToListAsync();
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

    public async Task Restart(Func<ServerOptions, ServerOptions>? configure = null) => Server = await Server.Restart(configure);

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
