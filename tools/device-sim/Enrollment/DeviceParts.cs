using System.Security.Cryptography;
using DeviceAcme.Simulator.Makers;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>What all kinds of device are made of.</summary>
internal static class DeviceParts
{
    /// <summary>The certificate's key: of the wanted type or the kind's own, from the seed where there is one.</summary>
    public static AsymmetricAlgorithm Key(this DeviceSettings settings, string standard) =>
        settings.Seed is { } seed
            ? DeviceKeys.Grow(seed, $"device:{settings.Kind}:{settings.Serial}", settings.Key ?? standard)
            : DeviceKeys.Make(settings.Key ?? standard);

    /// <summary>The fault that the settings name, if any.</summary>
    public static TFault[] Faults<TFault>(this DeviceSettings settings)
        where TFault : struct, Enum =>
        settings.Fault is not { } name ? []
        : Makers.Faults.TryParse<TFault>(name, out var fault) ? [fault]
        : throw new SimulatorException($"no fault '{name}'", $"choose one of {string.Join(", ", Enum.GetValues<TFault>().Select(Makers.Faults.NameOf))}");
}
