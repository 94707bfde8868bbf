using System.Net;
using System.Net.Http.Headers;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Network;

namespace DeviceAcme.Server.Webhooks;

/// <summary>One webhook of a profile, as it is reached: connections, certificates, and its circuit breaker.</summary>
internal sealed class WebhookEndpoint
{
    /// <summary>Requests at once; what is more waits, and its time runs.</summary>
    private const int MostConnections = 32;

    private readonly WebhookRule _rule;
    private readonly TrustedHttp _http;

    public WebhookEndpoint(WebhookRule rule, SecretFolder secrets) => (_rule, _http) = (rule, new TrustedHttp(secrets, rule.ClientCertificate, rule.Ca, MostConnections));

    public CircuitBreaker Breaker { get; } = new();

    /// <summary>Sends one attempt.</summary>
    /// <param name="timestamp">When it is sent, in Unix seconds.</param>
    /// <exception cref="SecretMissingException">What the profile names is not there.</exception>
    /// <exception cref="HttpRequestException">There is no connection, or it is not trusted.</exception>
    public async Task<WebhookReply> Send(string delivery, byte[] body, long timestamp, IReadOnlyList<string> secrets, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _rule.Url)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.TryAddWithoutValidation("User-Agent", "DeviceAcme (webhook)");
        request.Headers.TryAddWithoutValidation("Accept", "application/json");
        request.Headers.Add(WebhookSignature.DeliveryHeader, delivery);
        request.Headers.Add(WebhookSignature.TimestampHeader, timestamp.ToString(System.Globalization.CultureInfo.InvariantCulture));
        request.Headers.Add(WebhookSignature.SignatureHeader, WebhookSignature.OfRequest(secrets, timestamp, body));
        using var response = await _http.Client().SendAsync(request, cancellation);
        var answer = new byte[WebhookAnswer.MaxBytes + 1];
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var length = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, cancellation);
        return new WebhookReply((int)response.StatusCode, Header(response, WebhookSignature.DeliveryHeader), Header(response, WebhookSignature.SignatureHeader), answer[..length]);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) && values.ToList() is [{ Length: <= 1024 } only] ? only : null;
}

/// <summary>An answer as it came.</summary>
/// <param name="Delivery">Which delivery it says that it answers.</param>
/// <param name="Body">One octet longer than an answer may be, where it is longer.</param>
internal sealed record WebhookReply(int Status, string? Delivery, string? Signature, byte[] Body);
