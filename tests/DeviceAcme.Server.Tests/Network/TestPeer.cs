using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DeviceAcme.Server.Tests.Network;

/// <summary>A TCP server on loopback that does with each connection what the test says; for HTTP there are replies as text.</summary>
internal sealed class TestPeer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener;
    private readonly Func<Stream, CancellationToken, Task> _serve;
    private readonly ConcurrentBag<Task> _connections = [];
    private readonly Task _loop;
    private int _accepted;

    private TestPeer(IPAddress address, int port, Func<Stream, CancellationToken, Task> serve)
    {
        _serve = serve;
        _listener = new TcpListener(address, port);
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _loop = Accept();
    }

    public int Port { get; }
    public int Accepted => _accepted;

    /// <summary>The request heads that came, whole.</summary>
    public ConcurrentQueue<string> Requests { get; } = [];

    public static TestPeer Start(Func<Stream, CancellationToken, Task> serve, IPAddress? address = null, int port = 0) =>
        new(address ?? IPAddress.Loopback, port, serve);

    /// <summary>An HTTP server; <paramref name="answer"/> gets the request's path and gives the whole answer as text.</summary>
    public static TestPeer Http(Func<string, string> answer, IPAddress? address = null, int port = 0) =>
        Http((path, stream, cancellation) => stream.WriteAsync(Encoding.Latin1.GetBytes(answer(path)), cancellation).AsTask(), address, port);

    public static TestPeer Http(Func<string, Stream, CancellationToken, Task> answer, IPAddress? address = null, int port = 0)
    {
        TestPeer? peer = null;
        peer = Start(
            async (stream, cancellation) =>
            {
                var head = await ReadHead(stream, cancellation);
                peer!.Requests.Enqueue(head);
                await answer(head.Split(' ')[1], stream, cancellation);
            },
            address,
            port);
        return peer;
    }

    public static string Ok(string body) => $"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    public static string Redirect(string location, int status = 302) => $"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n";

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _loop;
        await Task.WhenAll(_connections);
        _stop.Dispose();
    }

    private static async Task<string> ReadHead(Stream stream, CancellationToken cancellation)
    {
        var head = "";
        var chunk = new byte[4096];
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            var length = await stream.ReadAtLeastAsync(chunk, 1, throwOnEndOfStream: true, cancellation);
            head += Encoding.Latin1.GetString(chunk, 0, length);
        }

        return head;
    }

    private async Task Accept()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                Interlocked.Increment(ref _accepted);
                _connections.Add(Serve(client));
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // The end of the test.
            }
        }
    }

    private async Task Serve(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var stream = client.GetStream();
                await _serve(stream, _stop.Token);
                client.Client.Shutdown(SocketShutdown.Send);
                // Reading to the end lets the other side see a clean end instead of a reset.
                await stream.CopyToAsync(Stream.Null, _stop.Token);
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException or IOException or System.Security.Authentication.AuthenticationException)
            {
                // The client went away, as some tests want it to.
            }
        }
    }
}
