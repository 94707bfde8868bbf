namespace DeviceAcme.Core.Profiles;

/// <summary>What a profile says about who may make an account.</summary>
internal sealed record AccountRule(ExternalAccountBindingMode ExternalAccountBinding, TicketUrlMode TicketUrl, Limits Limits)
{
    /// <summary>Anybody may; whoever brings a ticket is under its rules.</summary>
    public static AccountRule Silent { get; } = new(ExternalAccountBindingMode.None, TicketUrlMode.Optional, Limits.None);
}

/// <summary>Reads the <c>accounts:</c> part of a profile file.</summary>
internal static class AccountSection
{
    internal static readonly string[] Known = ["external-account-binding", "ticket-url", "limits"];

    public static AccountRule Read(ProfileNode node)
    {
        var properties = node.Properties(Known);
        var binding = properties.TryGetValue("external-account-binding", out var external)
            ? external.Choice(new Dictionary<string, ExternalAccountBindingMode>
            {
                ["none"] = ExternalAccountBindingMode.None,
                ["optional"] = ExternalAccountBindingMode.Optional,
                ["required"] = ExternalAccountBindingMode.Required,
            })
            : AccountRule.Silent.ExternalAccountBinding;
        var ticket = properties.TryGetValue("ticket-url", out var url)
            ? url.Choice(new Dictionary<string, TicketUrlMode> { ["none"] = TicketUrlMode.None, ["optional"] = TicketUrlMode.Optional, ["required"] = TicketUrlMode.Required })
            : AccountRule.Silent.TicketUrl;
        return new AccountRule(binding, ticket, LimitSection.Read(properties.GetValueOrDefault("limits"), LimitSection.OfAccounts));
    }
}
