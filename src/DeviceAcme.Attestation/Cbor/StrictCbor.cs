using System.Formats.Cbor;
using System.Text;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Cbor;

/// <summary>
/// Reads one CBOR item that fills its buffer: definite and shortest lengths only, no duplicate keys, valid UTF-8, bounded depth and number
/// of items. The order of keys is free: device-attest demands no canonical form, and clients differ.
/// </summary>
internal sealed class StrictCbor
{
    /// <summary>A genuine attestation object is nested four deep (object, statement, x5c, certificate).</summary>
    public const int MaxDepth = 8;

    public const int MaxItems = 256;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly CborReader _reader;
    private readonly ReadOnlyMemory<byte> _input;
    private int _items;

    private StrictCbor(ReadOnlyMemory<byte> input)
    {
        _input = input;
        // lax: the rules below are ours, because each one has its own reason
        _reader = new CborReader(input, CborConformanceMode.Lax);
    }

    private int Position => _input.Length - _reader.BytesRemaining;

    /// <summary>Reads the item; throws <see cref="MalformedEvidenceException"/>.</summary>
    public static CborItem Read(ReadOnlyMemory<byte> input)
    {
        var (item, length) = ReadFirst(input);
        return length == input.Length
            ? item
            : throw new MalformedEvidenceException(Reasons.CborTrailingBytes, $"{input.Length - length} bytes follow the object");
    }

    /// <summary>Reads the item at the beginning and tells how long it is; throws <see cref="MalformedEvidenceException"/>.</summary>
    public static (CborItem Item, int Length) ReadFirst(ReadOnlyMemory<byte> input)
    {
        try
        {
            var cbor = new StrictCbor(input);
            var item = cbor.ReadItem(0);
            return (item, cbor.Position);
        }
        catch (Exception broken) when (broken is CborContentException or DecoderFallbackException or InvalidOperationException or OverflowException)
        {
            throw new MalformedEvidenceException(Reasons.CborMalformed, broken.Message);
        }
    }

    private CborItem ReadItem(int depth)
    {
        if (depth > MaxDepth)
        {
            throw new MalformedEvidenceException(Reasons.CborTooDeep, $"nested deeper than {MaxDepth}");
        }

        if (++_items > MaxItems)
        {
            throw new MalformedEvidenceException(Reasons.CborTooManyItems, $"more than {MaxItems} items");
        }

        switch (_reader.PeekState())
        {
            case CborReaderState.UnsignedInteger:
                return ReadUnsigned();
            case CborReaderState.NegativeInteger:
                return ReadNegative();
            case CborReaderState.ByteString:
                var before = Position;
                var octets = _reader.ReadDefiniteLengthByteString();
                CheckLength(before, (ulong)octets.Length, octets.Length);
                return new CborItem.Octets(octets);
            case CborReaderState.TextString:
                before = Position;
                var utf8 = _reader.ReadDefiniteLengthTextStringBytes();
                CheckLength(before, (ulong)utf8.Length, utf8.Length);
                return new CborItem.Text(StrictUtf8.GetString(utf8.Span));
            case CborReaderState.StartArray:
                return ReadList(depth);
            case CborReaderState.StartMap:
                return ReadMap(depth);
            case CborReaderState.Tag:
                var tag = (ulong)_reader.ReadTag();
                ReadItem(depth + 1);
                return new CborItem.Other($"tag {tag}");
            case CborReaderState.StartIndefiniteLengthByteString or CborReaderState.StartIndefiniteLengthTextString:
                throw new MalformedEvidenceException(Reasons.CborIndefiniteLength, $"a string of indefinite length at byte {Position}");
            case var state:
                _reader.SkipValue();
                return new CborItem.Other(state.ToString());
        }
    }

    private CborItem ReadUnsigned()
    {
        var before = Position;
        var value = _reader.ReadUInt64();
        CheckLength(before, value, 0);
        return value <= long.MaxValue ? new CborItem.Integer((long)value) : new CborItem.Other("number beyond 64 bits");
    }

    private CborItem ReadNegative()
    {
        var before = Position;
        var value = _reader.ReadCborNegativeIntegerRepresentation();
        CheckLength(before, value, 0);
        return value <= long.MaxValue ? new CborItem.Integer(-1 - (long)value) : new CborItem.Other("number beyond 64 bits");
    }

    private CborItem.List ReadList(int depth)
    {
        var before = Position;
        var count = _reader.ReadStartArray() ?? throw Indefinite("an array", before);
        CheckLength(before, (ulong)count, 0);
        var items = new List<CborItem>();
        for (var i = 0; i < count; i++)
        {
            items.Add(ReadItem(depth + 1));
        }

        _reader.ReadEndArray();
        return new CborItem.List(items);
    }

    private CborItem.Map ReadMap(int depth)
    {
        var before = Position;
        var count = _reader.ReadStartMap() ?? throw Indefinite("a map", before);
        CheckLength(before, (ulong)count, 0);
        var entries = new List<KeyValuePair<CborItem, CborItem>>();
        var keys = new HashSet<ReadOnlyMemory<byte>>(OctetComparer.Instance);
        for (var i = 0; i < count; i++)
        {
            var start = Position;
            var key = ReadItem(depth + 1);
            // lengths are shortest, so equal keys have equal octets
            if (!keys.Add(_input[start..Position]))
            {
                throw new MalformedEvidenceException(
                    Reasons.CborDuplicateKey, $"the key {(key is CborItem.Text text ? $"'{EvidenceText.Visible(text.Value)}'" : key.Kind)} is there twice");
            }

            entries.Add(new(key, ReadItem(depth + 1)));
        }

        _reader.ReadEndMap();
        return new CborItem.Map(entries);
    }

    private static MalformedEvidenceException Indefinite(string what, int at) =>
        new(Reasons.CborIndefiniteLength, $"{what} of indefinite length at byte {at}");

    // RFC 8949 §4.2.1: the head is 1, 2, 3, 5 or 9 octets
    private void CheckLength(int before, ulong argument, int payload)
    {
        var shortest = argument < 24 ? 1 : argument <= byte.MaxValue ? 2 : argument <= ushort.MaxValue ? 3 : argument <= uint.MaxValue ? 5 : 9;
        if (Position - before - payload != shortest)
        {
            throw new MalformedEvidenceException(Reasons.CborNonMinimalLength, $"a length or number at byte {before} is not in its shortest form");
        }
    }
}
