namespace DeviceAcme.Core.Profiles;

/// <summary>When an officer has to agree before a certificate is issued, and how long everybody waits.</summary>
/// <param name="Required">True: for every order. An unknown device can need it besides (<see cref="UnknownDevices.Approve"/>).</param>
/// <param name="Expires">How long an order waits for an answer.</param>
/// <param name="CountsFor">How long a yes counts for later orders of the same device; null: for its own order alone.</param>
internal sealed record ApprovalRule(bool Required, TimeSpan Expires, TimeSpan? CountsFor)
{
    private static readonly TimeSpan Usual = TimeSpan.FromDays(7);

    public static ApprovalRule None { get; } = new(false, Usual, Usual);
}

/// <summary>Reads the <c>approval:</c> part of a profile file: a word, or its properties.</summary>
internal static class ApprovalSection
{
    internal static readonly string[] Known = ["mode", "expires", "counts-for"];

    internal static readonly IReadOnlyDictionary<string, bool> Modes = new Dictionary<string, bool> { ["none"] = false, ["required"] = true };

    // what a device proved a quarter of a year ago is no basis for a decision
    private static readonly TimeSpan Longest = TimeSpan.FromDays(90);

    public static ApprovalRule Read(ProfileNode? node)
    {
        if (node is null)
        {
            return ApprovalRule.None;
        }

        if (!node.IsMapping)
        {
            return ApprovalRule.None with { Required = node.Choice(Modes) };
        }

        var properties = node.Properties(Known);
        return new ApprovalRule(
            properties.TryGetValue("mode", out var mode) && mode.Choice(Modes),
            properties.TryGetValue("expires", out var expires) ? Duration.Read(expires, Longest) : ApprovalRule.None.Expires,
            properties.TryGetValue("counts-for", out var counts) ? (counts.Scalar == "none" ? null : Duration.Read(counts)) : ApprovalRule.None.CountsFor);
    }
}
