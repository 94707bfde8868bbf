using System.Globalization;
using System.Text.Json.Nodes;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Vendors;

/// <summary>The simulator's own devices as an inventory for the server's ledger.</summary>
internal static class SimulatedInventory
{
    public static string Json(FakeVendors vendors)
    {
        var devices = new JsonArray(
            Device("simulated Mac", "serial", AppleDevice.Mac().Serial!),
            Device("simulated Linux host", "permanent-identifier", new FakeTpm(vendors.Tpm, "tpm-1").Identifier),
            Device("simulated phone", "serial", AndroidDevice.Phone().Serial!),
            Device("simulated YubiKey", "serial", YubiKeyDevice.Five().Serial!.Value.ToString(CultureInfo.InvariantCulture)),
            Device("simulated printer", "hardware-module", IdevidDevice.PrinterIdentifier()),
            Device("simulated IoT module", "hardware-module", IdevidDevice.ModuleIdentifier()));
        return new JsonObject { ["devices"] = devices }.ToJsonString(new() { WriteIndented = true }) + "\n";
    }

    private static JsonObject Device(string label, string kind, string value) => new()
    {
        ["identifiers"] = new JsonObject { [kind] = value },
        ["label"] = label,
        ["groups"] = new JsonArray("simulator"),
    };
}
