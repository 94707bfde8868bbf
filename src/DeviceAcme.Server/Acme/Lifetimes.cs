namespace DeviceAcme.Server.Acme;

/// <summary>How long orders and authorizations live.</summary>
internal static class Lifetimes
{
    /// <summary>From newOrder or newAuthz on: long enough for a person to publish a TXT record.</summary>
    public static readonly TimeSpan Order = TimeSpan.FromDays(1);

    /// <summary>
    /// From the proof on. CAA records hold for eight hours at most (RFC 8659 with the practice of public CAs), so a proof that was
    /// made together with its CAA check must not outlive them.
    /// </summary>
    public static readonly TimeSpan ValidAuthorization = TimeSpan.FromHours(7);
}
