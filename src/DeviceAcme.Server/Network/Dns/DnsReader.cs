using System.Buffers.Binary;

namespace DeviceAcme.Server.Network.Dns;

/// <summary>Reads a message from front to back; every length is checked before it is used.</summary>
internal ref struct DnsReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;

    public int Position { get; private set; }
    public readonly bool AtEnd => Position == _message.Length;

    public byte U8() => Bytes(1)[0];

    public ushort U16() => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2));

    public uint U32() => BinaryPrimitives.ReadUInt32BigEndian(Bytes(4));

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count > _message.Length - Position)
        {
            throw new DnsFormatException($"{count} octets are announced at {Position}, {_message.Length - Position} are left");
        }

        var taken = _message.Slice(Position, count);
        Position += count;
        return taken;
    }

    /// <summary>A name with compression (RFC 1035 §4.1.4). Each pointer must lead before everything read for this name so far, so a loop cannot be built.</summary>
    public DnsName Name()
    {
        Span<byte> wire = stackalloc byte[DnsName.MaxOctets];
        var length = 0;
        var at = Position;
        var floor = Position;
        var jumped = false;
        while (true)
        {
            var head = At(at);
            if (head >= 0xC0)
            {
                var target = ((head & 0x3F) << 8) | At(at + 1);
                if (target >= floor)
                {
                    throw new DnsFormatException($"the compression pointer at {at} leads to {target}, not backwards");
                }

                if (!jumped)
                {
                    Position = at + 2;
                    jumped = true;
                }

                at = floor = target;
                continue;
            }

            if (head > DnsName.MaxLabelOctets)
            {
                throw new DnsFormatException($"the label at {at} has the reserved type {head >> 6}");
            }

            if (length + head + 1 > DnsName.MaxOctets)
            {
                throw new DnsFormatException($"the name at {Position} is longer than {DnsName.MaxOctets} octets");
            }

            wire[length++] = head;
            for (var i = 0; i < head; i++)
            {
                var octet = At(at + 1 + i);
                wire[length++] = octet is >= (byte)'A' and <= (byte)'Z' ? (byte)(octet + 32) : octet;
            }

            at += head + 1;
            if (head == 0)
            {
                break;
            }
        }

        if (!jumped)
        {
            Position = at;
        }

        return DnsName.FromDecoded(wire[..length]);
    }

    private readonly byte At(int position) =>
        position < _message.Length ? _message[position] : throw new DnsFormatException($"a name runs past the end of the message at {position}");
}
