using System.Text.Json;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Fleet;

/// <summary>A fleet as an inventory that the server's ledger imports.</summary>
internal static class FleetInventory
{
    /// <returns>How many devices it has: hosts have no place in a ledger.</returns>
    public static int Write(string file, IReadOnlyList<FleetDevice> plan, FakeVendors vendors)
    {
        var count = 0;
        using var stream = File.Create(file);
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteStartArray("devices");
        foreach (var device in plan)
        {
            if (device.Identity(vendors) is not var (kind, value))
            {
                continue;
            }

            count++;
            writer.WriteStartObject();
            writer.WriteStartObject("identifiers");
            writer.WriteString(kind, value);
            writer.WriteEndObject();
            writer.WriteString("label", $"fleet {device.Kind} {device.Number}");
            writer.WriteStartArray("groups");
            writer.WriteStringValue("fleet");
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        return count;
    }
}
