using System.Net;
using DeviceAcme.Server.Network.Dns;
using DeviceAcme.Testing;
using FluentAssertions;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static DeviceAcme.Server.Tests.Network.TestDnsServer;

namespace DeviceAcme.Server.Tests.Network;

public class DnsMessageTests
{
    private const int Flags = 0x8180;
    private static readonly byte[] Asked = Question("a.example", A);

    [Fact, Spec("RFC 1035 §4.1"), Spec("RFC 6891 §6.1.2")]
    public void A_query_asks_one_question_for_recursion_with_a_payload_of_1232()
    {
        DnsName.TryParse("A.Example.", out var name).Should().BeTrue();
        var query = DnsMessage.EncodeQuery(0x1234, new(name!, DnsType.Caa), edns: true);
        Convert.ToHexString(query).Should().Be("123401000001000000000001" + "0161076578616D706C6500" + "01010001" + "00002904D0000000000000");
    }

    [Fact, Spec("RFC 1035 §3.4.1"), Spec("RFC 3596 §2.2")]
    public void Addresses_are_read()
    {
        var reply = Decode(Record("a.example", A, [10, 0, 0, 1]), Record("a.example", Aaaa, IPAddress.Parse("fd00::1").GetAddressBytes()));
        reply.Answers.OfType<AddressRecord>().Select(r => r.Address.ToString()).Should().Equal("10.0.0.1", "fd00::1");
    }

    [Fact, Spec("RFC 1035 §3.3.14"), Spec("RFC 8555 §8.4")]
    public void The_strings_of_one_text_record_are_joined() =>
        Decode(Record("a.example", Txt, [2, (byte)'a', (byte)'b', 0, 1, (byte)'c'])).Answers.Single()
            .Should().BeOfType<TxtRecord>().Which.Value.Should().Equal("abc"u8.ToArray());

    [Fact, Spec("RFC 8659 §4.1")]
    public void A_critical_property_is_read()
    {
        var caa = Decode(Record("a.example", Caa, [0x80, 3, .. "tbs"u8, .. "x y"u8])).Answers.Single().Should().BeOfType<CaaRecord>().Subject;
        (caa.Critical, caa.Tag).Should().Be((true, "tbs"));
        caa.Value.Should().Equal("x y"u8.ToArray());
    }

    [Fact, Spec("RFC 1035 §4.1.4"), Spec("RFC 4343 §3")]
    public void Compressed_names_are_read_and_compare_without_case()
    {
        // The owner points to the question, the target has a label of its own before a pointer to "example".
        var reply = Decode(Record([0xC0, 12], Cname, [1, (byte)'B', 0xC0, 14]));
        var alias = reply.Answers.Single().Should().BeOfType<CnameRecord>().Subject;
        alias.Owner.Should().Be(reply.Question!.Name);
        alias.Target.ToString().Should().Be("b.example");
    }

    [Fact, Spec("RFC 1035 §5.1")]
    public void A_dot_inside_a_label_is_no_label_border() =>
        Decode(Record("a.example", Cname, [3, (byte)'x', (byte)'.', (byte)'y', 0])).Answers.OfType<CnameRecord>().Single().Target.ToString().Should().Be(@"x\046y");

    [Fact, Spec("RFC 6891 §6.1.3")]
    public void The_upper_bits_of_the_response_code_come_from_OPT()
    {
        byte[] message = [.. Raw(7, Flags | 1, Asked), 0, .. U16(Opt), .. U16(1232), 1, 0, 0, 0, 0, 0];
        message[11] = 1;
        DnsMessage.Decode(message).ResponseCode.Should().Be(17);
    }

    [Fact, Spec("RFC 2181 §9")]
    public void The_records_of_a_cut_reply_are_not_read()
    {
        var reply = DnsMessage.Decode([.. Raw(7, Flags | 0x0200, Asked, Record("a.example", A, [10, 0, 0, 1]))[..^3]]);
        reply.Truncated.Should().BeTrue();
        reply.Answers.Should().BeEmpty();
    }

