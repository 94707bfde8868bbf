using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>What the formats of evidence are called that kinds of device share, and with them their faults.</summary>
internal enum EvidenceFormat
{
    None,
    Apple,
    Tpm,
    Endorsement,
    Android,
    YubiKey,
    Idevid,
    Packed,
}

/// <summary>A kind of device: one line of <see cref="Devices.All"/>.</summary>
/// <param name="Name">As <c>--kind</c> has it.</param>
/// <param name="Profile">The shipped profile that fits.</param>
/// <param name="Format">Its evidence.</param>
/// <param name="Start">Makes one.</param>
internal sealed record DeviceKind(string Name, string Profile, EvidenceFormat Format, Func<DeviceSettings, Func<FakeVendors>, DateTimeOffset, CancellationToken, Task<IDevice>> Start)
{
    /// <summary>Whether its evidence names it: a device under user enrollment says nothing of itself.</summary>
    public bool NamesItself { get; init; } = true;
}
