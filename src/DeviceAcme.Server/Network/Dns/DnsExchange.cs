using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace DeviceAcme.Server.Network.Dns;

/// <summary>One question to one server: UDP first, TCP where the reply is cut (RFC 1035 §4.2, RFC 7766).</summary>
internal static class DnsExchange
{
    private const int MaxStrayDatagrams = 64;
    private const int FirstSourcePort = 20000;

    /// <exception cref="DnsFormatException">Nothing that came answers the question.</exception>
    /// <exception cref="SocketException">The server cannot be reached.</exception>
    public static async Task<DnsReply> Ask(IPEndPoint server, DnsQuestion question, bool edns, CancellationToken cancellation)
    {
        var reply = await AskUdp(server, question, edns, cancellation);
        return reply.Truncated ? await AskTcp(server, question, edns, cancellation) : reply;
    }

    private static async Task<DnsReply> AskUdp(IPEndPoint server, DnsQuestion question, bool edns, CancellationToken cancellation)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        BindToRandomPort(socket);
        // Connected, so the kernel drops what other addresses send.
        await socket.ConnectAsync(server, cancellation);
        var id = RandomId();
        await socket.SendAsync(DnsMessage.EncodeQuery(id, question, edns), cancellation);

        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        DnsFormatException? fault = null;
        try
        {
            for (var stray = 0; stray < MaxStrayDatagrams; stray++)
            {
                try
                {
                    var length = await socket.ReceiveAsync(buffer, cancellation);
                    return Match(DnsMessage.Decode(buffer.AsSpan(0, length)), id, question);
                }
                catch (DnsFormatException wrong)
                {
                    // It may be forged: the true reply can still come (RFC 5452 §9.1).
                    fault = wrong;
                }
            }
        }
        catch (OperationCanceledException) when (fault is not null)
        {
            throw fault;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        throw fault!;
    }

    private static async Task<DnsReply> AskTcp(IPEndPoint server, DnsQuestion question, bool edns, CancellationToken cancellation)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server, cancellation);
        await using var stream = new NetworkStream(socket);
        var id = RandomId();
        var query = DnsMessage.EncodeQuery(id, question, edns);
        var framed = new byte[query.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Length);
        query.CopyTo(framed, 2);
        await stream.WriteAsync(framed, cancellation);

        var prefix = new byte[2];
        try
        {
            await stream.ReadExactlyAsync(prefix, cancellation);
            var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
            await stream.ReadExactlyAsync(message, cancellation);
            var reply = Match(DnsMessage.Decode(message), id, question);
            return reply.Truncated ? throw new DnsFormatException("the reply over TCP is cut too") : reply;
        }
        catch (EndOfStreamException)
        {
            throw new DnsFormatException("the server closed the TCP connection before the whole reply");
        }
        catch (IOException broken) when (broken.InnerException is SocketException cause)
        {
            throw cause;
        }
    }

    private static DnsReply Match(DnsReply reply, ushort id, DnsQuestion question)
    {
        if (reply.Id != id)
        {
            throw new DnsFormatException("the reply has another id than the query");
        }

        // RFC 6891 §7: a server that cannot read the query may send FORMERR without the question.
        if (reply.Question is null ? reply.ResponseCode != DnsMessage.FormatError : reply.Question != question)
        {
            throw new DnsFormatException($"the reply answers {reply.Question?.ToString() ?? "no question"}, asked was {question}");
        }

        return reply;
    }

    // RFC 5452 §4.3: guessing a reply must cost the id and the port.
    private static ushort RandomId() => (ushort)RandomNumberGenerator.GetInt32(0x10000);

    private static void BindToRandomPort(Socket socket)
    {
        var any = socket.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any;
        for (var attempt = 0; attempt < 8; attempt++)
        {
            try
            {
                socket.Bind(new IPEndPoint(any, RandomNumberGenerator.GetInt32(FirstSourcePort, 0x10000)));
                return;
            }
            catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Another program has this port; draw again.
            }
        }

        socket.Bind(new IPEndPoint(any, 0));
    }
}
