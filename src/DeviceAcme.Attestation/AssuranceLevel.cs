namespace DeviceAcme.Attestation;

/// <summary>How far the thing that holds the key can be believed to be hardware, lowest first.</summary>
public static class AssuranceLevel
{
    /// <summary>The fact's name. Where the evidence says a level too, the lower of both stands: an anchor can cap, never raise.</summary>
    public const string Fact = "assurance.level";

    /// <summary>A program: whoever owns the machine owns the key.</summary>
    public const string Software = "software";

    /// <summary>A virtual device, which whoever runs the hypervisor can copy.</summary>
    public const string Virtual = "virtual";

    /// <summary>Hardware.</summary>
    public const string Hardware = "hardware";

    /// <summary>All levels, lowest first.</summary>
    public static IReadOnlyList<string> All { get; } = [Software, Virtual, Hardware];

    /// <summary>The lower one; a level that is not known is lower than all.</summary>
    internal static FactValue Lower(FactValue one, FactValue other) => Rank(one) <= Rank(other) ? one : other;

    private static int Rank(FactValue value) => value is FactValue.Text text ? All.ToList().IndexOf(text.Value) : -1;
}
