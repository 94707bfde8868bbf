using System.Net;
using System.Net.Sockets;

namespace DeviceAcme.Server.Network;

/// <summary>HTTP over one connection whose address was checked.</summary>
internal static class CheckedHttp
{
    public const int MaxHeaderKibibytes = 16;

    /// <summary>A handler for the one connection that was checked; nothing else can be reached through it.</summary>
    public static SocketsHttpHandler Handler(Socket socket)
    {
        var unused = socket;
        return new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = MaxHeaderKibibytes,
            MaxResponseDrainSize = 0,
            SslOptions = ValidationTls.Options(),
            // The stream owns the socket: closing it is how the handler ends a read that is cancelled.
            ConnectCallback = (_, _) => Interlocked.Exchange(ref unused, null) is { } once
                ? ValueTask.FromResult<Stream>(new NetworkStream(once, ownsSocket: true))
                : ValueTask.FromException<Stream>(new IOException("the connection was closed before the answer")),
        };
    }
}
