using System.Buffers.Binary;

namespace DeviceAcme.Fuzz;

/// <summary>Breaks inputs as damage and malice do: bits, octets, lengths, pieces that are missing, doubled or from elsewhere.</summary>
internal sealed class Mutation(Random random)
{
    private const int MaxLength = 128 * 1024;

    private static readonly byte[] Octets = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0C, 0x13, 0x17, 0x18, 0x1F, 0x30, 0x31, 0x40, 0x58, 0x5F, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x9F, 0xA0, 0xA3, 0xBF, 0xD9, 0xFB, 0xFE, 0xFF];
    private static readonly int[] Lengths = [0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF];
    private static readonly uint[] LongLengths = [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x10000];

    /// <summary>A broken copy; <paramref name="other"/> gives pieces.</summary>
    public byte[] Of(byte[] input, byte[] other)
    {
        var broken = input;
        // mostly one change: what is broken in many places is refused at the first
        var rounds = 1 << Math.Max(0, random.Next(7) - 3);
        for (var round = 0; round < rounds; round++)
        {
            broken = Once(broken, other);
        }

        return broken;
    }

    private byte[] Once(byte[] input, byte[] other)
    {
        if (input.Length == 0)
        {
            return other.Length == 0 ? [(byte)random.Next(256)] : [.. other];
        }

        switch (random.Next(12))
        {
            case 0 or 1:
                return Changed(input, octets => octets[random.Next(octets.Length)] ^= (byte)(1 << random.Next(8)));
            case 2:
                return Changed(input, octets => octets[random.Next(octets.Length)] = (byte)random.Next(256));
            case 3 or 4:
                return Changed(input, octets => octets[random.Next(octets.Length)] = Octets[random.Next(Octets.Length)]);
            case 5:
                return Changed(input, WriteLength);
            case 6:
                // a neighbour of what was there: lengths that are off by one
                return Changed(input, octets => octets[random.Next(octets.Length)] += (byte)(random.Next(2) == 0 ? 1 : 255));
            case 7:
                return input[..random.Next(input.Length)];
            case 8:
                var (at, length) = Piece(input);
                return [.. input.AsSpan(0, at), .. input.AsSpan(at + length)];
            case 9:
                (at, length) = Piece(input);
                return Bounded([.. input.AsSpan(0, at + length), .. input.AsSpan(at, length), .. input.AsSpan(at + length)]);
            case 10:
                var added = new byte[random.Next(1, 17)];
                random.NextBytes(added);
                at = random.Next(input.Length + 1);
                return Bounded([.. input.AsSpan(0, at), .. added, .. input.AsSpan(at)]);
            default:
                if (other.Length == 0)
                {
                    return input;
                }

                (at, length) = Piece(other);
                var place = random.Next(input.Length);
                var replaced = Math.Min(random.Next(2) == 0 ? length : 0, input.Length - place);
                return Bounded([.. input.AsSpan(0, place), .. other.AsSpan(at, length), .. input.AsSpan(place + replaced)]);
        }
    }

    private static byte[] Changed(byte[] input, Action<byte[]> change)
    {
        var copy = (byte[])input.Clone();
        change(copy);
        return copy;
    }

    private void WriteLength(byte[] octets)
    {
        var at = random.Next(octets.Length);
        if (octets.Length - at >= 4 && random.Next(2) == 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(octets.AsSpan(at), LongLengths[random.Next(LongLengths.Length)]);
        }
        else if (octets.Length - at >= 2)
        {
            BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(at), (ushort)Lengths[random.Next(Lengths.Length)]);
        }
    }

    private (int At, int Length) Piece(byte[] octets)
    {
        var at = random.Next(octets.Length);
        return (at, 1 + random.Next(Math.Min(octets.Length - at, random.Next(4) == 0 ? octets.Length : 32)));
    }

    private static byte[] Bounded(byte[] octets) => octets.Length <= MaxLength ? octets : octets[..MaxLength];
}
