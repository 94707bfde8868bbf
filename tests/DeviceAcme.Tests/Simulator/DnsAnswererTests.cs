using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using DeviceAcme.Simulator.Dns;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Simulator;

public sealed class DnsAnswererTests : IDisposable
{
    private const ushort Caa = 257;
    private readonly string _folder = Directory.CreateTempSubdirectory("device-sim-test-").FullName;

    private TxtRecords Texts => new(Path.Combine(_folder, "dns-txt"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_name_is_this_machine_and_has_no_CAA()
    {
        await using var answerer = Start();

        (await Ask(answerer, "Host.Example", 1)).Should().EndWith([0, 4, 127, 0, 0, 1]);
        (await Ask(answerer, "host.example", 28)).Should().EndWith([0, 16, .. IPAddress.IPv6Loopback.GetAddressBytes()]);
        var caa = await Ask(answerer, "host.example", Caa);
        (caa[3] & 0x0F).Should().Be(0);
        BinaryPrimitives.ReadUInt16BigEndian(caa.AsSpan(6)).Should().Be(0, "a name without CAA has no answer");
        BinaryPrimitives.ReadUInt16BigEndian(caa.AsSpan(8)).Should().Be(1, "RFC 2308 wants a SOA there");
    }

    [Fact]
    public async Task Text_records_come_and_go_while_it_runs()
    {
        await using var answerer = Start();
        Texts.Add("_acme-challenge.Host.example.", "first");
        Texts.Add("_acme-challenge.host.example", "second");

        Text(await Ask(answerer, "_acme-challenge.host.example", 16)).Should().Contain("first").And.Contain("second");
        Texts.Remove("_acme-challenge.host.example", "first");
        Text(await Ask(answerer, "_ACME-challenge.host.example", 16)).Should().NotContain("first").And.Contain("second");
        Texts.Remove("_acme-challenge.host.example", null);
        Text(await Ask(answerer, "_acme-challenge.host.example", 16)).Should().NotContain("second");
    }

    [Fact, Spec("RFC 1035 §4.2.1")]
    public async Task An_answer_too_large_for_a_datagram_is_given_over_TCP()
    {
        await using var answerer = Start();
        Texts.Add("large.example", new string('x', 600));

        var truncated = await Ask(answerer, "large.example", 16);
        (truncated[2] & 0x02).Should().Be(0x02);

        using var tcp = new TcpClient();
        await tcp.ConnectAsync(answerer.EndPoint, Cancellation);
        var query = Query("large.example", 16);
        await tcp.GetStream().WriteAsync((byte[])[0, (byte)query.Length, .. query], Cancellation);
        var length = new byte[2];
        await tcp.GetStream().ReadExactlyAsync(length, Cancellation);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await tcp.GetStream().ReadExactlyAsync(answer, Cancellation);
        Text(answer).Should().Contain(new string('x', 255));
    }

    [Fact, Spec("RFC 6761 §6.4")]
    public async Task Names_below_invalid_do_not_exist()
    {
        await using var answerer = Start();

        ((await Ask(answerer, "host.invalid", 1))[3] & 0x0F).Should().Be(3);
    }

    [Theory, InlineData(new byte[0]), InlineData(new byte[] { 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 63, 65, 0, 0, 1, 0, 1 }), InlineData(new byte[] { 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 1, 0, 1 })]
    public void What_is_no_question_is_not_answered(byte[] message) => DnsQuestion.Read(message).Should().BeNull();

    private DnsAnswerer Start() => DnsAnswerer.Start(new IPEndPoint(IPAddress.Loopback, 0), [IPAddress.Loopback, IPAddress.IPv6Loopback], Texts);

    private static string Text(byte[] octets) => Encoding.Latin1.GetString(octets);

    private static async Task<byte[]> Ask(DnsAnswerer answerer, string name, ushort type)
    {
        using var client = new UdpClient();
        client.Connect(answerer.EndPoint);
        await client.SendAsync(Query(name, type), Cancellation);
        var answer = (await client.ReceiveAsync(Cancellation)).Buffer;
        answer[..2].Should().Equal(0x12, 0x34);
        return answer;
    }

    private static byte[] Query(string name, ushort type) =>
    [
        0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
        .. name.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0,
        (byte)(type >> 8), (byte)type, 0, 1,
    ];
}
