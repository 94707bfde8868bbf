using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using DeviceAcme.Protocol;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Cli.Apple.Plist;

/// <summary>Between JSON, in which declarations are written, and the values of property lists.</summary>
internal static class PlistJson
{
    // a document for a file: '+' and '&' may stand as they are
    private static readonly JsonWriterOptions Written = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <exception cref="UnreadableDocument">The octets are no JSON object, or more than is read.</exception>
    public static PlistValue.Dictionary Read(ReadOnlyMemory<byte> octets)
    {
        try
        {
            return Dictionary(StrictJson.ParseObject(octets.Span, "document", PlistReader.MaximumSize));
        }
        catch (ProblemException problem)
        {
            throw new UnreadableDocument("json-malformed", "one JSON object, each member once", problem.Message);
        }
    }

    /// <summary>Indented, LF, a new line at the end.</summary>
    public static byte[] Write(PlistValue root)
    {
        var octets = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(octets, Written))
        {
            Value(json, root);
        }

        octets.Write("\n"u8);
        return octets.WrittenSpan.ToArray();
    }

    private static PlistValue.Dictionary Dictionary(JsonElement element) =>
        new([.. element.EnumerateObject().Select(member => new KeyValuePair<string, PlistValue>(member.Name, Value(member.Value)))]);

    private static PlistValue Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => Dictionary(element),
        JsonValueKind.Array => new PlistValue.Array([.. element.EnumerateArray().Select(Value)]),
        JsonValueKind.String => new PlistValue.Text(element.GetString()!),
        JsonValueKind.True or JsonValueKind.False => new PlistValue.Flag(element.GetBoolean()),
        JsonValueKind.Number => element.TryGetInt64(out var number) ? new PlistValue.Integer(number) : new PlistValue.Real(element.GetRawText()),
        _ => new PlistValue.Null(),
    };

    private static void Value(Utf8JsonWriter json, PlistValue value)
    {
        switch (value)
        {
            case PlistValue.Dictionary dictionary:
                json.WriteStartObject();
                foreach (var (key, item) in dictionary.Entries)
                {
                    json.WritePropertyName(key);
                    Value(json, item);
                }

                json.WriteEndObject();
                break;
            case PlistValue.Array array:
                json.WriteStartArray();
                foreach (var item in array.Items)
                {
                    Value(json, item);
                }

                json.WriteEndArray();
                break;
            case PlistValue.Text text:
                json.WriteStringValue(text.Value);
                break;
            case PlistValue.Integer number:
                json.WriteNumberValue(number.Value);
                break;
            case PlistValue.Flag flag:
                json.WriteBooleanValue(flag.Value);
                break;
            default:
                throw new InvalidOperationException($"a declaration cannot hold {value.Kind}");
        }
    }
}
