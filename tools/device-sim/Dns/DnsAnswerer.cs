using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace DeviceAcme.Simulator.Dns;

/// <summary>A name server for trials: every name has the given addresses, no name has CAA, and TXT is what <see cref="TxtRecords"/> holds.</summary>
/// <remarks>Names below <c>invalid</c> do not exist (RFC 6761 §6.4), so that a failing validation can be tried too.</remarks>
internal sealed class DnsAnswerer : IAsyncDisposable
{
    private static readonly TimeSpan TcpLimit = TimeSpan.FromSeconds(5);

    // RFC 1035 §4.2.1; larger answers go over TCP, whatever EDNS size an asker claims
    private const int LargestDatagram = 512;

    /// <summary>Ports that are tried where any will do.</summary>
    private const int MostTries = 20;

    private readonly UdpClient _udp;
    private readonly TcpListener _tcp;
    private readonly IReadOnlyList<IPAddress> _addresses;
    private readonly TxtRecords _texts;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private DnsAnswerer(UdpClient udp, TcpListener tcp, IReadOnlyList<IPAddress> addresses, TxtRecords texts)
    {
        _udp = udp;
        _tcp = tcp;
        _addresses = addresses;
        _texts = texts;
        _running = Task.WhenAll(AnswerUdp(), AnswerTcp());
    }

    public IPEndPoint EndPoint => (IPEndPoint)_udp.Client.LocalEndPoint!;

    /// <summary>Told of each question: name, type and number of answers.</summary>
    public Action<string>? Asked { get; init; }

    /// <param name="listen">Where to answer, UDP and TCP.</param>
    /// <param name="addresses">What each name resolves to.</param>
    /// <param name="texts">The TXT records.</param>
    /// <param name="asked">Told of each question.</param>
    public static DnsAnswerer Start(IPEndPoint listen, IReadOnlyList<IPAddress> addresses, TxtRecords texts, Action<string>? asked = null)
    {
        for (var tries = 1; ; tries++)
        {
            UdpClient? udp = null;
            try
            {
                udp = new UdpClient(listen);
                var tcp = new TcpListener((IPEndPoint)udp.Client.LocalEndPoint!);
                tcp.Start();
                return new DnsAnswerer(udp, tcp, addresses, texts) { Asked = asked };
            }
            catch (SocketException taken) when (listen.Port == 0 && taken.SocketErrorCode == SocketError.AddressAlreadyInUse && tries < MostTries)
            {
                // the port that is free for UDP was not for TCP: the next one may be for both
                udp?.Dispose();
            }
            catch (SocketException failure)
            {
                udp?.Dispose();
                throw new SimulatorException($"cannot answer DNS on {listen}: {failure.Message}", "does another 'sim dns' or 'sim enroll' run? --listen and --dns-listen choose another port");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _udp.Dispose();
        _tcp.Dispose();
        await _running;
        _stop.Dispose();
    }

    private byte[]? Answer(ReadOnlySpan<byte> query, int largest)
    {
        if (DnsQuestion.Read(query) is not { } question)
        {
            return null;
        }

        var answer = Answer(question);
        return answer.Length > largest ? DnsAnswer.AskOverTcp(question) : answer;
    }

    private byte[] Answer(DnsQuestion question)
    {
        Asked?.Invoke($"{question.Name} {question.Type.ToString().ToUpperInvariant()}");
        if (question.Name == "invalid" || question.Name.EndsWith(".invalid", StringComparison.Ordinal))
        {
            return DnsAnswer.NoName(question);
        }

        return question.Type switch
        {
            DnsType.A => DnsAnswer.Addresses(question, _addresses.Where(address => address.AddressFamily == AddressFamily.InterNetwork)),
            DnsType.Aaaa => DnsAnswer.Addresses(question, _addresses.Where(address => address.AddressFamily == AddressFamily.InterNetworkV6)),
            DnsType.Txt => DnsAnswer.Texts(question, _texts.Find(question.Name)),
            _ => DnsAnswer.NoData(question),
        };
    }

    private async Task AnswerUdp()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var query = await _udp.ReceiveAsync(_stop.Token);
                if (Answer(query.Buffer, LargestDatagram) is { } answer)
                {
                    await _udp.SendAsync(answer, query.RemoteEndPoint, _stop.Token);
                }
            }
            catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException failure)
            {
                // an asker that is gone (ICMP port unreachable) must not end the service
                Asked?.Invoke($"no answer delivered: {failure.Message}");
            }
        }
    }

    private async Task AnswerTcp()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var client = await _tcp.AcceptTcpClientAsync(_stop.Token);
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                limit.CancelAfter(TcpLimit);
                await AnswerOne(client.GetStream(), limit.Token);
            }
            catch (Exception failure) when (_stop.IsCancellationRequested && failure is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
            catch (Exception failure) when (failure is IOException or SocketException or OperationCanceledException)
            {
                Asked?.Invoke($"no answer delivered: {failure.Message}");
            }
        }
    }

    // RFC 1035 §4.2.2: two octets of length before the message
    private async Task AnswerOne(NetworkStream stream, CancellationToken cancellation)
    {
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, cancellation);
        var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(query, cancellation);
        if (Answer(query, ushort.MaxValue) is { } answer)
        {
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)answer.Length);
            await stream.WriteAsync((byte[])[.. length, .. answer], cancellation);
        }
    }
}
