namespace DeviceAcme.Attestation.Apple;

/// <summary>
/// The family of an Apple device, which no property names: from the model identifier, or from properties that only Macs have. A Mac's
/// model identifier is that of its board (<c>J514sAP</c>), which does not tell; two hints that contradict each other give no family.
/// </summary>
internal static class AppleFamily
{
    public const string Family = "device.family";

    /// <summary>How the family was found.</summary>
    public const string Source = "device.family-source";

    private static readonly string[] MacOnly = ["apple.sip", "apple.secure-boot", "apple.third-party-kexts"];

    private static readonly (string Prefix, string Family)[] Models =
    [
        ("iPhone", "mobile"), ("iPad", "mobile"), ("iPod", "mobile"), ("AppleTV", "tv"), ("Watch", "watch"), ("RealityDevice", "vision"),
        ("Mac", "mac"), ("iMac", "mac"),
    ];

    /// <summary>The two facts; none where the family cannot be told.</summary>
    public static IEnumerable<(string Name, FactValue Value)> Derive(IReadOnlyList<(string Name, FactValue Value)> properties)
    {
        var mac = properties.Any(property => MacOnly.Contains(property.Name) && property.Value is not FactValue.Blank);
        var model = properties.FirstOrDefault(property => property.Name == "device.model-id").Value is FactValue.Text text
            ? Models.FirstOrDefault(model => IsModel(text.Value, model.Prefix)).Family
            : null;
        if ((mac && model is not (null or "mac")) || (!mac && model is null))
        {
            return [];
        }

        return
        [
            (Family, new FactValue.Text(model ?? "mac")),
            (Source, new FactValue.Text(model is null ? "properties that only Macs have" : "model identifier")),
        ];
    }

    // iPhone15,2 and Mac14,2, also MacBookPro18,1: letters, then the numbers
    private static bool IsModel(string model, string prefix) =>
        model.StartsWith(prefix, StringComparison.Ordinal) && model.IndexOf(',', StringComparison.Ordinal) is > 0 and var comma && char.IsAsciiDigit(model[comma - 1]);
}
