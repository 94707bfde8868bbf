#if PLANTED_DEFECTS
namespace DeviceAcme.Attestation;

/// <summary>The rule that this request is let break, so that conformance suites can be tried on a wrong server. In test builds alone: a release build has neither this type nor what asks it.</summary>
/// <remarks>It belongs to a request and what is awaited in it. The table of defects is <c>Server/Defects/PlantedDefects.cs</c>.</remarks>
public static class Planted
{
    private static readonly AsyncLocal<Defect?> Current = new();

    /// <summary>Whether the signature of the request counts: a defect that changes what a client sent cannot sign for it.</summary>
    public static bool ExcusesSignature => Current.Value?.SignatureExcused == true;

    /// <summary>Whether this defect is planted here.</summary>
    public static bool Is(string name) => Current.Value?.Name == name;

    /// <summary>Whether a refusal with this reason code is overlooked here.</summary>
    public static bool Overlooks(string? reason) => reason is not null && Current.Value?.Overlooked.Contains(reason) == true;

    /// <summary>Whether any refusal is overlooked here: then what depends on it is too.</summary>
    public static bool OverlooksAny => Current.Value?.Overlooked.Count > 0;

    /// <summary>Plants a defect for whatever is called from here on.</summary>
    public static void Plant(string name, IReadOnlyList<string> overlooked) => Current.Value = new Defect(name, overlooked);

    /// <summary>From here on the request's signature does not count.</summary>
    public static void ExcuseSignature() => Current.Value?.SignatureExcused = true;

    /// <summary>The same work with the defect of whoever asked for it, for a thread that works for many.</summary>
    public static Func<TGiven, TResult> Carried<TGiven, TResult>(Func<TGiven, TResult> work)
    {
        var asked = Current.Value;
        return asked is null ? work : given =>
        {
            Current.Value = asked;
            try
            {
                return work(given);
            }
            finally
            {
                Current.Value = null;
            }
        };
    }

    private sealed class Defect(string name, IReadOnlyList<string> overlooked)
    {
        public string Name { get; } = name;

        public IReadOnlyList<string> Overlooked { get; } = overlooked;

        public bool SignatureExcused { get; set; }
    }
}
#endif
