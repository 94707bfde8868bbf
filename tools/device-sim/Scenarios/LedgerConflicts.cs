using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>Files that run together share a ledger: a device that one of them has in it cannot be unknown in another.</summary>
internal static class LedgerConflicts
{
    /// <exception cref="SimulatorException">Two files differ about a device.</exception>
    public static void Check(IReadOnlyList<ScenarioFile> files, FakeVendors vendors)
    {
        var known = new Dictionary<(string, string), (string Place, bool Known)>();
        foreach (var file in files)
        {
            foreach (var device in file.Devices.Values)
            {
                if (device.LedgerName(vendors) is not { } name)
                {
                    continue;
                }

                var place = $"{file.Path} ({device.Name})";
                if (known.TryGetValue(name, out var other) && other.Known != (device.Ledger is not null))
                {
                    throw new SimulatorException($"the ledger knows {name.Value} for one of {other.Place} and {place}, and not for the other", "give one of them another serial");
                }

                known.TryAdd(name, (place, device.Ledger is not null));
            }
        }
    }
}
