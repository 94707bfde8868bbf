using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>The admin listener of the server that runs on a data directory.</summary>
internal sealed class AdminConnection
{
    private readonly HttpClient _server;

    /// <param name="server">With the listener's address and the token.</param>
    internal AdminConnection(HttpClient server) => _server = server;

    /// <summary>Connects to the server that runs on the directory; says what to do where none does.</summary>
    public static async Task<AdminConnection> Open(string dataDirectory, CancellationToken cancellation) =>
        await TryOpen(dataDirectory, cancellation)
        ?? throw new CommandFailure($"no server runs on the data directory '{dataDirectory}'", "start it, or name its directory with --data or DEVICEACME_DATA");

    /// <summary>Connects to the server that the environment names, or else to the one that runs on the directory; null where none does.</summary>
    public static async Task<AdminConnection?> TryOpen(string dataDirectory, CancellationToken cancellation)
    {
        if (RemoteServer.Find(Environment.GetEnvironmentVariable) is { } remote)
        {
            return new AdminConnection(remote.Connect());
        }

        var admin = RunningServer.Read(Path.Combine(dataDirectory, RunningServer.FileName))?.AdminUrl;
        return admin is not null && await Answers(admin, cancellation) ? Connect(dataDirectory, admin) : null;
    }

    /// <summary>Asks for a resource; a refusal is a <see cref="CommandFailure"/> with the server's words.</summary>
    public async Task<T> Get<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) => Read(await Ask(HttpMethod.Get, path, null, cancellation), type);

    public async Task<TAnswer> Post<TBody, TAnswer>(string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, bodyType));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return Read(await Ask(HttpMethod.Post, path, content, cancellation), answerType);
    }

    /// <summary>Asks for something to be done that needs no more words.</summary>
    public async Task<T> Post<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) => Read(await Ask(HttpMethod.Post, path, null, cancellation), type);

    /// <summary>Asks for a resource of many lines, and reads them one by one as they come.</summary>
    public async IAsyncEnumerable<string> Lines(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        using var answer = await Send(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            throw Refusal(answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
        }

        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            yield return line;
        }
    }

    public Task Delete(string path, CancellationToken cancellation) => Ask(HttpMethod.Delete, path, null, cancellation);

    /// <summary>Reads JSON of the server or of its program.</summary>
    public static T Read<T>(string json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json, type) ?? throw new CommandFailure("expected an answer, found null");
        }
        catch (JsonException exception)
        {
            throw new CommandFailure($"the answer cannot be read: {exception.Message}", "do the server and this program have the same version?");
        }
    }

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

    private static AdminConnection Connect(string dataDirectory, Uri admin)
    {
        var path = Path.Combine(dataDirectory, RunningServer.TokenFileName);
        try
        {
            // over TLS the listener has a certificate of the server's own CA, unless its operator gave it another
            var ca = Path.Combine(dataDirectory, "ca", "root.pem");
            return new AdminConnection(new RemoteServer(admin)
            {
                Token = File.ReadAllText(path).Trim(),
                CaFile = admin.Scheme == Uri.UriSchemeHttps && File.Exists(ca) ? ca : null,
            }.Connect());
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"the admin token {path} cannot be read: {exception.Message}", "run this as the account that the server runs as");
        }
    }

    private async Task<string> Ask(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        using var answer = await Send(request, HttpCompletionOption.ResponseContentRead, cancellation);
        var text = await answer.Content.ReadAsStringAsync(cancellation);
        return answer.IsSuccessStatusCode ? text : throw Refusal(answer.StatusCode, text);
    }

    private async Task<HttpResponseMessage> Send(HttpRequestMessage request, HttpCompletionOption completion, CancellationToken cancellation)
    {
        try
        {
            return await _server.SendAsync(request, completion, cancellation);
        }
        catch (HttpRequestException exception)
        {
            throw new CommandFailure($"the server at {_server.BaseAddress} did not answer: {exception.Message}");
        }
    }

    private static CommandFailure Refusal(HttpStatusCode status, string text)
    {
        try
        {
            var problem = JsonSerializer.Deserialize<Problem>(text);
            return new CommandFailure(problem?.Detail ?? $"status {(int)status}") { Reason = problem?.Reason };
        }
        catch (JsonException)
        {
            return new CommandFailure($"the server answered with status {(int)status} and no problem document: is it a DeviceAcme server?");
        }
    }
}
