using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary>The admin listener of a server: what is asked of it, and what to do where it does not answer.</summary>
internal sealed class AdminConnection
{
    private readonly HttpClient _server;

    /// <param name="server">With the listener's address and the token.</param>
    internal AdminConnection(HttpClient server) => _server = server;

    /// <summary>Asks for a resource; a refusal is a <see cref="CommandFailure"/> with the server's words.</summary>
    public async Task<T> Get<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) => Read(await Ask(HttpMethod.Get, path, null, cancellation), type);

    /// <param name="ifMatch">The version that the change is meant for; null for any.</param>
    public async Task<TAnswer> Post<TBody, TAnswer>(
        string path, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellation, long? ifMatch = null)
    {
        using var content = Json(body, bodyType);
        return Read(await Ask(HttpMethod.Post, path, content, cancellation, ifMatch), answerType);
    }

    /// <summary>Asks for something to be done that needs no more words.</summary>
    public async Task<T> Post<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellation) => Read(await Ask(HttpMethod.Post, path, null, cancellation), type);

    /// <summary>Changes the version of a resource that was read before.</summary>
    public async Task<TAnswer> Patch<TBody, TAnswer>(string path, long version, TBody body, JsonTypeInfo<TBody> bodyType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellation)
    {
        using var content = Json(body, bodyType);
        return Read(await Ask(HttpMethod.Patch, path, content, cancellation, version), answerType);
    }

    /// <summary>Sends a file, and reads the lines of the answer as they come.</summary>
    public async IAsyncEnumerable<string> Upload(string path, byte[] file, string mediaType, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(file) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        await foreach (var line in Lines(request, cancellation))
        {
            yield return line;
        }
    }

    /// <summary>Copies a file of the server's.</summary>
    public async Task Download(string path, Stream target, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        using var answer = await Send(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            throw Refusal(answer.StatusCode, await answer.Content.ReadAsStringAsync(cancellation));
        }

        await answer.Content.CopyToAsync(target, cancellation);
    }

    /// <summary>Asks for a resource of many lines, and reads them one by one as they come.</summary>
    public async IAsyncEnumerable<string> Lines(string path, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        await foreach (var line in Lines(request, cancellation))
        {
            yield return line;
        }
    }

    private async IAsyncEnumerable<string> Lines(HttpRequestMessage request, [EnumeratorCancellation] CancellationToken cancellation)
    {
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

    private static ByteArrayContent Json<T>(T body, JsonTypeInfo<T> type)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    private async Task<string> Ask(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation, long? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (ifMatch is { } version)
        {
            request.Headers.IfMatch.Add(new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{version}\"")));
        }

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
            throw Unreachable(exception);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new CommandFailure($"the server at {_server.BaseAddress} did not answer within {_server.Timeout.TotalSeconds:0} s");
        }
    }

    private CommandFailure Unreachable(HttpRequestException failure)
    {
        var where = $"the server at {_server.BaseAddress}";
        for (Exception? cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
            {
                return new CommandFailure(
                    $"{where} is not trusted, or does not trust this client: {cause.Message}",
                    $"{AdminSetting.Ca.Option} names the root of its TLS certificate, the ca/root.pem of its data directory unless it was given another; {AdminSetting.Pin.Option} a fingerprint");
            }
        }

        return failure.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new CommandFailure($"there is no host {_server.BaseAddress?.Host}: {failure.Message}"),
            HttpRequestError.ConnectionError => new CommandFailure(
                $"{where} cannot be reached: {failure.Message}", "does it run, and does its admin listener (--admin-url) take connections from elsewhere? Usually it listens on loopback alone"),
            _ => new CommandFailure($"{where} did not answer: {failure.Message}", "is this its admin listener, and is it http or https?"),
        };
    }

    private static CommandFailure Refusal(HttpStatusCode status, string text)
    {
        try
        {
            var problem = JsonSerializer.Deserialize<Problem>(text);
            return new CommandFailure(problem?.Detail ?? $"status {(int)status}", Hint(status, problem?.Reason))
            {
                Reason = problem?.Reason,
                Details = [.. problem?.Subproblems?.Select(one => one.Detail) ?? []],
            };
        }
        catch (JsonException)
        {
            return new CommandFailure($"the server answered with status {(int)status} and no problem document", "is it the admin listener of a DeviceAcme server?");
        }
    }

    private static string? Hint(HttpStatusCode status, string? reason) => (status, reason) switch
    {
        (_, "role-insufficient") => "'deviceacme token self' says who the server takes you for; an administrator makes a token with another role: deviceacme token add NAME --role ROLE",
        (_, "limited-to-profiles" or "profile-not-yours") => "'deviceacme token self' says which profiles are yours; somebody without a limit can do this",
        (_, "admin-token-unknown") => $"is it the token of this server? {AdminSetting.TokenFile.Option} and {AdminSetting.Token.Variable} name another; on the server's own machine --data needs none",
        (HttpStatusCode.Unauthorized, _) => "an administrator makes a new one: deviceacme token add NAME --role ROLE",
        (HttpStatusCode.NotFound, "resource-unknown") => "is it the admin listener (--admin-url) of a DeviceAcme server that is not older than this program?",
        _ => null,
    };
}
