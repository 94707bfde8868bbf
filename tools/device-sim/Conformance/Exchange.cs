using System.Text;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Simulator.Conformance;

/// <summary>One request and its answer, as they went over the wire; the request's JWS is opened for the reader.</summary>
internal sealed record Exchange(string Method, string Url, string? Header, string? Payload, int Status, IReadOnlyList<string> Headers, string Body)
{
    public override string ToString()
    {
        var text = new StringBuilder().Append("> ").Append(Method).Append(' ').AppendLine(Url);
        if (Header is not null)
        {
            text.Append("> protected ").AppendLine(Header).Append("> payload   ").AppendLine(Payload);
        }

        text.Append("< ").Append(Status).AppendLine();
        foreach (var header in Headers)
        {
            text.Append("< ").AppendLine(header);
        }

        return Body.Length == 0 ? text.ToString() : text.AppendLine(Body).ToString();
    }
}

/// <summary>Writes down what goes by.</summary>
internal sealed class ExchangeRecorder(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const int LongestText = 8 * 1024;
    private readonly List<Exchange> _exchanges = [];

    /// <summary>What went by since the last time that somebody asked.</summary>
    public IReadOnlyList<Exchange> Take()
    {
        lock (_exchanges)
        {
            IReadOnlyList<Exchange> taken = [.. _exchanges];
            _exchanges.Clear();
            return taken;
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var sent = request.Content is null ? null : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var response = await base.SendAsync(request, cancellationToken);
        await response.Content.LoadIntoBufferAsync(1 << 20, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        var (header, payload) = Open(sent);
        lock (_exchanges)
        {
            _exchanges.Add(new Exchange(
                request.Method.Method, request.RequestUri!.ToString(), header, payload, (int)response.StatusCode,
                [.. response.Headers.Concat(response.Content.Headers).SelectMany(pair => pair.Value.Select(value => $"{pair.Key}: {value}"))], Short(body)));
        }

        return response;
    }

    private static (string? Header, string? Payload) Open(byte[]? body)
    {
        if (body is null)
        {
            return (null, null);
        }

        try
        {
            var jws = JsonNode.Parse(body)!.AsObject();
            return (Decoded(jws["protected"]) ?? Short(Encoding.UTF8.GetString(body)), Decoded(jws["payload"]) ?? "(not base64url)");
        }
        catch (Exception none) when (none is System.Text.Json.JsonException or InvalidOperationException)
        {
            // a fault may be exactly that: then the octets are shown as they are
            return (Short(Encoding.UTF8.GetString(body)), "");
        }
    }

    private static string? Decoded(JsonNode? member) =>
        member is JsonValue value && value.TryGetValue(out string? text) && Base64Url.TryDecode(text, 1 << 20, out var octets) ? Short(Encoding.UTF8.GetString(octets)) : null;

    private static string Short(string text) => text.Length <= LongestText ? text : text[..LongestText] + "…";
}
