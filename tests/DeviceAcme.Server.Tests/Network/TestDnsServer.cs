using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DeviceAcme.Server.Tests.Network;

/// <summary>One question as it came in.</summary>
internal sealed record TestDnsQuery(ushort Id, string Name, int Type, bool Tcp, int SourcePort, bool Edns, byte[] QuestionSection);

/// <summary>A DNS server on loopback, UDP and TCP on one port, with records that a test sets and misbehaviour that it asks for.</summary>
/// <remarks>It has its own encoder, so that it cannot share a mistake with the client.</remarks>
internal sealed class TestDnsServer : IAsyncDisposable
{
    public const int A = 1, Ns = 2, Cname = 5, Txt = 16, Aaaa = 28, Opt = 41, Caa = 257;

    private readonly ConcurrentDictionary<string, ConcurrentQueue<(int Type, byte[] Data)>> _records = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, int> _codes = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _udp;
    private readonly TcpListener _tcp;
    private readonly Task[] _loops;
    private int _ended;

    private TestDnsServer(Socket udp, TcpListener tcp)
    {
        _udp = udp;
        _tcp = tcp;
        EndPoint = (IPEndPoint)udp.LocalEndPoint!;
        _loops = [ServeUdp(), ServeTcp()];
    }

    public IPEndPoint EndPoint { get; }
    public ConcurrentQueue<TestDnsQuery> Queries { get; } = [];

    /// <summary>Where not null: what to send instead of the right reply, in this order; nothing at all for an empty list.</summary>
    public Func<TestDnsQuery, IEnumerable<byte[]>?> Instead { get; set; } = _ => null;

    public static TestDnsServer Start()
    {
        while (true)
        {
            var tcp = new TcpListener(IPAddress.Loopback, 0);
            tcp.Start();
            var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            try
            {
                udp.Bind(tcp.LocalEndpoint);
                return new(udp, tcp);
            }
            catch (SocketException)
            {
                udp.Dispose();
                tcp.Dispose(); // the UDP port of this number is taken: try another pair
            }
        }
    }

    public TestDnsServer WithAddress(string name, string address)
    {
        var ip = IPAddress.Parse(address);
        return With(name, ip.AddressFamily == AddressFamily.InterNetwork ? A : Aaaa, ip.GetAddressBytes());
    }

    public TestDnsServer WithTxt(string name, params string[] strings) =>
        With(name, Txt, [.. strings.SelectMany(s => (byte[])[(byte)s.Length, .. Encoding.Latin1.GetBytes(s)])]);

    public TestDnsServer WithCname(string name, string target) => With(name, Cname, Name(target));

    public TestDnsServer WithCaa(string name, string tag, string value, byte flags = 0) =>
        With(name, Caa, [flags, (byte)tag.Length, .. Encoding.Latin1.GetBytes(tag), .. Encoding.Latin1.GetBytes(value)]);

    public TestDnsServer With(string name, int type, byte[] data)
    {
        _records.GetOrAdd(name, _ => []).Enqueue((type, data));
        return this;
    }

    /// <summary>Answers every question for the name with a response code.</summary>
    public TestDnsServer WithCode(string name, int code)
    {
        _codes[name] = code;
        return this;
    }

    /// <summary>The reply that the records give.</summary>
    public byte[] Reply(TestDnsQuery query)
    {
        if (_codes.TryGetValue(query.Name, out var code))
        {
            return Message(query, code);
        }

        var answers = new List<byte[]>();
        var name = query.Name;
        for (var hops = 0; hops < 20; hops++)
        {
            if (!_records.TryGetValue(name, out var records))
            {
                return Message(query, 3, [.. answers]);
            }

            answers.AddRange(records.Where(r => r.Type == query.Type).Select(r => Record(name, r.Type, r.Data)));
            if (query.Type == Cname || records.FirstOrDefault(r => r.Type == Cname).Data is not { } target)
            {
                break;
            }

            answers.Add(Record(name, Cname, target));
            name = ReadName(target, 0, out _);
        }

        return Message(query, 0, [.. answers]);
    }

