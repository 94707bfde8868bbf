using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol;

/// <summary>Times on the wire (RFC 3339 §5.6), always UTC with whole seconds when we write them.</summary>
public static class Rfc3339
{
    /// <summary>For example <c>2026-01-31T12:00:00Z</c>.</summary>
    public static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads a date-time with any offset; parts of a second finer than 100 ns are cut off, a leap second is refused.</summary>
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        time = default;
        // "yyyy-MM-ddTHH:mm:ss" is 19 characters; §5.6: T and Z may be lower case, the offset is not optional
        if (text.Length < 20 || text[10] is not ('T' or 't') || !TryOffset(text, out var offset, out var end))
        {
            return false;
        }

        if (!DateTime.TryParseExact(text.AsSpan(0, 10), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ||
            !TimeOnly.TryParseExact(text.AsSpan(11, 8), "HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock) ||
            !TryFraction(text.AsSpan(19, end - 19), out var fraction))
        {
            return false;
        }

        var ticks = day.Ticks + clock.Ticks + fraction - offset.Ticks;
        if (ticks < 0 || ticks > DateTime.MaxValue.Ticks)
        {
            return false;
        }

        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    private static bool TryOffset(string text, out TimeSpan offset, out int end)
    {
        offset = TimeSpan.Zero;
        end = text.Length - 1;
        if (text[^1] is 'Z' or 'z')
        {
            return true;
        }

        end = text.Length - 6;
        if (end < 19 || text[end] is not ('+' or '-') ||
            !TimeOnly.TryParseExact(text.AsSpan(end + 1), "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var distance))
        {
            return false;
        }

        offset = text[end] == '-' ? -distance.ToTimeSpan() : distance.ToTimeSpan();
        return true;
    }

    private static bool TryFraction(ReadOnlySpan<char> text, out long ticks)
    {
        ticks = 0;
        if (text.IsEmpty)
        {
            return true;
        }

        if (text[0] != '.' || text.Length < 2 || text[1..].ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        var scale = TimeSpan.TicksPerSecond;
        foreach (var digit in text[1..Math.Min(text.Length, 8)])
        {
            scale /= 10;
            ticks += (digit - '0') * scale;
        }

        return true;
    }
}

/// <summary>Writes times as <see cref="Rfc3339.Format"/> does.</summary>
public sealed class Rfc3339Converter : JsonConverter<DateTimeOffset>
{
    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Rfc3339.TryParse(reader.GetString()!, out var time)
            ? time
            : throw new JsonException("expected a time as in RFC 3339");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Rfc3339.Format(value));
}
