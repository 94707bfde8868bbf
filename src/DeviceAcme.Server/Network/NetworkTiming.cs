namespace DeviceAcme.Server.Network;

/// <summary>The time bounds of outbound validation. Each is the most that a silent or slow peer can cost.</summary>
internal sealed record NetworkTiming
{
    public TimeSpan DnsAttempt { get; init; } = TimeSpan.FromSeconds(2);
    public int DnsAttempts { get; init; } = 3;

    /// <summary>One look-up with all its attempts and aliases.</summary>
    public TimeSpan DnsTotal { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>One TCP connection to one address.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>A whole validation: look-ups, connections, redirects, the answer and CAA.</summary>
    public TimeSpan Validation { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The download of one issuer certificate.</summary>
    public TimeSpan Download { get; init; } = TimeSpan.FromSeconds(8);
}