    public static byte[] Message(TestDnsQuery query, int code, params byte[][] answers) => Raw(query.Id, 0x8180 | code, query.QuestionSection, answers);

    /// <summary>Header, question section as it is, answers.</summary>
    public static byte[] Raw(int id, int flags, byte[] question, params byte[][] answers) =>
        [.. U16(id), .. U16(flags), .. U16(question.Length == 0 ? 0 : 1), .. U16(answers.Length), .. U16(0), .. U16(0), .. question, .. answers.SelectMany(a => a)];

    public static byte[] Record(string owner, int type, byte[] data, int @class = 1) => Record(Name(owner), type, data, @class);

    public static byte[] Record(byte[] owner, int type, byte[] data, int @class = 1) =>
        [.. owner, .. U16(type), .. U16(@class), 0, 0, 0, 60, .. U16(data.Length), .. data];

    public static byte[] Question(string name, int type) => [.. Name(name), .. U16(type), .. U16(1)];

    public static byte[] Name(string name) =>
        [.. name.Split('.', StringSplitOptions.RemoveEmptyEntries).SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.Latin1.GetBytes(label)]), 0];

    public static byte[] U16(int value) => [(byte)(value >> 8), (byte)value];

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 1)
        {
            return;
        }

        await _stop.CancelAsync();
        _udp.Dispose();
        _tcp.Dispose();
        await Task.WhenAll(_loops);
        _stop.Dispose();
    }

    private async Task ServeUdp()
    {
        var buffer = new byte[65536];
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var received = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0), _stop.Token);
                var query = Read(buffer.AsSpan(0, received.ReceivedBytes), tcp: false, ((IPEndPoint)received.RemoteEndPoint).Port);
                foreach (var reply in Instead(query) ?? [Reply(query)])
                {
                    await _udp.SendToAsync(reply, received.RemoteEndPoint, _stop.Token);
                }
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                // A client that went away, or the end of the test.
            }
        }
    }

    private async Task ServeTcp()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var client = await _tcp.AcceptTcpClientAsync(_stop.Token);
                await using var stream = client.GetStream();
                var prefix = new byte[2];
                await stream.ReadExactlyAsync(prefix, _stop.Token);
                var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
                await stream.ReadExactlyAsync(message, _stop.Token);
                var query = Read(message, tcp: true, ((IPEndPoint)client.Client.RemoteEndPoint!).Port);
                foreach (var reply in Instead(query) ?? [Reply(query)])
                {
                    await stream.WriteAsync((byte[])[.. U16(reply.Length), .. reply], _stop.Token);
                }
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException or IOException)
            {
                // A client that went away, or the end of the test.
            }
        }
    }

    private TestDnsQuery Read(ReadOnlySpan<byte> message, bool tcp, int sourcePort)
    {
        var bytes = message.ToArray();
        var name = ReadName(bytes, 12, out var end);
        var query = new TestDnsQuery(
            BinaryPrimitives.ReadUInt16BigEndian(message),
            name,
            BinaryPrimitives.ReadUInt16BigEndian(message[end..]),
            tcp,
            sourcePort,
            Edns: message[11] == 1 && bytes.AsSpan(end + 4).SequenceEqual((byte[])[0, 0, Opt, 0x04, 0xD0, 0, 0, 0, 0, 0, 0]),
            bytes[12..(end + 4)]);
        Queries.Enqueue(query);
        return query;
    }

    private static string ReadName(byte[] bytes, int start, out int end)
    {
        var labels = new List<string>();
        for (end = start; bytes[end] != 0; end += bytes[end] + 1)
        {
            labels.Add(Encoding.Latin1.GetString(bytes, end + 1, bytes[end]));
        }

        end++;
        return string.Join('.', labels);
    }
}
