using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace DeviceAcme.Server.Network.Dns;

/// <summary>What is asked: one name, one type, class IN.</summary>
internal sealed record DnsQuestion(DnsName Name, DnsType Type)
{
    public override string ToString() => $"{Type.ToString().ToUpperInvariant()} of {Name}";
}

/// <summary>What a server answered. <see cref="Question"/> is null where the server left it out, as some do with FORMERR.</summary>
/// <param name="ResponseCode">With the upper bits of EDNS (RFC 6891 §6.1.3).</param>
/// <param name="Truncated">The TC bit; the records are then not read at all.</param>
internal sealed record DnsReply(ushort Id, int ResponseCode, bool Truncated, DnsQuestion? Question, IReadOnlyList<DnsRecord> Answers);

/// <summary>Writes queries and reads replies (RFC 1035 §4, RFC 6891).</summary>
internal static class DnsMessage
{
    public const int NoError = 0;
    public const int FormatError = 1;
    public const int ServerFailure = 2;
    public const int NameError = 3;
    public const int Refused = 5;

    /// <summary>The payload that passes every usual path without fragments.</summary>
    public const ushort UdpPayload = 1232;

    private const int MaxRecords = 512;
    private const ushort ClassIn = 1;

    public static byte[] EncodeQuery(ushort id, DnsQuestion question, bool edns)
    {
        var name = question.Name.Wire;
        var message = new byte[12 + name.Length + 4 + (edns ? 11 : 0)];
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), 0x0100); // RD
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(10), (ushort)(edns ? 1 : 0));
        name.CopyTo(message.AsSpan(12));
        var tail = message.AsSpan(12 + name.Length);
        BinaryPrimitives.WriteUInt16BigEndian(tail, (ushort)question.Type);
        BinaryPrimitives.WriteUInt16BigEndian(tail[2..], ClassIn);
        if (edns)
        {
            // RFC 6891 §6.1.2: root name, OPT, payload size, extended code and flags 0, no options
            BinaryPrimitives.WriteUInt16BigEndian(tail[5..], (ushort)DnsType.Opt);
            BinaryPrimitives.WriteUInt16BigEndian(tail[7..], UdpPayload);
        }

        return message;
    }

    /// <exception cref="DnsFormatException">The octets are no well-formed reply with at most one question.</exception>
    public static DnsReply Decode(ReadOnlySpan<byte> message)
    {
        var reader = new DnsReader(message);
        var id = reader.U16();
        var flags = reader.U16();
        int questions = reader.U16(), answers = reader.U16(), authorities = reader.U16(), additionals = reader.U16();
        if ((flags & 0x8000) == 0 || (flags & 0x7800) != 0)
        {
            throw new DnsFormatException($"the flags {flags:x4} are not those of a reply to a standard query");
        }

        if (questions > 1 || answers + authorities + additionals > MaxRecords)
        {
            throw new DnsFormatException($"{questions} questions and {answers + authorities + additionals} records are announced; 1 and {MaxRecords} are read at most");
        }

        var question = questions == 1 ? ReadQuestion(ref reader) : null;
        var code = flags & 0xF;
        if ((flags & 0x0200) != 0)
        {
            return new(id, code, Truncated: true, question, []);
        }

        var records = new List<DnsRecord>();
        for (var i = 0; i < answers; i++)
        {
            if (ReadRecord(ref reader, message) is { } record)
            {
                records.Add(record);
            }
        }

        for (var i = 0; i < authorities; i++)
        {
            SkipRecord(ref reader);
        }

        var options = 0;
        for (var i = 0; i < additionals; i++)
        {
            if (ReadExtendedCode(ref reader) is { } extended)
            {
                code |= extended << 4;
                options++;
            }
        }

        if (options > 1 || !reader.AtEnd)
        {
            throw new DnsFormatException(options > 1 ? "there are two OPT records" : $"octets are left over at {reader.Position}");
        }

        return new(id, code, Truncated: false, question, records);
    }

    private static DnsQuestion ReadQuestion(ref DnsReader reader)
    {
        var name = reader.Name();
        var type = (DnsType)reader.U16();
        return reader.U16() == ClassIn ? new(name, type) : throw new DnsFormatException("the question's class is not IN");
    }

    private static DnsRecord? ReadRecord(ref DnsReader reader, ReadOnlySpan<byte> message)
    {
        var owner = reader.Name();
        var type = (DnsType)reader.U16();
        var @class = reader.U16();
        reader.U32(); // TTL: nothing is cached
        var length = reader.U16();
        var start = reader.Position;
        var data = reader.Bytes(length);
        if (@class != ClassIn)
        {
            return null;
        }

        return type switch
        {
            DnsType.A => new AddressRecord(owner, type, Address(data, 4)),
            DnsType.Aaaa => new AddressRecord(owner, type, Address(data, 16)),
            DnsType.Cname => new CnameRecord(owner, ReadTarget(message, start, length)),
            DnsType.Txt => new TxtRecord(owner, ReadStrings(data)),
            DnsType.Caa => ReadCaa(owner, data),
            _ => null, // RRSIG, DNAME and whatever else resolvers add
        };
    }

    private static IPAddress Address(ReadOnlySpan<byte> data, int expected) =>
        data.Length == expected ? new(data) : throw new DnsFormatException($"an address has {data.Length} octets, not {expected}");

    private static DnsName ReadTarget(ReadOnlySpan<byte> message, int start, int length)
    {
        // The name may point before its data, so it is read in the whole message, but it must end where the data ends.
        var reader = new DnsReader(message[..(start + length)]);
        reader.Bytes(start);
        var target = reader.Name();
        return reader.AtEnd ? target : throw new DnsFormatException("a CNAME does not fill its data");
    }

    private static byte[] ReadStrings(ReadOnlySpan<byte> data)
    {
        var reader = new DnsReader(data);
        var joined = new List<byte>(data.Length);
        do
        {
            joined.AddRange(reader.Bytes(reader.U8()));
        }
        while (!reader.AtEnd);

        return [.. joined];
    }

    private static CaaRecord ReadCaa(DnsName owner, ReadOnlySpan<byte> data)
    {
        var reader = new DnsReader(data);
        var flags = reader.U8();
        var tag = Encoding.Latin1.GetString(reader.Bytes(reader.U8()));
        if (tag.Length == 0 || !tag.All(char.IsAsciiLetterOrDigit))
        {
            throw new DnsFormatException("a CAA tag is not made of letters and digits"); // RFC 8659 §4.1
        }

        return new(owner, (flags & 0x80) != 0, tag, data[reader.Position..].ToArray());
    }

    private static void SkipRecord(ref DnsReader reader)
    {
        reader.Name();
        reader.Bytes(8);
        reader.Bytes(reader.U16());
    }

    /// <summary>The upper eight bits of the response code where the record is OPT; null for any other record.</summary>
    private static int? ReadExtendedCode(ref DnsReader reader)
    {
        var name = reader.Name();
        var type = (DnsType)reader.U16();
        reader.U16();
        var extended = (int)(reader.U32() >> 24);
        reader.Bytes(reader.U16());
        if (type != DnsType.Opt)
        {
            return null;
        }

        return name.IsRoot ? extended : throw new DnsFormatException("the OPT record's name is not the root");
    }
}
