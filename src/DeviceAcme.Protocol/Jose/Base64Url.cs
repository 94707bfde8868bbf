using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace DeviceAcme.Protocol.Jose;

/// <summary>base64url as RFC 7515 §2 and RFC 8555 §6.1 want it: no padding, no whitespace, and one spelling per value.</summary>
/// <remarks>The platform's own decoder takes padding, whitespace and stray trailing bits, so every text is checked before it is decoded.</remarks>
public static class Base64Url
{
    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"u8);

    /// <summary>Encodes without padding.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    /// <summary>Encodes without padding, as ASCII.</summary>
    /// <param name="bytes">What to encode.</param>
    /// <param name="text">At least <see cref="EncodedLength"/> octets.</param>
    public static void Encode(ReadOnlySpan<byte> bytes, Span<byte> text) => System.Buffers.Text.Base64Url.EncodeToUtf8(bytes, text);

    /// <summary>How many characters the unpadded text of <paramref name="bytes"/> bytes has.</summary>
    public static int EncodedLength(int bytes) => System.Buffers.Text.Base64Url.GetEncodedLength(bytes);

    /// <summary>Whether <paramref name="text"/> is the one right base64url spelling of some bytes (the empty text spells no bytes).</summary>
    public static bool IsValid(ReadOnlySpan<byte> text) =>
        text.Length % 4 != 1 && !text.ContainsAnyExcept(Alphabet) && HasNoStrayBits(text);

    /// <inheritdoc cref="IsValid(ReadOnlySpan{byte})"/>
    public static bool IsValid(ReadOnlySpan<char> text) => Ascii.IsValid(text) && IsValid(ToAscii(text));

    /// <summary>Decodes ASCII text; false when it is not strict base64url or holds more than <paramref name="maxBytes"/> bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> text, int maxBytes, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (DecodedLength(text.Length) > maxBytes || !IsValid(text))
        {
            return false;
        }

        bytes = System.Buffers.Text.Base64Url.DecodeFromUtf8(text);
        return true;
    }

    /// <inheritdoc cref="TryDecode(ReadOnlySpan{byte}, int, out byte[])"/>
    public static bool TryDecode(ReadOnlySpan<char> text, int maxBytes, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        return DecodedLength(text.Length) <= maxBytes && Ascii.IsValid(text) && TryDecode(ToAscii(text), maxBytes, out bytes);
    }

    /// <summary>How many bytes an unpadded text of <paramref name="encodedLength"/> characters holds.</summary>
    public static long DecodedLength(int encodedLength) => encodedLength * 3L / 4;

    // 2 characters carry 4 bits too many, 3 characters 2: they must be zero, else two texts would spell the same bytes
    private static bool HasNoStrayBits(ReadOnlySpan<byte> text) => (text.Length % 4) switch
    {
        2 => (Value(text[^1]) & 0b1111) == 0,
        3 => (Value(text[^1]) & 0b11) == 0,
        _ => true,
    };

    private static int Value(byte letter) => letter switch
    {
        >= (byte)'A' and <= (byte)'Z' => letter - 'A',
        >= (byte)'a' and <= (byte)'z' => letter - 'a' + 26,
        >= (byte)'0' and <= (byte)'9' => letter - '0' + 52,
        (byte)'-' => 62,
        _ => 63,
    };

    private static byte[] ToAscii(ReadOnlySpan<char> text)
    {
        var ascii = new byte[text.Length];
        Ascii.FromUtf16(text, ascii, out _);
        return ascii;
    }
}
