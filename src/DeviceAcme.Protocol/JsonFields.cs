using System.Runtime.InteropServices;
using System.Text.Json;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Jose;

namespace DeviceAcme.Protocol;

/// <summary>Reads the members of one JSON object; a fault names the member, what was expected and what was found.</summary>
/// <remarks>Members that nobody asks for are ignored (RFC 8555 §7.5.1 and elsewhere); an optional member that is <c>null</c> counts as absent.</remarks>
public readonly struct JsonFields
{
    private readonly JsonElement _object;
    private readonly string _path;

    private JsonFields(JsonElement element, string path)
    {
        _object = element;
        _path = path;
    }

    /// <summary>The members of <paramref name="element"/>.</summary>
    /// <param name="element">Must be a JSON object.</param>
    /// <param name="path">Where it stands, for example <c>identifiers[1]</c>; empty for a whole document.</param>
    /// <exception cref="ProblemException"><c>malformed</c>: not an object.</exception>
    public static JsonFields Of(JsonElement element, string path = "") =>
        element.ValueKind == JsonValueKind.Object
            ? new JsonFields(element, path)
            : throw WrongType(path.Length == 0 ? "payload" : path, "an object", element.ValueKind);

    /// <summary>The object itself.</summary>
    public JsonElement Element => _object;

    /// <summary>The member's place in the document, for example <c>identifiers[1].value</c>.</summary>
    public string PathOf(string name) => string.IsNullOrEmpty(_path) ? name : $"{_path}.{name}";

    /// <summary>Whether the member is there at all, <c>null</c> included.</summary>
    public bool Has(string name) => _object.TryGetProperty(name, out _);

    /// <summary>The member as it is; null when it is absent or <c>null</c>.</summary>
    public JsonElement? Optional(string name) =>
        _object.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A string that must be there.</summary>
    public string RequiredString(string name, int maxLength = 4096) =>
        OptionalString(name, maxLength) ?? throw Missing(name, "a string");

    /// <summary>A string, or null when the member is absent.</summary>
    public string? OptionalString(string name, int maxLength = 4096) =>
        Optional(name) is { } value ? Text(value, PathOf(name), maxLength) : null;

    /// <summary>The text of an element that must be a string of at most <paramref name="maxLength"/> UTF-16 units.</summary>
    public static string Text(JsonElement value, string path, int maxLength = 4096)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw WrongType(path, "a string", value.ValueKind);
        }

        var text = value.GetString()!;
        return text.Length <= maxLength
            ? text
            : throw Problems.Malformed("json-text-too-long", $"{path}: expected at most {maxLength} characters, found {text.Length}");
    }

    /// <summary>A truth value, or null when the member is absent.</summary>
    public bool? OptionalBool(string name) => Optional(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw WrongType(PathOf(name), "true or false", other.ValueKind),
    };

    /// <summary>A whole number, or null when the member is absent.</summary>
    public int? OptionalInt(string name)
    {
        if (Optional(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            throw WrongType(PathOf(name), "a whole number", value.ValueKind);
        }

        return value.TryGetInt32(out var number)
            ? number
            : throw Problems.Malformed("json-number-out-of-range", $"{PathOf(name)}: expected a whole number of 32 bits, found another number");
    }

    /// <summary>A time (RFC 3339), or null when the member is absent.</summary>
    public DateTimeOffset? OptionalTime(string name) => OptionalString(name, 64) switch
    {
        null => null,
        var text when Rfc3339.TryParse(text, out var time) => time,
        _ => throw Problems.Malformed("json-wrong-time", $"{PathOf(name)}: expected a time as in RFC 3339, for example 2026-01-31T12:00:00Z, found another text"),
    };

    /// <summary>Bytes in strict base64url that must be there.</summary>
    public byte[] RequiredBase64Url(string name, int maxBytes)
    {
        var value = Optional(name) ?? throw Missing(name, "a base64url string");
        return Bytes(value, PathOf(name), maxBytes);
    }

    /// <summary>The bytes that an element spells in strict base64url.</summary>
    public static byte[] Bytes(JsonElement value, string path, int maxBytes)
    {
        var text = Ascii(value, path);
        if (Base64Url.DecodedLength(text.Length) > maxBytes)
        {
            throw Problems.Malformed("base64url-too-long", $"{path}: expected at most {maxBytes} bytes, found {Base64Url.DecodedLength(text.Length)}");
        }

        return Base64Url.TryDecode(text, maxBytes, out var bytes)
            ? bytes
            : throw Problems.Malformed("base64url-invalid", $"{path}: expected base64url without padding and whitespace (RFC 8555 §6.1), found another text");
    }

    /// <summary>An object that must be there.</summary>
    public JsonFields RequiredObject(string name) =>
        Of(Optional(name) ?? throw Missing(name, "an object"), PathOf(name));

    /// <summary>An array of at most <paramref name="maxItems"/> items, or null when the member is absent.</summary>
    /// <param name="name">The member.</param>
    /// <param name="maxItems">Bound on the number of items.</param>
    /// <param name="read">Reads an item; it is told the item's path.</param>
    public IReadOnlyList<T>? OptionalArray<T>(string name, int maxItems, Func<JsonElement, string, T> read)
    {
        if (Optional(name) is not { } value)
        {
            return null;
        }

        var path = PathOf(name);
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw WrongType(path, "an array", value.ValueKind);
        }

        var count = value.GetArrayLength();
        if (count > maxItems)
        {
            throw Problems.Malformed("json-too-many-items", $"{path}: expected at most {maxItems} items, found {count}");
        }

        var items = new List<T>(count);
        foreach (var item in value.EnumerateArray())
        {
            items.Add(read(item, $"{path}[{items.Count}]"));
        }

        return items;
    }

    /// <summary>An array with at least one item.</summary>
    /// <inheritdoc cref="OptionalArray"/>
    public IReadOnlyList<T> RequiredArray<T>(string name, int maxItems, Func<JsonElement, string, T> read)
    {
        var items = OptionalArray(name, maxItems, read) ?? throw Missing(name, "an array");
        return items.Count > 0 ? items : throw Problems.Malformed("json-empty-array", $"{PathOf(name)}: expected at least one item, found none");
    }

    internal static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Null => "null",
        _ => "nothing",
    };

    internal static ProblemException WrongType(string path, string expected, JsonValueKind found) =>
        Problems.Malformed("json-wrong-type", $"{path}: expected {expected}, found {Describe(found)}");

    /// <summary>The octets of a string as they are signed: a view on the document where nothing is escaped.</summary>
    internal static ReadOnlySpan<byte> Ascii(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw WrongType(path, "a string", value.ValueKind);
        }

        var raw = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        return raw.Contains((byte)'\\') ? System.Text.Encoding.UTF8.GetBytes(value.GetString()!) : raw;
    }

    private ProblemException Missing(string name, string expected)
    {
        return Has(name)
            ? WrongType(PathOf(name), expected, JsonValueKind.Null)
            : Problems.Malformed("json-missing-member", $"{PathOf(name)}: expected {expected}, found nothing");
    }
}
