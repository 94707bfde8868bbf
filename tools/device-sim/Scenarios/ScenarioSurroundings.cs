using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Servers;
using DeviceAcme.Simulator.Trials;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>What scenarios run against and with.</summary>
internal sealed record ScenarioSurroundings
{
    public required HttpClient Http { get; init; }
    public required FakeVendors Vendors { get; init; }
    public required TimeProvider Time { get; init; }

    /// <summary>Base URL of a DeviceAcme.</summary>
    public required string Server { get; init; }

    /// <summary>The one directory of a server that is none, or of which only that is to be seen; null for a DeviceAcme.</summary>
    public string? Directory { get; init; }

    /// <summary>Null where nobody may administer the server.</summary>
    public Administrator? Administrator { get; init; }

    /// <summary>Where hosts answer; null where there are none.</summary>
    public IHostNetwork? Network { get; init; }

    /// <summary>The directory of a device: its own URL or profile, the given one, that of the file's profile, that of its kind.</summary>
    public string DirectoryOf(string? own, string? profile, DeviceKind kind) =>
        own is not null && own.Contains("://", StringComparison.Ordinal) ? own
        : Directory ?? $"{Server}/acme/{own ?? profile ?? kind.Profile}/directory";

    public ActivationClient AttestationCa(string directory) =>
        new(Http, Trial.AttestationCaOf(directory), new AcmeClientOptions { Time = Time, UserAgent = "device-sim" });
}
