using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol;

/// <summary>Reads JSON from outside: bounded, valid UTF-8, one meaning only. Every fault is a <c>malformed</c> problem.</summary>
/// <remarks>
/// Refused: a byte order mark, duplicate member names, comments, trailing commas, anything after the value, and lone surrogates
/// (RFC 8259 §8.2 leaves their meaning open). U+0000 is left to those who give the text a meaning.
/// </remarks>
public static class StrictJson
{
    /// <summary>Largest document that is read, in bytes, where the caller names no smaller bound.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>Deepest nesting that is read.</summary>
    public const int MaxDepth = 16;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = MaxDepth };

    /// <summary>Parses one JSON object.</summary>
    /// <param name="utf8">The document.</param>
    /// <param name="what">What it is, for the problem's detail: <c>payload</c>, <c>protected header</c>.</param>
    /// <param name="maxBytes">Largest size.</param>
    /// <returns>An element that owns its memory and needs no disposal.</returns>
    /// <exception cref="ProblemException"><c>malformed</c>.</exception>
    public static JsonElement ParseObject(ReadOnlySpan<byte> utf8, string what, int maxBytes = MaxBytes)
    {
        if (utf8.Length > maxBytes)
        {
            throw Problems.Malformed("json-too-large", $"{what}: expected at most {maxBytes} bytes, found {utf8.Length}");
        }

        if (utf8.StartsWith("\uFEFF"u8))
        {
            throw Problems.Malformed("json-byte-order-mark", $"{what}: expected JSON without a byte order mark (RFC 8259 §8.1), found one");
        }

        if (!Utf8.IsValid(utf8))
        {
            throw Problems.Malformed("json-not-utf8", $"{what}: expected JSON in UTF-8 (RFC 8555 §5), found bytes that are not");
        }

        var element = Parse(utf8, what);
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Problems.Malformed("json-no-object", $"{what}: expected a JSON object, found {JsonFields.Describe(element.ValueKind)}");
        }

        RefuseLoneSurrogates(utf8, what);
        return element;
    }

    private static JsonElement Parse(ReadOnlySpan<byte> utf8, string what)
    {
        try
        {
            return JsonElement.Parse(utf8, Strict);
        }
        catch (JsonException fault)
        {
            if (HasDuplicateMember(utf8))
            {
                throw Problems.Malformed("json-duplicate-member", $"{what}: expected each member name once in an object, found one twice");
            }

            var line = ((fault.LineNumber ?? 0) + 1).ToString(CultureInfo.InvariantCulture);
            var column = ((fault.BytePositionInLine ?? 0) + 1).ToString(CultureInfo.InvariantCulture);
            throw Problems.Malformed("json-invalid", $"{what}: expected JSON nested at most {MaxDepth} deep, found a fault at line {line}, byte {column}");
        }
        catch (InvalidOperationException)
        {
            // the reader compares member names after unescaping, which refuses a lone surrogate in a name that way
            throw LoneSurrogate(what);
        }
    }

    // only after a failure: a document that is right but for its duplicates deserves to hear so
    private static bool HasDuplicateMember(ReadOnlySpan<byte> utf8)
    {
        try
        {
            JsonElement.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // The bytes are valid JSON in valid UTF-8 by now, so a surrogate can only stand in a \u escape, and a backslash only in a string.
    private static void RefuseLoneSurrogates(ReadOnlySpan<byte> utf8, string what)
    {
        var rest = utf8;
        for (var at = rest.IndexOf((byte)'\\'); at >= 0; at = rest.IndexOf((byte)'\\'))
        {
            rest = rest[at..];
            if (rest[1] != (byte)'u')
            {
                rest = rest[2..];
                continue;
            }

            var unit = CodeUnit(rest);
            rest = rest[6..];
            if (char.IsHighSurrogate(unit))
            {
                if (!rest.StartsWith("\\u"u8) || !char.IsLowSurrogate(CodeUnit(rest)))
                {
                    throw LoneSurrogate(what);
                }

                rest = rest[6..];
            }
            else if (char.IsLowSurrogate(unit))
            {
                throw LoneSurrogate(what);
            }
        }
    }

    private static char CodeUnit(ReadOnlySpan<byte> escape)
    {
        Utf8Parser.TryParse(escape.Slice(2, 4), out ushort unit, out _, 'x');
        return (char)unit;
    }

    private static ProblemException LoneSurrogate(string what) =>
        Problems.Malformed("json-lone-surrogate", $"{what}: expected Unicode text, found half of a surrogate pair");
}
