using System.Text.Json;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Server.Ledger;

/// <summary>
/// An inventory as JSON: a list of <c>{ "identifiers": { "serial": "…" }, "label", "owner", "groups": [], "attributes": {}, "state" }</c>, or such a
/// list as <c>devices</c> of an object. A member that is absent says nothing.
/// </summary>
internal static class InventoryJson
{
    private static readonly string[] Members = ["identifiers", "label", "owner", "groups", "attributes", "state"];

    public static void Read(ReadOnlyMemory<byte> text, Inventory inventory)
    {
        var lines = new LineNumbers(text);
        var reader = new Utf8JsonReader(text.Span, new JsonReaderOptions { MaxDepth = 16 });
        try
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject && !(reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("devices"u8) && reader.Read()))
            {
                inventory.Mistake(1, "expected a list of devices, or an object whose first member 'devices' is one");
                return;
            }

            if (reader.TokenType != JsonTokenType.StartArray)
            {
                inventory.Mistake(lines.Of(reader.TokenStartIndex), "devices: expected a list");
                return;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var line = lines.Of(reader.TokenStartIndex);
                using var device = JsonDocument.ParseValue(ref reader);
                Row(line, device.RootElement, inventory);
            }

            // what follows must be well formed too
            while (reader.Read())
            {
            }
        }
        catch (JsonException malformed)
        {
            inventory.Mistake((int)(malformed.LineNumber ?? 0) + 1, $"is not JSON: {malformed.Message}");
        }
    }

    /// <summary>Writes one device into a list that the caller has begun.</summary>
    public static void Write(Utf8JsonWriter writer, InventoryRow row)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("identifiers");
        foreach (var kind in row.Keys.GroupBy(key => key.Kind).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var values = kind.Select(key => key.Value).ToList();
            if (values.Count == 1)
            {
                writer.WriteString(kind.Key, values[0]);
            }
            else
            {
                writer.WriteStartArray(kind.Key);
                values.ForEach(writer.WriteStringValue);
                writer.WriteEndArray();
            }
        }

        writer.WriteEndObject();
        if (row.Description.Label is { } label)
        {
            writer.WriteString("label", label);
        }

        if (row.Description.Owner is { } owner)
        {
            writer.WriteString("owner", owner);
        }

        writer.WriteStartArray("groups");
        foreach (var group in row.Description.Groups!)
        {
            writer.WriteStringValue(group);
        }

        writer.WriteEndArray();
        writer.WriteStartObject("attributes");
        foreach (var (key, value) in row.Description.Attributes!)
        {
            writer.WriteString(key, value);
        }

        writer.WriteEndObject();
        writer.WriteString("state", row.State!.Value.Name());
        writer.WriteEndObject();
    }

    private static void Row(int line, JsonElement device, Inventory inventory)
    {
        if (device.ValueKind != JsonValueKind.Object)
        {
            inventory.Mistake(line, $"expected an object for each device, found {device.ValueKind}");
            return;
        }

        var mistakes = inventory.Mistakes.Count;
        var keys = new List<DeviceKey>();
        var description = new DeviceDescription();
        string? state = null;
        foreach (var member in device.EnumerateObject())
        {
            var (name, value) = (member.Name, member.Value);
            switch (name)
            {
                case "identifiers":
                    keys.AddRange(Pairs(line, name, value, inventory).SelectMany(pair => Values(line, pair.Name, pair.Value, inventory).Select(text => new DeviceKey(pair.Name, text))));
                    break;
                case "label":
                    description = description with { Label = Text(line, name, value, inventory) };
                    break;
                case "owner":
                    description = description with { Owner = Text(line, name, value, inventory) };
                    break;
                case "groups":
                    description = description with { Groups = Values(line, name, value, inventory) };
                    break;
                case "attributes":
                    var attributes = new Dictionary<string, string>();
                    foreach (var (key, text) in Pairs(line, name, value, inventory))
                    {
                        attributes[key] = Text(line, key, text, inventory) ?? "";
                    }

                    description = description with { Attributes = attributes };
                    break;
                case "state":
                    state = Text(line, name, value, inventory);
                    break;
                default:
                    inventory.Mistake(line, $"'{name}' is not a known member; {NearestName.Hint(name, Members)}");
                    break;
            }
        }

        if (inventory.Mistakes.Count == mistakes)
        {
            inventory.Add(line, keys, description, state);
        }
    }

    private static IEnumerable<(string Name, JsonElement Value)> Pairs(int line, string name, JsonElement value, Inventory inventory)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            return value.EnumerateObject().Select(member => (member.Name, member.Value));
        }

        inventory.Mistake(line, $"{name}: expected an object, found {value.ValueKind}");
        return [];
    }

    private static List<string> Values(int line, string name, JsonElement value, Inventory inventory) =>
        [.. (value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().AsEnumerable() : [value]).Select(item => Text(line, name, item, inventory)).OfType<string>()];

    private static string? Text(int line, string name, JsonElement value, Inventory inventory)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return value.GetString();
        }

        inventory.Mistake(line, $"{name}: expected text, found {value.ValueKind}");
        return null;
    }

    /// <summary>The line of a position; asked in rising order.</summary>
    private sealed class LineNumbers(ReadOnlyMemory<byte> text)
    {
        private int _line = 1;
        private int _at;

        public int Of(long position)
        {
            for (; _at < position; _at++)
            {
                if (text.Span[_at] == '\n')
                {
                    _line++;
                }
            }

            return _line;
        }
    }
}
