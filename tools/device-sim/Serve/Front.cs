using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DeviceAcme.Simulator.Serve;

/// <summary>What clients speak with: it ends TLS, writes everything down, makes the chaos and hands the rest to the server behind.</summary>
internal sealed class Front : IAsyncDisposable
{
    private const int LargestRequest = 256 * 1024;
    private const int LongestText = 64 * 1024;
    private const string ServerNameItem = "server name";

    // those of the connection to the server behind
    private static readonly string[] NotHandedOn = ["host", "connection", "transfer-encoding", "content-length", "keep-alive", "upgrade", "server", "date"];

    private readonly WebApplication _application;
    private readonly HttpClient _behind;
    private readonly PublicUrls _urls;
    private readonly FrontParts _parts;

    private Front(WebApplication application, Uri behind, PublicUrls urls, FrontParts parts)
    {
        _application = application;
        _behind = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = behind, Timeout = TimeSpan.FromSeconds(100) };
        _urls = urls;
        _parts = parts;
        Shaper = new AnswerShaper(urls, parts.States, parts.Renewals, parts.Chains, parts.Chance);
    }

    private AnswerShaper Shaper { get; }

    /// <param name="settings">Where to listen.</param>
    /// <param name="certificate">For TLS, with its key.</param>
    /// <param name="behind">The ACME server's plain listener.</param>
    /// <param name="urls">URLs as clients see them.</param>
    /// <param name="parts">What it works with.</param>
    public static async Task<Front> Start(ServeSettings settings, X509Certificate2 certificate, Uri behind, PublicUrls urls, FrontParts parts)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestRequest;
            if (settings.AnyAddress)
            {
                kestrel.ListenAnyIP(settings.Port, Tls);
            }
            else
            {
                kestrel.ListenLocalhost(settings.Port, Tls);
            }
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        var front = new Front(builder.Build(), behind, urls, parts);
        front._application.Run(front.Handle);
        try
        {
            await front._application.StartAsync();
        }
        catch (IOException failure)
        {
            await front.DisposeAsync();
            throw new SimulatorException($"cannot serve on port {settings.Port}: {failure.Message}", "--port chooses another one");
        }

        return front;

        void Tls(ListenOptions listen) => listen.UseHttps(https => https.ServerCertificateSelector = (connection, name) =>
        {
            if (name is not null)
            {
                connection!.Items[ServerNameItem] = name;
            }

            return certificate;
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _behind.Dispose();
    }

    private async Task Handle(HttpContext context)
    {
        var (at, start, switches) = (_parts.Time.GetUtcNow(), _parts.Time.GetTimestamp(), _parts.Switches);
        var request = context.Request;
        var path = request.Path.ToUriComponent();
        var target = _urls.Resolve(path, request.QueryString.ToUriComponent());
        var body = await Body(request, context.RequestAborted);
        var sent = HttpMethods.IsPost(request.Method) ? SentJws.Read(Encoding.UTF8.GetString(body)) : null;
        if (switches.SlowAnswers > TimeSpan.Zero)
        {
            await Task.Delay(switches.SlowAnswers * _parts.Chance.Next(), _parts.Time, context.RequestAborted);
        }

        var answer = await Answer(context, target, sent, body, switches, at);
        Shaper.Shape(target, sent, answer, switches, _parts.Time.GetUtcNow());
        var tls = context.Features.Get<ITlsHandshakeFeature>();
        // written down before it is sent: whoever has the answer finds it in the transcript
        _parts.Transcript.Add(new Recorded
        {
            At = at,
            Took = _parts.Time.GetElapsedTime(start),
            Method = request.Method,
            Url = $"{request.Scheme}://{request.Host.ToUriComponent()}{path}{request.QueryString.ToUriComponent()}",
            Resource = target.Guessed ? Resource.Unknown : target.Resource,
            Profile = target.Profile,
            Headers = [.. request.Headers.SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value ?? "")))],
            Body = Short(Encoding.UTF8.GetString(body)),
            Status = answer.Status,
            AnswerHeaders = [.. answer.Headers],
            AnswerBody = Short(Encoding.UTF8.GetString(answer.Body)),
            Chaos = answer.Chaos,
            Tls = tls?.Protocol.ToString(),
            ServerName = context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(ServerNameItem, out var name) == true ? name as string : null,
        });
        await Write(context, answer);
    }

    private async Task<ShapedAnswer> Answer(HttpContext context, Target target, SentJws? sent, byte[] body, Switches switches, DateTimeOffset now)
    {
        if (target.Guessed || target.Resource == Resource.Unknown)
        {
            return await Refuse(target, new Refusal(404, "malformed", "path: there is nothing here; URLs come from the directory and from answers (RFC 8555 §7.1)", "guessed URL"), switches, context.RequestAborted);
        }

        if (target.Resource == Resource.RenewalInfo)
        {
            return await Renewal(context, target, switches, now);
        }

        if (sent is not null)
        {
            var refusal = _parts.Refusals.Look(target, sent, switches, now) ?? Early(target, now) ?? Replaces(target, sent);
            if (refusal is not null)
            {
                return await Refuse(target, refusal, switches, context.RequestAborted);
            }
        }

        return await HandOn(context, target, body);
    }

    // the client cannot know yet that the server behind is done
    private Refusal? Early(Target target, DateTimeOffset now) =>
        target.Resource == Resource.Finalize && _parts.States.IsPending(target.Path.Replace("/finalize", "", StringComparison.Ordinal), now)
            ? new Refusal(403, "orderNotReady", "the order is pending", "validation-delay")
            : null;

    private Refusal? Replaces(Target target, SentJws sent) =>
        target.Resource == Resource.NewOrder && SentJws.Text(sent.Content?["replaces"]) is { } replaces && _parts.Renewals.Wrong(replaces, sent.Kid) is var (status, type, detail)
            ? new Refusal(status, type, detail, "renewal-info")
            : null;

    private async Task<ShapedAnswer> Renewal(HttpContext context, Target target, Switches switches, DateTimeOffset now)
    {
        var id = target.Path[(target.Path.LastIndexOf('/') + 1)..];
        if (!HttpMethods.IsGet(context.Request.Method) || !switches.RenewalInfo)
        {
            return await Refuse(target, new Refusal(switches.RenewalInfo ? 405 : 404, "malformed", "renewal information is asked for with GET (RFC 9773 §4.1)", "renewal-info"), switches, context.RequestAborted);
        }

        if (_parts.Renewals.Find(id, switches.AriNow, now) is not var (window, again))
        {
            return await Refuse(target, new Refusal(404, "malformed", "path: expected the identifier of a certificate that was issued here (RFC 9773 §4.1)", "renewal-info"), switches, context.RequestAborted);
        }

        var answer = new ShapedAnswer { Status = 200, Body = Encoding.UTF8.GetBytes(window.ToJsonString()) };
        answer.Set("Content-Type", "application/json");
        answer.Set("Retry-After", AnswerShaper.RetryAfter(again, switches with { RetryAfterDates = false }, now));
        if (switches.AriNow)
        {
            answer.Chaos.Add("ari-now");
        }

        return answer;
    }

    private async Task<ShapedAnswer> Refuse(Target target, Refusal refusal, Switches switches, CancellationToken cancellation)
    {
        var problem = new JsonObject { ["type"] = Refusals.Problem(refusal.Type), ["detail"] = refusal.Detail, ["status"] = refusal.Status };
        if (refusal.Subproblems is not null)
        {
            problem["subproblems"] = refusal.Subproblems;
        }

        var answer = new ShapedAnswer { Status = refusal.Status, Body = Encoding.UTF8.GetBytes(problem.ToJsonString()) };
        answer.Set("Content-Type", "application/problem+json");
        answer.Chaos.Add(refusal.Chaos);
        if (refusal.RetryAfter is { } wait)
        {
            answer.Set("Retry-After", AnswerShaper.RetryAfter(wait, switches, _parts.Time.GetUtcNow()));
        }

        if (target.Profile.Length > 0)
        {
            answer.Headers.Add(new("Link", $"<{_urls.BaseUrl}/acme/{target.Profile}/directory>;rel=\"index\""));
            using var nonce = await _behind.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/acme/{target.Profile}/new-nonce"), cancellation);
            if (nonce.Headers.TryGetValues("Replay-Nonce", out var values))
            {
                answer.Set("Replay-Nonce", values.First());
            }
        }

        return answer;
    }

    private async Task<ShapedAnswer> HandOn(HttpContext context, Target target, byte[] body)
    {
        // System.Uri would write some paths anew, and the path is part of what was signed
        var uri = new Uri(_behind.BaseAddress!.GetLeftPart(UriPartial.Authority) + target.Path + target.Query, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), uri);
        if (body.Length > 0 || HttpMethods.IsPost(context.Request.Method))
        {
            request.Content = new ByteArrayContent(body);
        }

        foreach (var (name, value) in context.Request.Headers.Where(pair => !pair.Key.StartsWith(':') && !NotHandedOn.Contains(pair.Key.ToLowerInvariant())))
        {
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value);
            }
        }

        try
        {
            using var response = await _behind.SendAsync(request, HttpCompletionOption.ResponseContentRead, context.RequestAborted);
            return new ShapedAnswer
            {
                Status = (int)response.StatusCode,
                Body = await response.Content.ReadAsByteArrayAsync(context.RequestAborted),
                Headers = [.. response.Headers.Concat(response.Content.Headers).Where(pair => !NotHandedOn.Contains(pair.Key.ToLowerInvariant())).SelectMany(pair => pair.Value.Select(value => KeyValuePair.Create(pair.Key, value)))],
            };
        }
        catch (HttpRequestException failure)
        {
            var answer = new ShapedAnswer { Status = 502, Body = Encoding.UTF8.GetBytes(failure.Message) };
            answer.Chaos.Add("the server behind does not answer");
            return answer;
        }
    }

    private static async Task Write(HttpContext context, ShapedAnswer answer)
    {
        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
        {
            context.Response.Headers.Append(name, value);
        }

        if (!HttpMethods.IsHead(context.Request.Method) && answer.Status is not (204 or 304))
        {
            context.Response.ContentLength = answer.Body.Length;
            await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
        }
    }

    // the server's own limit is smaller, and its answer says so
    private static async Task<byte[]> Body(HttpRequest request, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellation);
        return body.ToArray();
    }

    private static string Short(string text) => text.Length <= LongestText ? text : text[..LongestText] + "…";
}

/// <summary>What the front works with.</summary>
internal sealed class FrontParts(Chance chance, Transcript transcript, TimeProvider time, Switches switches) : IDisposable
{
    private volatile Switches _switches = switches;

    public Chance Chance { get; } = chance;
    public Transcript Transcript { get; } = transcript;
    public TimeProvider Time { get; } = time;
    public Refusals Refusals { get; } = new(chance);
    public SlowStates States { get; } = new();
    public RenewalWindows Renewals { get; } = new();
    public ForgedChains Chains { get; } = new(time.GetUtcNow());

    /// <summary>In force now; whoever handles a request reads them once.</summary>
    public Switches Switches
    {
        get => _switches;
        set => _switches = value;
    }

    public void Dispose() => Chains.Dispose();
}
