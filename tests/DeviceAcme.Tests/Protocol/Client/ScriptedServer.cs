using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Tests.Protocol.Client;

/// <summary>A server that answers what a test says, with JSON written out, and keeps what was asked.</summary>
internal sealed class ScriptedServer : HttpMessageHandler
{
    public const string Root = "https://acme.example/";

    private readonly Dictionary<string, Queue<Func<HttpResponseMessage>>> _answers = [];
    private int _nonces;

    public ScriptedServer() => Says("directory", Json("""
        {"newNonce":"https://acme.example/nonce","newAccount":"https://acme.example/acct","newOrder":"https://acme.example/order","newAuthz":"https://acme.example/authz",
         "revokeCert":"https://acme.example/revoke","keyChange":"https://acme.example/change"}
        """)).Says("nonce", Status(200));

    /// <summary>Path, JWS (null for GET and HEAD) and payload of each request but newNonce.</summary>
    public List<(string Path, FlattenedJws? Jws, string Payload)> Asked { get; } = [];

    /// <summary>The nonces that were handed out and not used yet.</summary>
    public HashSet<string> Open { get; } = [];

    /// <summary>Header fields of the last request.</summary>
    public HttpRequestHeaders? LastHeaders { get; private set; }

    public MediaTypeHeaderValue? LastContentType { get; private set; }

    public ScriptedServer Says(string path, params Func<HttpResponseMessage>[] answers)
    {
        _answers[Root + path] = new Queue<Func<HttpResponseMessage>>(answers);
        return this;
    }

    public static Func<HttpResponseMessage> Status(int status) => () => new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent([]) };

    public static Func<HttpResponseMessage> Json(string json, int status = 200, string? location = null, params string[] links) =>
        Text(json, "application/json", status, location, links);

    public static Func<HttpResponseMessage> Problem(string type, int status = 400) =>
        Text($$"""{"type":"urn:ietf:params:acme:error:{{type}}","detail":"because","status":{{status}}}""", "application/problem+json", status);

    public static Func<HttpResponseMessage> Text(string text, string mediaType, int status = 200, string? location = null, params string[] links) => () =>
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) };
        response.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        if (location is not null)
        {
            response.Headers.TryAddWithoutValidation("Location", location);
        }

        foreach (var link in links)
        {
            response.Headers.TryAddWithoutValidation("Link", link);
        }

        return response;
    };

    public static Func<HttpResponseMessage> With(Func<HttpResponseMessage> answer, string header, string value) => () =>
    {
        var response = answer();
        response.Headers.TryAddWithoutValidation(header, value);
        return response;
    };

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var url = request.RequestUri!.OriginalString;
        LastHeaders = request.Headers;
        LastContentType = request.Content?.Headers.ContentType;
        var jws = request.Content is null ? null : FlattenedJws.Parse(await request.Content.ReadAsByteArrayAsync(cancellationToken));
        if (jws is not null && (jws.Url != url || !Open.Remove(jws.Nonce!)))
        {
            throw new InvalidOperationException("the client sent a wrong url or a nonce that it had not been given");
        }

        if (url != Root + "nonce")
        {
            Asked.Add((url[Root.Length..], jws, jws is null ? "" : Encoding.UTF8.GetString(jws.Payload.Span)));
        }

        var answers = _answers[url];
        var response = (answers.Count > 1 ? answers.Dequeue() : answers.Peek())();
        response.RequestMessage = request;
        if (url != Root + "directory" && !response.Headers.Contains("Replay-Nonce"))
        {
            var nonce = Base64Url.Encode(BitConverter.GetBytes(_nonces++));
            Open.Add(nonce);
            response.Headers.Add("Replay-Nonce", nonce);
        }

        return response;
    }

    public JsonElement PayloadOf(string path) => JsonElement.Parse(Asked.Last(asked => asked.Path == path).Payload);
}

/// <summary>A clock on which every pause is over at once; request time-outs (a minute and more) never come.</summary>
internal sealed class SkippingClock : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public List<TimeSpan> Pauses { get; } = [];

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime >= TimeSpan.Zero && dueTime < TimeSpan.FromMinutes(1))
        {
            Pauses.Add(dueTime);
            _now += dueTime;
            ThreadPool.QueueUserWorkItem(_ => callback(state));
        }

        return new Idle();
    }

    private sealed class Idle : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
