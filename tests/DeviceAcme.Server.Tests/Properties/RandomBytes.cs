using System.Formats.Asn1;
using System.Formats.Cbor;
using FsCheck;
using FsCheck.Fluent;

namespace DeviceAcme.Server.Tests.Properties;

/// <summary>Random octets, CBOR and DER: noise, well-formed things with odd contents, and right things with a few octets changed.</summary>
internal static class RandomBytes
{
    // lengths that promise more than there is, an indefinite one without its end, reserved heads
    private static readonly Gen<byte[]> Broken = Gen.Elements("5b7fffffffffffffff", "9b7fffffffffffffff", "bb00000000ffffffff", "5f41", "9f", "1c", "ff", "fb").Select(Convert.FromHexString);

    public static Arbitrary<byte[]> Noise { get; } = ArbMap.Default.ArbFor<byte[]>();

    public static Arbitrary<byte[]> Cbor { get; } = Gen.OneOf(Noise.Generator, Broken, Item(4), AttestationObjects()).ToArbitrary();

    public static Arbitrary<byte[]> Der { get; } = Gen.OneOf(Noise.Generator, Element(4)).ToArbitrary();

    /// <summary>Copies of an original with up to four octets changed, removed or inserted, or cut short.</summary>
    public static Arbitrary<byte[]> Damaged(IReadOnlyList<byte[]> originals) =>
        (from original in Gen.Elements(originals.ToArray())
         from edits in Gen.Choose(1, 4)
         from places in Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), edits)
         from values in Gen.ArrayOf(Gen.Choose(0, 255), edits)
         from kinds in Gen.ArrayOf(Gen.Choose(0, 9), edits)
         select places.Zip(values, kinds).Aggregate(original, (bytes, edit) => Edit(bytes, edit.First, (byte)edit.Second, edit.Third))).ToArbitrary();

    private static byte[] Edit(byte[] bytes, int place, byte value, int kind)
    {
        if (bytes.Length == 0)
        {
            return [value];
        }

        var at = place % bytes.Length;
        return kind switch
        {
            0 => bytes[..at],
            1 => [.. bytes[..at], .. bytes[(at + 1)..]],
            2 => [.. bytes[..at], value, .. bytes[at..]],
            3 => [.. bytes, value],
            _ => [.. bytes[..at], value, .. bytes[(at + 1)..]],
        };
    }

    private static Gen<byte[]> AttestationObjects() =>
        from format in Gen.Elements("apple", "tpm", "packed", "none", "")
        from names in Gen.SubListOf("x5c", "ver", "alg", "sig", "certInfo", "pubArea", "unknown")
        from values in Gen.ArrayOf(Item(2), names.Count)
        select Encode(writer =>
        {
            writer.WriteStartMap(2);
            writer.WriteTextString("fmt");
            writer.WriteTextString(format);
            writer.WriteTextString("attStmt");
            writer.WriteStartMap(names.Count);
            foreach (var (name, value) in names.Zip(values))
            {
                writer.WriteTextString(name);
                writer.WriteEncodedValue(value);
            }

            writer.WriteEndMap();
            writer.WriteEndMap();
        });

    private static Gen<byte[]> Item(int depth)
    {
        var leaves = Gen.OneOf(
            ArbMap.Default.GeneratorFor<long>().Select(number => Encode(writer => writer.WriteInt64(number))),
            ArbMap.Default.GeneratorFor<byte[]>().Select(bytes => Encode(writer => writer.WriteByteString(bytes))),
            Gen.Elements("fmt", "attStmt", "x5c", "2.0", "1.2", "").Select(text => Encode(writer => writer.WriteTextString(text))),
            Gen.Elements(true, false).Select(flag => Encode(writer => writer.WriteBoolean(flag))),
            Gen.Constant(Encode(writer => writer.WriteNull())),
            Gen.Constant(Encode(writer => writer.WriteDouble(double.NaN))));
        return depth == 0 ? leaves : Gen.Frequency((3, leaves), (1, List(depth - 1)), (1, Map(depth - 1)));
    }

    private static Gen<byte[]> List(int depth) =>
        from count in Gen.Choose(0, 4)
        from items in Gen.ArrayOf(Item(depth), count)
        select Encode(writer =>
        {
            writer.WriteStartArray(items.Length);
            foreach (var item in items)
            {
                writer.WriteEncodedValue(item);
            }

            writer.WriteEndArray();
        });

    private static Gen<byte[]> Map(int depth) =>
        from count in Gen.Choose(0, 3)
        from items in Gen.ArrayOf(Item(depth), 2 * count)
        select Encode(writer =>
        {
            writer.WriteStartMap(count);
            foreach (var item in items)
            {
                writer.WriteEncodedValue(item);
            }

            writer.WriteEndMap();
        });

    private static byte[] Encode(Action<CborWriter> write)
    {
        var writer = new CborWriter(CborConformanceMode.Lax);
        write(writer);
        return writer.Encode();
    }

    private static Gen<byte[]> Element(int depth)
    {
        var leaves = Gen.OneOf(
            ArbMap.Default.GeneratorFor<int>().Select(number => Encoded(writer => writer.WriteInteger(number))),
            ArbMap.Default.GeneratorFor<byte[]>().Select(bytes => Encoded(writer => writer.WriteOctetString(bytes))),
            ArbMap.Default.GeneratorFor<byte[]>().Select(bytes => Encoded(writer => writer.WriteBitString(bytes))),
            Gen.Elements("1.2.840.10045.2.1", "1.2.840.10045.3.1.7", "1.2.840.113549.1.1.1", "1.2.840.113549.1.9.14", "2.5.4.3", "2.5.29.17", "2.5.29.35").Select(oid => Encoded(writer => writer.WriteObjectIdentifier(oid))),
            Gen.Constant(Encoded(writer => writer.WriteNull())),
            Gen.Elements(true, false).Select(flag => Encoded(writer => writer.WriteBoolean(flag))),
            Gen.Elements("3080", "3084ffffffff", "a0820000", "1f8100", "0201", "06022a80", "170d", "0c02ff").Select(Convert.FromHexString));
        return depth == 0
            ? leaves
            : Gen.Frequency((2, leaves), (4, from kind in Gen.Elements<byte>(0x30, 0x31, 0xA0, 0xA3)
                                             from count in Gen.Choose(0, 4)
                                             from items in Gen.ArrayOf(Element(depth - 1), count)
                                             select Constructed(kind, [.. items.SelectMany(item => item)])));
    }

    private static byte[] Constructed(byte tag, byte[] content) => content.Length < 128
        ? [tag, (byte)content.Length, .. content]
        : [tag, 0x82, (byte)(content.Length >> 8), (byte)content.Length, .. content];

    private static byte[] Encoded(Action<AsnWriter> write)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        write(writer);
        return writer.Encode();
    }
}
