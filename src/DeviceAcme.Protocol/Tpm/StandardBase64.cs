using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace DeviceAcme.Protocol.Tpm;

/// <summary>base64 with padding (RFC 4648 §4), as Go programs put octets into JSON: no whitespace, and one spelling per value.</summary>
public static class StandardBase64
{
    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    /// <summary>Decodes ASCII text; false when it is not strict base64 or holds more than <paramref name="maxBytes"/> bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> text, int maxBytes, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text.Length % 4 != 0 || text.Length / 4 * 3L > maxBytes + 2L || text.ContainsAnyExcept(Alphabet))
        {
            return false;
        }

        var decoded = new byte[text.Length / 4 * 3];
        if (System.Buffers.Text.Base64.DecodeFromUtf8(text, decoded, out _, out var written) != OperationStatus.Done || written > maxBytes)
        {
            return false;
        }

        // stray bits before the padding would make two texts spell the same bytes
        Span<byte> last = stackalloc byte[4];
        var tail = decoded.AsSpan(written - (written % 3), written % 3);
        if (tail.Length > 0)
        {
            System.Buffers.Text.Base64.EncodeToUtf8(tail, last, out _, out _);
            if (!last.SequenceEqual(text[^4..]))
            {
                return false;
            }
        }

        bytes = decoded[..written];
        return true;
    }
}
