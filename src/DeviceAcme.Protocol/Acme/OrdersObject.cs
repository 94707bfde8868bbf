namespace DeviceAcme.Protocol.Acme;

/// <summary>One page of an account's orders (RFC 8555 §7.1.2.1); the next one is in a <c>Link</c> header.</summary>
public sealed record OrdersObject
{
    /// <summary>Order URLs.</summary>
    public required IReadOnlyList<string> Orders { get; init; }
}
