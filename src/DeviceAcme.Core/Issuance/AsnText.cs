using System.Formats.Asn1;
using System.Text;

namespace DeviceAcme.Core.Issuance;

/// <summary>What fits into which ASN.1 string type.</summary>
internal static class AsnText
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    /// <summary>True if every character may stand in the string type (X.680 §41).</summary>
    public static bool Fits(UniversalTagNumber tag, string value) => tag switch
    {
        UniversalTagNumber.PrintableString => value.All(IsPrintable),
        UniversalTagNumber.IA5String => value.All(char.IsAscii),
        _ => IsWellFormed(value),
    };

    /// <summary>Decodes UTF-8; throws <see cref="AsnContentException"/> where it is none.</summary>
    public static string Utf8(ReadOnlySpan<byte> octets)
    {
        try
        {
            return StrictUtf8.GetString(octets);
        }
        catch (DecoderFallbackException invalid)
        {
            throw new AsnContentException("the octets are not UTF-8", invalid);
        }
    }

    // no half of a surrogate pair alone
    private static bool IsWellFormed(string value)
    {
        var rest = value.AsSpan();
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out _, out var consumed) != System.Buffers.OperationStatus.Done)
            {
                return false;
            }

            rest = rest[consumed..];
        }

        return true;
    }

    private static bool IsPrintable(char character) =>
        char.IsAsciiLetterOrDigit(character) || " '()+,-./:=?".Contains(character, StringComparison.Ordinal);
}
