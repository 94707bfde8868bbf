namespace DeviceAcme.Core.Tickets;

/// <summary>What a ticket is good for.</summary>
internal enum TicketState
{
    Open,
    Used,
    Expired,
    Revoked,
}

/// <summary>How a ticket was presented.</summary>
internal enum TicketPresentation
{
    /// <summary>Its key made the MAC of an external account binding (RFC 8555 §7.3.4).</summary>
    ExternalAccount,

    /// <summary>Its code was ordered as the identifier of the device.</summary>
    ClientIdentifier,

    /// <summary>Its code stands in the URL of the directory.</summary>
    Directory,
}

internal static class TicketNames
{
    /// <summary>Every state by its name in the admin API.</summary>
    public static IReadOnlyDictionary<string, TicketState> States { get; } = Enum.GetValues<TicketState>().ToDictionary(Name, StringComparer.Ordinal);

    public static string Name(this TicketState state) => state.ToString().ToLowerInvariant();

    public static string Name(this TicketPresentation presentation) => presentation switch
    {
        TicketPresentation.ExternalAccount => "external account binding",
        TicketPresentation.ClientIdentifier => "client identifier",
        _ => "directory URL",
    };
}
