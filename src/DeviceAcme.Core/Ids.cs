namespace DeviceAcme.Core;

/// <summary>Opaque ids: base64url text of 16 random octets, unguessable and safe in a URL.</summary>
internal readonly record struct AccountId(string Value)
{
    /// <summary>By octets, as the store compares; the pages of a list go on behind an id.</summary>
    public static bool operator >(AccountId left, AccountId right) => string.CompareOrdinal(left.Value, right.Value) > 0;

    public static bool operator <(AccountId left, AccountId right) => right > left;

    public override string ToString() => Value;
}

internal readonly record struct OrderId(string Value)
{
    /// <summary>By octets, as the store compares; the pages of a list go on behind an id.</summary>
    public static bool operator >(OrderId left, OrderId right) => string.CompareOrdinal(left.Value, right.Value) > 0;

    public static bool operator <(OrderId left, OrderId right) => right > left;

    public override string ToString() => Value;
}

internal readonly record struct AuthorizationId(string Value)
{
    public override string ToString() => Value;
}

internal readonly record struct ChallengeId(string Value)
{
    public override string ToString() => Value;
}

internal readonly record struct CertificateId(string Value)
{
    /// <summary>By octets, as the store compares; the pages of a list go on behind an id.</summary>
    public static bool operator >(CertificateId left, CertificateId right) => string.CompareOrdinal(left.Value, right.Value) > 0;

    public static bool operator <(CertificateId left, CertificateId right) => right > left;

    public override string ToString() => Value;
}

internal readonly record struct DeviceId(string Value)
{
    /// <summary>By octets, as the store compares; the pages of a list go on behind an id.</summary>
    public static bool operator >(DeviceId left, DeviceId right) => string.CompareOrdinal(left.Value, right.Value) > 0;

    public static bool operator <(DeviceId left, DeviceId right) => right > left;

    public override string ToString() => Value;
}

internal readonly record struct EvidenceId(string Value)
{
    /// <summary>By octets, as the store compares; the pages of a list go on behind an id.</summary>
    public static bool operator >(EvidenceId left, EvidenceId right) => string.CompareOrdinal(left.Value, right.Value) > 0;

    public static bool operator <(EvidenceId left, EvidenceId right) => right > left;

    public override string ToString() => Value;
}

internal readonly record struct ActivationId(string Value)
{
    public override string ToString() => Value;
}

/// <summary>A ticket's id is also its key id for external account binding. It is no secret.</summary>
internal readonly record struct TicketId(string Value)
{
    /// <summary>By octets, as the store compares; the pages of a list go on behind an id.</summary>
    public static bool operator >(TicketId left, TicketId right) => string.CompareOrdinal(left.Value, right.Value) > 0;

    public static bool operator <(TicketId left, TicketId right) => right > left;

    public override string ToString() => Value;
}
