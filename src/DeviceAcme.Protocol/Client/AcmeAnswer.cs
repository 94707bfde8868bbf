using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Client;

/// <summary>What a server answered, not judged yet.</summary>
public sealed class AcmeAnswer
{
    private readonly string _step;
    private readonly HttpResponseHeaders _headers;

    internal AcmeAnswer(string step, HttpResponseMessage response, byte[] body)
    {
        _step = step;
        _headers = response.Headers;
        Url = response.RequestMessage?.RequestUri?.OriginalString ?? "";
        Status = (int)response.StatusCode;
        MediaType = response.Content.Headers.ContentType?.MediaType;
        Body = body;
        Problem = Status >= 400 ? ReadProblem() : null;
    }

    /// <summary>The URL that was asked.</summary>
    public string Url { get; }

    /// <summary>HTTP status.</summary>
    public int Status { get; }

    /// <summary>Content-Type without parameters.</summary>
    public string? MediaType { get; }

    /// <summary>The body, at most 1 MiB.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The problem document of an error answer; null for a success, and for an error answer that is no problem document.</summary>
    public Problem? Problem { get; }

    /// <summary>The <c>Location</c> header.</summary>
    public string? Location => Header("Location");

    /// <summary>The <c>Replay-Nonce</c> header.</summary>
    public string? ReplayNonce => Header("Replay-Nonce");

    /// <summary>A header's first value; null when it is absent.</summary>
    public string? Header(string name) => _headers.TryGetValues(name, out var values) ? values.First() : null;

    /// <summary>How long to wait before the next look (RFC 9110 §10.2.3: seconds or a date); null when the server does not say.</summary>
    public TimeSpan? RetryAfter(DateTimeOffset now) => _headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
        _ => null,
    };

    /// <summary>Targets of the <c>Link</c> headers with this relation (RFC 8288), in their order.</summary>
    public IReadOnlyList<string> Links(string relation) =>
        _headers.TryGetValues("Link", out var values) ? [.. values.SelectMany(LinkHeader.Read).Where(link => link.Relation == relation).Select(link => link.Target)] : [];

    /// <summary>The body as a JSON object.</summary>
    /// <exception cref="AcmeClientException">An error answer, or no such JSON.</exception>
    public T Read<T>(JsonTypeInfo<T> type)
    {
        RequireSuccess();
        if (MediaType != "application/json")
        {
            throw new AcmeClientException(_step, $"{Url} answered {Found()} where application/json was expected; is this the URL of an ACME server?", status: Status);
        }

        try
        {
            return JsonSerializer.Deserialize(Body.Span, type) ?? throw new JsonException("the JSON text null");
        }
        catch (JsonException fault)
        {
            throw new AcmeClientException(_step, $"{Url} answered JSON that is not the expected object: {fault.Message}", status: Status, inner: fault);
        }
    }

    /// <summary>Throws what the server said when the answer is an error.</summary>
    /// <exception cref="AcmeClientException">An error answer.</exception>
    public void RequireSuccess()
    {
        if (Status is >= 200 and < 300)
        {
            return;
        }

        throw Problem is { } problem
            ? Refusal(_step, problem, Status)
            : new AcmeClientException(_step, $"{Url} answered {Found()} with HTTP status {Status} and no problem document", status: Status);
    }

    internal static AcmeClientException Refusal(string step, Problem problem, int? status = null)
    {
        var text = new StringBuilder().Append(ShortType(problem.Type)).Append(": ").Append(problem.Detail);
        foreach (var sub in problem.Subproblems ?? [])
        {
            text.Append("; ").Append(sub.Identifier?.Value).Append(sub.Identifier is null ? "" : ": ").Append(ShortType(sub.Type)).Append(": ").Append(sub.Detail);
        }

        return new AcmeClientException(step, text.ToString(), problem, status);
    }

    internal string? Outcome()
    {
        if (Problem is not null)
        {
            return ShortType(Problem.Type);
        }

        return MediaType == "application/json" && TryParse() is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("status", out var status)
            && status.ValueKind == JsonValueKind.String ? status.GetString() : null;
    }

    private static string ShortType(string type) => type.StartsWith(Problems.Namespace, StringComparison.Ordinal) ? type[Problems.Namespace.Length..] : type;

    // Lenient where our own documents are not: type and detail may be missing (RFC 9457 §3.1)
    private Problem? ReadProblem()
    {
        if (MediaType is not ("application/problem+json" or "application/json") || TryParse() is not { ValueKind: JsonValueKind.Object } json)
        {
            return null;
        }

        try
        {
            return json.Deserialize(AcmeJson.Default.Problem);
        }
        catch (JsonException)
        {
            return new Problem { Type = Text(json, "type") ?? "about:blank", Detail = Text(json, "detail") ?? Text(json, "title") ?? "(no detail)", Status = Status };
        }
    }

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private JsonElement? TryParse()
    {
        try
        {
            return JsonElement.Parse(Body.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private string Found()
    {
        var text = Encoding.UTF8.GetString(Body.Span[..Math.Min(Body.Length, 80)]);
        text = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();
        return text.Length == 0 ? $"{MediaType ?? "nothing"}" : $"{MediaType ?? "no media type"} beginning '{text}'";
    }
}
