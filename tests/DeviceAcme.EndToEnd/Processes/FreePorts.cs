using System.Net;
using System.Net.Sockets;

namespace DeviceAcme.EndToEnd.Processes;

/// <summary>Ports that nobody has. Each is given out once, from below the range that systems use for outgoing connections.</summary>
internal static class FreePorts
{
    private const int First = 20000;
    private const int Count = 12000;

    // two runs at a time begin at different places
    private static int _last = Environment.ProcessId * 60 % Count;

    public static int Next()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            if (IsFree(IPAddress.Any, port) && (!Socket.OSSupportsIPv6 || IsFree(IPAddress.IPv6Any, port)))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"no port from {First} to {First + Count} is free");
    }

    private static bool IsFree(IPAddress address, int port)
    {
        try
        {
            using var stream = new TcpListener(address, port);
            stream.Start();
            using var datagrams = new UdpClient(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
