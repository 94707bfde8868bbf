using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace DeviceAcme.Simulator.Servers;

/// <summary>Ports of this machine that nobody listens on.</summary>
internal static class FreePorts
{
    // below the ports that the system gives to outgoing connections, so that none is taken again before the server listens
    private const int First = 15_000;
    private const int Range = 16_000;

    public static int[] Take(int count)
    {
        // two that look at the same time should not find the same
        var start = RandomNumberGenerator.GetInt32(Range);
        var ports = Enumerable.Range(0, Range).Select(step => First + ((start + step) % Range)).Where(IsFree).Take(count).ToArray();
        return ports.Length == count ? ports : throw new SimulatorException("no free ports on this machine");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var tcp = new TcpListener(IPAddress.Loopback, port);
            tcp.Start();
            using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
