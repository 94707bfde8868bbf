using System.Net.Sockets;
using System.Text;

namespace DeviceAcme.EndToEnd.Crashes;

/// <summary>A host that takes the http-01 question and says nothing, until it is told the answer.</summary>
internal sealed class HangingResponder : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<TcpClient> _kept = [];
    private readonly Task _running;
    private volatile string? _answer;

    public HangingResponder(int port)
    {
        // both families on one socket
        _listener = TcpListener.Create(port);
        _listener.Start();
        _running = Accept();
    }

    /// <summary>Ends when the first question is here.</summary>
    public Task Asked => _asked.Task.WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>From now on it answers.</summary>
    public void Answer(string keyAuthorization) => _answer = keyAuthorization;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _running;
        _kept.ForEach(client => client.Dispose());
    }

    private async Task Accept()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _kept.Add(client);
                await client.GetStream().ReadAtLeastAsync(new byte[4096], 1, throwOnEndOfStream: false);
                _asked.TrySetResult();
                if (_answer is { } answer)
                {
                    await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
                        $"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {answer.Length}\r\nConnection: close\r\n\r\n{answer}"));
                    client.Dispose();
                }
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException)
        {
            return;
        }
    }
}
