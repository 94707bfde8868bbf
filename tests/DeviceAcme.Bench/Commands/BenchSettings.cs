namespace DeviceAcme.Bench.Commands;

/// <summary>What is measured, and for how long.</summary>
internal sealed record BenchSettings
{
    private static readonly string[] Names =
    [
        "Enroll.Classic", "Enroll.Apple", "Cryptography.Classic", "Cryptography.Apple",
        "Verify.Apple", "Verify.Tpm", "Verify.Android", "Verify.Step", "Verify.Packed", "Verify.Idevid", "Verify.Ek", "Audit.Chain",
    ];

    /// <summary>Part of a measurement's name, in any letter case; null measures everything.</summary>
    public string? Filter { get; init; }

    /// <summary>Enrollments for each kind and number of clients.</summary>
    public required int Enrollments { get; init; }

    /// <summary>Enrollments of each kind before the clock starts.</summary>
    public required int WarmUp { get; init; }

    /// <summary>How long each cryptographic operation is repeated.</summary>
    public required TimeSpan Repetition { get; init; }

    public IReadOnlyList<int> Clients { get; } = [1, 8, 32];

    /// <summary>Count the server's syncs, in a run of its own under strace.</summary>
    public bool Syncs { get; init; }

    /// <summary>Go on to 10,000 enrollments, and then to 20,000: whether memory is flat.</summary>
    public bool Full { get; init; }

    /// <summary>Devices that the store is filled with; null measures an empty one.</summary>
    public int? Store { get; init; }

    /// <summary>Where the database and its temporary folder stand; null takes the system's folder for such things.</summary>
    public string? Folder { get; init; }

    /// <summary>Another build of the server; null takes the one beside this program.</summary>
    public string? Server { get; init; }

    public static IReadOnlyList<string> Measurements => Names;

    public bool Wants(string measurement) => Filter is null || measurement.Contains(Filter, StringComparison.OrdinalIgnoreCase);
}
