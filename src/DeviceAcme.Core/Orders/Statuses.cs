namespace DeviceAcme.Core.Orders;

/// <summary>RFC 8555 §7.1.6.</summary>
internal enum OrderStatus
{
    Pending,
    Ready,
    Processing,
    Valid,
    Invalid,
}

/// <summary>RFC 8555 §7.1.6.</summary>
internal enum AuthorizationStatus
{
    Pending,
    Valid,
    Invalid,
    Deactivated,
    Expired,
    Revoked,
}

/// <summary>RFC 8555 §7.1.6.</summary>
internal enum ChallengeStatus
{
    Pending,
    Processing,
    Valid,
    Invalid,
}

/// <summary>The wire form of the statuses.</summary>
internal static class StatusNames
{
    public static string Wire(this OrderStatus status) => status switch
    {
        OrderStatus.Pending => "pending",
        OrderStatus.Ready => "ready",
        OrderStatus.Processing => "processing",
        OrderStatus.Valid => "valid",
        _ => "invalid",
    };

    public static string Wire(this AuthorizationStatus status) => status switch
    {
        AuthorizationStatus.Pending => "pending",
        AuthorizationStatus.Valid => "valid",
        AuthorizationStatus.Invalid => "invalid",
        AuthorizationStatus.Deactivated => "deactivated",
        AuthorizationStatus.Expired => "expired",
        _ => "revoked",
    };

    public static string Wire(this ChallengeStatus status) => status switch
    {
        ChallengeStatus.Pending => "pending",
        ChallengeStatus.Processing => "processing",
        ChallengeStatus.Valid => "valid",
        _ => "invalid",
    };
}
