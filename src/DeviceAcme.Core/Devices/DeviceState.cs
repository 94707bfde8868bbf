namespace DeviceAcme.Core.Devices;

/// <summary>Where a device stands; only an expected or active one gets certificates, a pending one once an officer agrees.</summary>
internal enum DeviceState
{
    /// <summary>In the ledger, and not seen yet.</summary>
    Expected,

    /// <summary>Evidence proved it.</summary>
    Active,

    /// <summary>Evidence proved it, nobody had expected it, and an officer has yet to say that it is ours.</summary>
    Pending,

    /// <summary>Set aside while somebody looks at it: no new certificates, those that it has stay good.</summary>
    Quarantined,

    /// <summary>Shut out.</summary>
    Blocked,

    /// <summary>Out of service, perhaps with a successor.</summary>
    Retired,
}

internal static class DeviceStates
{
    public static IReadOnlyDictionary<string, DeviceState> All { get; } = Enum.GetValues<DeviceState>().ToDictionary(Name, state => state, StringComparer.Ordinal);

    public static string Name(this DeviceState state) => state.ToString().ToLowerInvariant();
}
