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

    /// <summary>Serial number, or name of the TPM, that it has where nothing else is said.</summary>
    public required string Serial { get; init; }

    /// <summary>Whether its client can be given an external account (RFC 8555 §7.3.4).</summary>
    public bool KnowsExternalAccounts => Format != EvidenceFormat.Apple;

    /// <summary>Whether its client can name a profile in an order; Apple's knows a directory URL and nothing else.</summary>
    public bool KnowsProfiles => Format != EvidenceFormat.Apple;

    /// <summary>Habits of its client, as far as they are known.</summary>
    public ClientBehaviour Client { get; init; } = new();
}
