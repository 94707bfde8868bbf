using System.Net;
using System.Net.Sockets;
using DeviceAcme.Simulator.Dns;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>Where hosts answer what a validation asks.</summary>
internal interface IHostNetwork : IAsyncDisposable
{
    /// <summary>Publishes a key authorization for http-01.</summary>
    void Serve(string token, string keyAuthorization);
}

/// <summary>The loopback addresses: DNS that calls every name this machine, and http-01.</summary>
internal sealed class HostNetwork : IHostNetwork
{
    private readonly DnsAnswerer _dns;
    private readonly Http01Responder _http;

    private HostNetwork(DnsAnswerer dns, Http01Responder http)
    {
        _dns = dns;
        _http = http;
    }

    public static async Task<HostNetwork> Start(IPEndPoint dnsListen, int httpPort, TxtRecords texts, CancellationToken cancellation)
    {
        // A machine without IPv6 must not promise an address that nobody answers at.
        IReadOnlyList<IPAddress> addresses = Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [IPAddress.Loopback];
        var dns = DnsAnswerer.Start(dnsListen, addresses, texts);
        try
        {
            return new HostNetwork(dns, await Http01Responder.Start(addresses, httpPort, cancellation));
        }
        catch
        {
            await dns.DisposeAsync();
            throw;
        }
    }

    public void Serve(string token, string keyAuthorization) => _http.Serve(token, keyAuthorization);

    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        await _dns.DisposeAsync();
    }
}
