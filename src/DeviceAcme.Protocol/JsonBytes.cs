using System.Buffers;
using System.Text.Json;

namespace DeviceAcme.Protocol;

/// <summary>Writes a small JSON object into an array of its own.</summary>
internal static class JsonBytes
{
    public static byte[] Object(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
