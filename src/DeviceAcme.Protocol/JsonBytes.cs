using System.Buffers;
using System.Text.Json;

namespace DeviceAcme.Protocol;

/// <summary>Writes a small JSON object into an array of its own.</summary>
internal static class JsonBytes
{
    /// <param name="members">Writes them.</param>
    /// <param name="size">Octets that it will have about.</param>
    public static byte[] Object(Action<Utf8JsonWriter> members, int size = 512)
    {
        var buffer = new ArrayBufferWriter<byte>(size);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
