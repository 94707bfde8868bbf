using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Vault;

/// <summary>Which evidence is asked for, and which page of it.</summary>
internal sealed record EvidenceFilter
{
    public required Page Page { get; init; }
    public bool OldestFirst { get; init; }

    public DateTimeOffset? Since { get; init; }
    public DateTimeOffset? Until { get; init; }
    public string? Kind { get; init; }
    public string? Profile { get; init; }

    /// <summary>The profiles whose evidence the caller may see; null for all.</summary>
    public IReadOnlyList<string>? Within { get; init; }

    public string? Format { get; init; }
    public bool? Accepted { get; init; }
    public string? Reason { get; init; }

    /// <summary>A device's id, or the value of its identifier.</summary>
    public string? Device { get; init; }
}
