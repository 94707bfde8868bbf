using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace DeviceAcme.Simulator.Dns;

/// <summary>Record types by their numbers (RFC 1035 §3.2.2, RFC 3596, RFC 8659).</summary>
internal enum DnsType : ushort
{
    A = 1,
    Cname = 5,
    Soa = 6,
    Txt = 16,
    Aaaa = 28,
    Caa = 257,
}

/// <summary>One question (RFC 1035 §4.1.2).</summary>
/// <param name="Id">The query's id.</param>
/// <param name="Flags">The query's flags.</param>
/// <param name="Name">Lower case, without the last dot.</param>
/// <param name="Type">What is asked for.</param>
/// <param name="Octets">The question as it was sent; sent back unchanged, letter case included.</param>
internal sealed record DnsQuestion(ushort Id, ushort Flags, string Name, DnsType Type, byte[] Octets)
{
    private const int HeaderSize = 12;
    private const int LongestName = 255;

    /// <summary>Reads a query; null for what is none, which is then not answered.</summary>
    public static DnsQuestion? Read(ReadOnlySpan<byte> message)
    {
        if (message.Length < HeaderSize + 5 || (message[2] & 0xF8) != 0 || BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1)
        {
            return null;
        }

        var labels = new List<string>();
        var position = HeaderSize;
        while (message[position] != 0)
        {
            var length = message[position];
            // a question has nothing before it that a pointer could point at
            if (length > 63 || position + length + 6 > message.Length || position + length - HeaderSize > LongestName)
            {
                return null;
            }

            labels.Add(Encoding.ASCII.GetString(message.Slice(position + 1, length)));
            position += length + 1;
        }

        if (position + 5 > message.Length)
        {
            return null;
        }

        return new DnsQuestion(
            BinaryPrimitives.ReadUInt16BigEndian(message),
            BinaryPrimitives.ReadUInt16BigEndian(message[2..]),
            string.Join('.', labels).ToLowerInvariant(),
            (DnsType)BinaryPrimitives.ReadUInt16BigEndian(message[(position + 1)..]),
            message[HeaderSize..(position + 5)].ToArray());
    }
}

/// <summary>Writes answers (RFC 1035 §4.1).</summary>
internal static class DnsAnswer
{
    private const int QrAaRa = 0x8480;
    private const int Truncated = 0x0200;
    private const int RecursionDesired = 0x0100;
    private const int NameError = 3;
    private const ushort PointerToQuestion = 0xC00C;

    public static byte[] Addresses(DnsQuestion question, IEnumerable<IPAddress> addresses) =>
        Write(question, 0, addresses.Select(address => address.GetAddressBytes()));

    public static byte[] Texts(DnsQuestion question, IEnumerable<string> texts) => Write(question, 0, texts.Select(CharacterStrings));

    /// <summary>The name exists, but nothing of this type.</summary>
    public static byte[] NoData(DnsQuestion question) => Write(question, 0, []);

    public static byte[] NoName(DnsQuestion question) => Write(question, NameError, []);

    /// <summary>Says "ask again over TCP" (RFC 1035 §4.1.1).</summary>
    public static byte[] AskOverTcp(DnsQuestion question) => Write(question, Truncated, []);

    private static byte[] Write(DnsQuestion question, int flags, IEnumerable<byte[]> records)
    {
        var answers = records.ToList();
        var message = new MemoryStream();
        void U16(int value)
        {
            Span<byte> octets = stackalloc byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(octets, (ushort)value);
            message.Write(octets);
        }

        U16(question.Id);
        U16(QrAaRa | (question.Flags & RecursionDesired) | flags);
        U16(1);
        U16(answers.Count);
        U16(answers.Count == 0 ? 1 : 0);
        U16(0);
        message.Write(question.Octets);
        foreach (var answer in answers)
        {
            U16(PointerToQuestion);
            U16((int)question.Type);
            U16(1);
            U16(0);
            U16(0);
            U16(answer.Length);
            message.Write(answer);
        }

        if (answers.Count == 0)
        {
            // RFC 2308 §3: the SOA of the zone says how long "nothing" may be remembered: not at all. The zone here is the root.
            message.WriteByte(0);
            U16((int)DnsType.Soa);
            U16(1);
            U16(0);
            U16(0);
            U16(22);
            message.Write(new byte[22]);
        }

        return message.ToArray();
    }

    // RFC 1035 §3.3.14: one or more strings of up to 255 octets
    private static byte[] CharacterStrings(string text) =>
        [.. Encoding.UTF8.GetBytes(text).Chunk(255).DefaultIfEmpty([]).SelectMany(part => (byte[])[(byte)part.Length, .. part])];
}
