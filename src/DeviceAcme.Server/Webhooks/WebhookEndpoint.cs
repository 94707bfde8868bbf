using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Core.Webhooks;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Webhooks;

/// <summary>One webhook of a profile, as it is reached: connections, certificates, and its circuit breaker.</summary>
internal sealed class WebhookEndpoint
{
    /// <summary>Requests at once; what is more waits, and its time runs.</summary>
    private const int MostConnections = 32;

    private static readonly TimeSpan LongestConnection = TimeSpan.FromMinutes(5);

    private readonly WebhookRule _rule;
    private readonly SecretFolder _secrets;
    private readonly Lock _lock = new();
    private HttpMessageInvoker? _client;
    private (DateTime, DateTime) _clientOf;

    public WebhookEndpoint(WebhookRule rule, SecretFolder secrets) => (_rule, _secrets) = (rule, secrets);

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
        using var response = await Client().SendAsync(request, cancellation);
        var answer = new byte[WebhookAnswer.MaxBytes + 1];
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var length = await stream.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, cancellation);
        return new WebhookReply((int)response.StatusCode, Header(response, WebhookSignature.DeliveryHeader), Header(response, WebhookSignature.SignatureHeader), answer[..length]);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) && values.ToList() is [{ Length: <= 1024 } only] ? only : null;

    // certificates are changed while the server runs: a new file is a new client
    private HttpMessageInvoker Client()
    {
        var files = (Changed(_rule.ClientCertificate), Changed(_rule.Ca));
        lock (_lock)
        {
            if (_client is null || files != _clientOf)
            {
                // requests of the one before go on; its connections end with them
                (_client, _clientOf) = (new HttpMessageInvoker(Handler()), files);
            }

            return _client;
        }
    }

    private DateTime Changed(string? pem) => pem is null ? default : File.GetLastWriteTimeUtc(_secrets.PemOf(pem));

    private SocketsHttpHandler Handler()
    {
        var tls = new SslClientAuthenticationOptions();
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (_rule.Ca is { } ca)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(_secrets.Certificates(ca));
        }

        tls.CertificateChainPolicy = policy;
        if (_rule.ClientCertificate is { } name)
        {
            var certificate = _secrets.ClientCertificate(name);
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate.Leaf, certificate.Issuers, offline: true);
        }

        return new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = MostConnections,
            MaxResponseHeadersLength = 16,
            PooledConnectionLifetime = LongestConnection,
            SslOptions = tls,
        };
    }
}

/// <summary>An answer as it came.</summary>
/// <param name="Delivery">Which delivery it says that it answers.</param>
/// <param name="Body">One octet longer than an answer may be, where it is longer.</param>
internal sealed record WebhookReply(int Status, string? Delivery, string? Signature, byte[] Body);
