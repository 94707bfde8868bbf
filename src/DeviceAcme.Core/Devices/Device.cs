namespace DeviceAcme.Core.Devices;

/// <summary>The ledger entry that accounts, orders, evidence and certificates hang from.</summary>
internal sealed class Device
{
    public required DeviceId Id { get; init; }
    public required string IdentifierType { get; init; }
    public required string IdentifierValue { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When evidence for it was last accepted.</summary>
    public DateTimeOffset LastSeenAt { get; set; }
}
