using System.Net;
using System.Net.Sockets;

namespace DeviceAcme.Testing;

/// <summary>Ports for processes that a test starts.</summary>
/// <remarks>
/// They lie below the range that the system gives to outgoing connections, and no two calls of a process get the same one:
/// a port that the system chooses may be taken again before the process that it is meant for listens.
/// </remarks>
internal static class FreePorts
{
    private const int First = 15_000;
    private const int Count = 16_000;

    /// <summary>Of 1:1.618 of them: processes that begin one after the other begin far apart.</summary>
    private const int Stride = 9_889;

    private static int _next = Environment.ProcessId * Stride;

    public static int[] Take(int count) => [.. Enumerable.Range(0, count).Select(_ => One())];

    private static int One()
    {
        for (var attempt = 0; attempt < Count; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException("no free port");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.IPv6Any, port) { Server = { DualMode = true } };
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
