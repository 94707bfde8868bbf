using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace DeviceAcme.Server.Hosting;

/// <summary>Opens the three listeners and bounds what one client can take.</summary>
internal static class KestrelListeners
{
    /// <summary>No request of RFC 8555 or of a device's evidence needs more.</summary>
    public const int MaximumBodyBytes = 64 * 1024;

    /// <summary>Administrators have theirs for themselves, however many clients there are.</summary>
    private const int AdminConnections = 256;

    public static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        SetLimits(kestrel);
        var places = new ConnectionPlaces(options.MostConnections, options.TrustedProxies);
        foreach (var url in options.Listen.Count > 0 ? options.Listen : [options.Url])
        {
            Listen(kestrel, url, Listener.Acme, places);
        }

        if ((options.StatusListen ?? options.StatusUrl) is { } status)
        {
            Listen(kestrel, status, Listener.Status, new ConnectionPlaces(options.MostConnections, options.TrustedProxies));
        }

        if (options.AdminUrl is { } admin)
        {
            Listen(kestrel, admin, Listener.Admin, new ConnectionPlaces(AdminConnections, options.TrustedProxies), asksForCertificates: options.AdminClientCa is not null);
        }
    }

    private static void SetLimits(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = MaximumBodyBytes;
        limits.MaxRequestBufferSize = MaximumBodyBytes;
        limits.MaxRequestLineSize = 8 * 1024;
        limits.MaxRequestHeadersTotalSize = 16 * 1024;
        limits.MaxRequestHeaderCount = 64;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(90);
        // A body of 64 KiB may take half a minute and no longer.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 2048, gracePeriod: TimeSpan.FromSeconds(5));
        limits.Http2.MaxStreamsPerConnection = 32;
    }

    private static void Listen(KestrelServerOptions kestrel, Uri url, Listener listener, ConnectionPlaces places, bool asksForCertificates = false)
    {
        void Setup(ListenOptions endpoint)
        {
            places.Limit(endpoint);
            endpoint.Mark(listener);
            if (url.Scheme == Uri.UriSchemeHttps)
            {
                UseTls(endpoint, asksForCertificates);
            }
        }

        if (url.Host == "localhost" && url.Port != 0)
        {
            kestrel.ListenLocalhost(url.Port, Setup);
        }
        else if (url.IsLoopback && url.HostNameType == UriHostNameType.Dns)
        {
            kestrel.Listen(IPAddress.Loopback, url.Port, Setup);
        }
        else if (IPAddress.TryParse(url.DnsSafeHost, out var address))
        {
            kestrel.Listen(address, url.Port, Setup);
        }
        else
        {
            // The public name of this machine may resolve to an address that none of its interfaces has.
            kestrel.ListenAnyIP(url.Port, Setup);
        }
    }

    private static void UseTls(ListenOptions endpoint, bool asksForCertificates)
    {
        var certificates = endpoint.ApplicationServices.GetRequiredService<IServerCertificates>();
        endpoint.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = TimeSpan.FromSeconds(10),
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificates.Current,
                ClientCertificateRequired = asksForCertificates,

                // the handshake proves the key; whose it is, the request decides, so that a refusal is a problem document and stands in the audit log
                RemoteCertificateValidationCallback = asksForCertificates ? (_, _, _, _) => true : null,
            }),
        });
    }
}
