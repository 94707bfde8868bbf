using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>The keys of one data directory: asked of the server that runs on it, or, when none does, of its program.</summary>
internal sealed class EabKeys
{
    private const string Route = "admin/v1/external-account-keys";
    private readonly string _dataDirectory;
    private readonly HttpClient? _server;

    private EabKeys(string dataDirectory, HttpClient? server)
    {
        _dataDirectory = dataDirectory;
        _server = server;
    }

    /// <summary>Finds out whether a server runs on the directory.</summary>
    public static async Task<EabKeys> Open(string dataDirectory, CancellationToken cancellation)
    {
        var admin = RunningServer.Read(Path.Combine(dataDirectory, RunningServer.FileName))?.AdminUrl;
        return new EabKeys(dataDirectory, admin is not null && await Answers(admin, cancellation) ? Connect(dataDirectory, admin) : null);
    }

    public async Task<ExternalAccountKeyEntry> Add(string? profile, string? expires, CancellationToken cancellation)
    {
        if (_server is null)
        {
            string[] wishes = [.. profile is null ? [] : new[] { "--profile", profile }, .. expires is null ? [] : new[] { "--expires", expires }];
            return Read(await Run(["add", .. wishes], cancellation), AdminJson.Default.ExternalAccountKeyEntry);
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(new NewExternalAccountKey { Profile = profile, ExpiresIn = expires }, AdminJson.Default.NewExternalAccountKey);
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return Read(await Ask(_server, HttpMethod.Post, Route, content, cancellation), AdminJson.Default.ExternalAccountKeyEntry);
    }

    public async Task<ExternalAccountKeyList> List(CancellationToken cancellation) => Read(
        _server is null ? await Run(["list"], cancellation) : await Ask(_server, HttpMethod.Get, Route, null, cancellation),
        AdminJson.Default.ExternalAccountKeyList);

    public Task Remove(string keyId, CancellationToken cancellation) => _server is null
        ? Run(["remove", keyId], cancellation)
        : Ask(_server, HttpMethod.Delete, $"{Route}/{Uri.EscapeDataString(keyId)}", null, cancellation);

    // The file says who started last; only a connection says that it still runs.
    private static async Task<bool> Answers(Uri admin, CancellationToken cancellation)
    {
        using var probe = new TcpClient();
        try
        {
            await probe.ConnectAsync(admin.DnsSafeHost, admin.Port, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static HttpClient Connect(string dataDirectory, Uri admin)
    {
        var path = Path.Combine(dataDirectory, RunningServer.TokenFileName);
        try
        {
            var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = admin, Timeout = TimeSpan.FromSeconds(30) };
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", File.ReadAllText(path).Trim());
            return client;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"the admin token {path} cannot be read: {exception.Message}", "run this as the account that the server runs as");
        }
    }

    private static async Task<string> Ask(HttpClient server, HttpMethod method, string route, HttpContent? content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, route) { Content = content };
        try
        {
            using var answer = await server.SendAsync(request, cancellation);
            var text = await answer.Content.ReadAsStringAsync(cancellation);
            return answer.IsSuccessStatusCode ? text : throw new CommandFailure(Detail(answer.StatusCode, text));
        }
        catch (HttpRequestException exception)
        {
            throw new CommandFailure($"the server at {server.BaseAddress} did not answer: {exception.Message}");
        }
    }

    private static string Detail(HttpStatusCode status, string text)
    {
        try
        {
            return JsonSerializer.Deserialize<Problem>(text)?.Detail ?? $"status {(int)status}";
        }
        catch (JsonException)
        {
            return $"the server answered with status {(int)status} and no problem document: is it a DeviceAcme server?";
        }
    }

    private async Task<string> Run(IReadOnlyList<string> arguments, CancellationToken cancellation) =>
        await ServerProgram.RunForOutput(["eab", .. arguments, "--data", _dataDirectory], cancellation)
        ?? throw new CommandFailure("the server's program failed; it says why above");

    private static T Read<T>(string json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(json, type) ?? throw new CommandFailure("expected an answer, found null");
}
