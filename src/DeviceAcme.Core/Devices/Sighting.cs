namespace DeviceAcme.Core.Devices;

/// <summary>
/// Two things that evidence showed together: a key and its identifier, a serial number and its UDID. Both are SHA-256 values, so that the
/// index can outlive the evidence. One subject with two partners is an anomaly.
/// </summary>
internal sealed class Sighting
{
    /// <summary>What was seen, in which respect and by whom it was vouched for.</summary>
    public required byte[] Subject { get; init; }

    public required byte[] Partner { get; init; }

    /// <summary>Which anomaly it is looked up for: one of <see cref="AnomalyKinds"/>.</summary>
    public required string Kind { get; init; }

    public required SightingState State { get; set; }
    public required DateTimeOffset FirstSeenAt { get; init; }
    public required DateTimeOffset LastSeenAt { get; set; }

    /// <summary>The evidence that showed it last.</summary>
    public required EvidenceId Evidence { get; set; }
}

internal enum SightingState
{
    /// <summary>Shown by evidence that was let through.</summary>
    Seen,

    /// <summary>Shown only by evidence that was refused because of it; it makes nobody else suspicious.</summary>
    Refused,

    /// <summary>An administrator looked at it and found it in order: it is never refused or reported again.</summary>
    Acknowledged,
}
