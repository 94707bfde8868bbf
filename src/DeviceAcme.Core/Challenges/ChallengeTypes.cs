namespace DeviceAcme.Core.Challenges;

/// <summary>The challenge types that are known.</summary>
internal static class ChallengeTypes
{
    /// <summary>RFC 8555 §8.3.</summary>
    public const string Http01 = "http-01";

    /// <summary>RFC 8555 §8.4.</summary>
    public const string Dns01 = "dns-01";

    /// <summary>RFC 8737 §3.</summary>
    public const string TlsAlpn01 = "tls-alpn-01";

    /// <summary>device-attest §5.</summary>
    public const string DeviceAttest01 = "device-attest-01";

    /// <summary>Our own, registered nowhere: the ledger vouches for the identifier of a device that the account speaks for.</summary>
    public const string Ledger01 = "ledger-01";

    public static IReadOnlyList<string> All { get; } = [Http01, Dns01, TlsAlpn01, DeviceAttest01, Ledger01];
}
