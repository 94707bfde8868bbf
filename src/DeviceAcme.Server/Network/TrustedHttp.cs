using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using DeviceAcme.Server.Hosting;

namespace DeviceAcme.Server.Network;

/// <summary>
/// A client for an endpoint that the administrator named: no proxy, no redirects, no cookies, TLS with the system's CAs or one of the administrator's. Certificates are changed
/// while the server runs: a changed file is a new client.
/// </summary>
/// <param name="clientCertificate">NAME.pem in the folder of secrets; null: none is shown.</param>
/// <param name="ca">NAME.pem in the folder of secrets; null: the system's CAs.</param>
/// <param name="connections">At once.</param>
internal sealed class TrustedHttp(SecretFolder secrets, string? clientCertificate, string? ca, int connections)
{
    private static readonly TimeSpan LongestConnection = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private HttpMessageInvoker? _client;
    private (DateTime, DateTime) _clientOf;

    /// <exception cref="SecretMissingException">A certificate is not there.</exception>
    public HttpMessageInvoker Client()
    {
        var files = (Changed(clientCertificate), Changed(ca));
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

    private DateTime Changed(string? pem) => pem is null ? default : File.GetLastWriteTimeUtc(secrets.PemOf(pem));

    private SocketsHttpHandler Handler()
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (ca is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(secrets.Certificates(ca));
        }

        var tls = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        if (clientCertificate is not null)
        {
            var certificate = secrets.ClientCertificate(clientCertificate);
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate.Leaf, certificate.Issuers, offline: true);
        }

        return new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = connections,
            MaxResponseHeadersLength = 16,
            PooledConnectionLifetime = LongestConnection,
            SslOptions = tls,
        };
    }
}
