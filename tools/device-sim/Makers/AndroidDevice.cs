namespace DeviceAcme.Simulator.Makers;

/// <summary>What KeyMint attests of a device. Null leaves the property out, an empty text leaves it blank.</summary>
internal sealed record AndroidDevice
{
    public string? Serial { get; init; }
    public string? Imei { get; init; }
    public string? Brand { get; init; }
    public string? Manufacturer { get; init; }
    public string? Model { get; init; }
    public string? Product { get; init; }
    public string? Device { get; init; }

    /// <summary>MMmmss: 160000 is Android 16.</summary>
    public int OsVersion { get; init; } = 160000;

    /// <summary>YYYYMM.</summary>
    public int OsPatchLevel { get; init; } = 202611;

    /// <summary>YYYYMMDD.</summary>
    public int VendorPatchLevel { get; init; } = 20261105;
    public int BootPatchLevel { get; init; } = 20261105;

    /// <summary>The key lives in a chip of its own.</summary>
    public bool StrongBox { get; init; }

    /// <summary>Its attestation key was put in at the factory, for a whole batch of phones; else it is provisioned remotely and its certificate says so.</summary>
    public bool FactoryProvisioned { get; init; }

    public static AndroidDevice Phone(string serial = "SIMANDROID01") => new()
    {
        Serial = serial,
        Imei = "356938035643809",
        Brand = "simulator",
        Manufacturer = "DeviceAcme",
        Model = "Simulated Phone",
        Product = "simphone",
        Device = "simphone",
    };
}
