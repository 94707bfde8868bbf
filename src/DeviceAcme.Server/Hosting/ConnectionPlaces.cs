using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;

namespace DeviceAcme.Server.Hosting;

/// <summary>
/// How many connections one listener holds open. One address has at most half of them, so that a single machine with open sockets does not shut all others out; whole sites
/// come from one address, and a trusted proxy may have all. What is beyond is closed before its TLS handshake costs anything.
/// </summary>
internal sealed class ConnectionPlaces(int most, IReadOnlyList<IPNetwork> proxies)
{
    private readonly ConcurrentDictionary<IPAddress, int> _byAddress = new();
    private int _open;

    /// <summary>Connections that are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Counts the connections of an endpoint; before its TLS.</summary>
    public void Limit(IConnectionBuilder connections) => connections.Use(next => connection => Serve(connection, next));

    private async Task Serve(ConnectionContext connection, ConnectionDelegate next)
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        if (!Enter(address))
        {
            connection.Abort(new ConnectionAbortedException("too many connections"));
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            Leave(address);
        }
    }

    private bool Enter(IPAddress address)
    {
        if (Interlocked.Increment(ref _open) > most)
        {
            Interlocked.Decrement(ref _open);
            return false;
        }

        if (_byAddress.AddOrUpdate(address, 1, (_, count) => count + 1) > most / 2 && !proxies.Any(proxy => proxy.Contains(address)))
        {
            Leave(address);
            return false;
        }

        return true;
    }

    private void Leave(IPAddress address)
    {
        Interlocked.Decrement(ref _open);
        if (_byAddress.AddOrUpdate(address, 0, (_, count) => count - 1) == 0)
        {
            // only while it is still nobody's: somebody of the same address may have come between
            _byAddress.TryRemove(new KeyValuePair<IPAddress, int>(address, 0));
        }
    }
}