    public static TheoryData<string, byte[]> Malformed => new()
    {
        { "nothing", [] },
        { "half a header", [0, 7, 0x81, 0x80, 0, 1] },
        { "a query", Raw(7, 0x0100, Asked) },
        { "another opcode", Raw(7, Flags | 0x2800, Asked) },
        { "two questions", Counted(Raw(7, Flags, [.. Asked, .. Asked]), 5, 2) },
        { "a question of class CH", Raw(7, Flags, [.. Asked[..^1], 3]) },
        { "more records announced than there are", Counted(Raw(7, Flags, Asked), 7, 1) },
        { "65535 records announced", Counted(Counted(Raw(7, Flags, Asked), 6, 0xFF), 7, 0xFF) },
        { "octets left over", [.. Raw(7, Flags, Asked), 0] },
        { "an address of 3 octets", Reply(Record("a.example", A, [10, 0, 0])) },
        { "an IPv6 address of 4 octets", Reply(Record("a.example", Aaaa, [10, 0, 0, 1])) },
        { "data longer than the message", Reply(Record("a.example", A, [10, 0, 0, 1])[..^1]) },
        { "a text string longer than its record", Reply(Record("a.example", Txt, [3, (byte)'a'])) },
        { "a text record without a string", Reply(Record("a.example", Txt, [])) },
        { "a CAA tag of no letters", Reply(Record("a.example", Caa, [0, 0, (byte)'x'])) },
        { "a CAA tag longer than its record", Reply(Record("a.example", Caa, [0, 9, (byte)'x'])) },
        { "a CAA tag with a hyphen", Reply(Record("a.example", Caa, [0, 3, .. "a-b"u8])) },
        { "a CNAME with octets behind it", Reply(Record("a.example", Cname, [1, (byte)'b', 0, 0])) },
        { "a CNAME that runs out of its data", Reply(Record("a.example", Cname, [5, (byte)'b']), Record("a.example", A, [10, 0, 0, 1])) },
        { "a pointer to itself", Reply(Record([0xC0, (byte)(12 + Asked.Length)], A, [10, 0, 0, 1])) },
        { "a pointer forwards", Reply(Record([0xC0, (byte)(14 + Asked.Length)], A, [10, 0, 0, 1])) },
        { "two names that point to each other", Reply(Record([1, (byte)'a', 0xC0, (byte)(12 + Asked.Length)], A, [10, 0, 0, 1])) },
        { "a reserved label type", Reply(Record([0x41, (byte)'a', 0], A, [10, 0, 0, 1])) },
        { "a label that runs past the end", Raw(7, Flags, [63, (byte)'a']) },
        { "a name of 256 octets", Reply(Record(LongName(256), A, [10, 0, 0, 1])) },
        { "two OPT records", Counted([.. Raw(7, Flags, Asked), .. Record("", Opt, []), .. Record("", Opt, [])], 11, 2) },
        { "an OPT record with a name", Counted([.. Raw(7, Flags, Asked), .. Record("a", Opt, [])], 11, 1) },
    };

    [Theory, MemberData(nameof(Malformed)), Spec("RFC 1035 §4.1")]
    public void A_malformed_message_is_refused(string what, byte[] message) =>
        message.Invoking(m => DnsMessage.Decode(m)).Should().Throw<DnsFormatException>(what);

    [Fact, Spec("RFC 1035 §2.3.4")]
    public void A_name_of_255_octets_is_read() =>
        Decode(Record(LongName(255), A, [10, 0, 0, 1])).Answers.Single().Owner.Wire.Length.Should().Be(255);

    [Theory, Spec("RFC 1035 §2.3.4")]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("a..b", false)]
    [InlineData("a b", false)]
    [InlineData("bücher.example", false)]
    [InlineData("_acme-challenge.a.example", true)]
    [InlineData("a.example.", true)]
    public void A_host_name_is_one_or_is_not(string text, bool expected) => DnsName.TryParse(text, out _).Should().Be(expected);

    [Theory, Spec("RFC 1035 §2.3.4")]
    [InlineData(63, 1, true)]
    [InlineData(64, 1, false)]
    [InlineData(49, 5, true)] // 5 × 50 + 1 = 251 octets
    [InlineData(50, 5, false)] // 256 octets
    public void Labels_and_names_have_their_bounds(int label, int labels, bool expected) =>
        DnsName.TryParse(string.Join('.', Enumerable.Repeat(new string('a', label), labels)), out _).Should().Be(expected);

    [Fact]
    public void Random_octets_throw_nothing_but_the_decoders_own_error() =>
        Prop.ForAll<byte[]>(octets => OnlyOwnError(octets)).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Random_answers_throw_nothing_but_the_decoders_own_error() =>
        Prop.ForAll<byte[], byte>((octets, count) => OnlyOwnError(Counted([.. Raw(7, Flags, Asked), .. octets], 7, count))).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void A_changed_octet_of_a_reply_throws_nothing_but_the_decoders_own_error()
    {
        var reply = Reply(
            Record([0xC0, 12], Cname, [1, (byte)'b', 0xC0, 14]),
            Record("b.example", A, [10, 0, 0, 1]),
            Record("b.example", Txt, [2, (byte)'a', (byte)'b']),
            Record("b.example", Caa, [0x80, 5, .. "issue"u8, .. "ca.example"u8]));
        for (var place = 0; place < reply.Length; place++)
        {
            for (var value = 0; value < 256; value++)
            {
                OnlyOwnError([.. reply[..place], (byte)value, .. reply[(place + 1)..]]).Should().BeTrue();
            }
        }
    }

    private static bool OnlyOwnError(byte[] message)
    {
        try
        {
            DnsMessage.Decode(message);
        }
        catch (DnsFormatException)
        {
            return true; // this one is the promise; any other escapes and fails the test
        }

        return true;
    }

    private static DnsReply Decode(params byte[][] answers) => DnsMessage.Decode(Reply(answers));

    private static byte[] Reply(params byte[][] answers) => Raw(7, Flags, Asked, answers);

    private static byte[] Counted(byte[] message, int place, byte count) => [.. message[..place], count, .. message[(place + 1)..]];

    private static byte[] LongName(int octets)
    {
        // Labels of 49 octets take 50 each; the last one fills up to the root octet.
        var labels = Enumerable.Repeat(new string('a', 49), 4).Append(new string('b', octets - 202));
        return Name(string.Join('.', labels));
    }
}
