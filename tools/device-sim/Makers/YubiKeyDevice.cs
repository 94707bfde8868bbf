namespace DeviceAcme.Simulator.Makers;

/// <summary>What a YubiKey attests of itself and of a key. Null leaves the extension out.</summary>
internal sealed record YubiKeyDevice
{
    public long? Serial { get; init; }

    /// <summary>Major, minor, patch.</summary>
    public byte[] Firmware { get; init; } = [5, 4, 3];

    /// <summary>What the attestation certificate says, which was made before the key was sold; null: the same.</summary>
    public byte[]? AttestationFirmware { get; init; }

    /// <summary>1 never, 2 once, 3 always.</summary>
    public byte PinPolicy { get; init; } = 2;

    /// <summary>1 never, 2 always, 3 cached.</summary>
    public byte TouchPolicy { get; init; } = 1;

    /// <summary>1 USB-A keychain to 5 USB-C Lightning, with 0x80 for the FIPS series. Firmware 4 has none.</summary>
    public byte? FormFactor { get; init; } = 1;

    /// <summary>The attestation certificate says FIPS.</summary>
    public bool Fips { get; init; }

    /// <summary>The attestation certificate says CSPN.</summary>
    public bool Cspn { get; init; }

    /// <summary>Not a YubiKey, but a device that its attestation CA names: nothing of Yubico's is written then.</summary>
    public string? ManagedId { get; init; }

    public string Slot { get; init; } = "9a";

    /// <summary>Firmware 5.7.4 and later chain to the newer root.</summary>
    public bool IsNew => (Firmware[0] << 16) + (Firmware[1] << 8) + Firmware[2] >= 0x050704;

    public static YubiKeyDevice Five(long serial = 31000001) => new() { Serial = serial };
}
