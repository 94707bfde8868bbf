using System.Globalization;
using System.Text;

namespace DeviceAcme.Attestation;

/// <summary>
/// What an anchor is good for: its operator's words, not its vendor's. Terms of an intermediate count as those of a root do: every
/// certificate of a path must permit the use, and where two of them decide the same thing, the one nearer to the device decides.
/// </summary>
public sealed record AnchorTerms
{
    /// <summary>The use of an anchor for endorsement key certificates of TPMs, beside the statement formats.</summary>
    public const string EndorsementKeys = "ek";

    /// <summary>Good for everything, by the ordinary rules.</summary>
    public static AnchorTerms Unlimited { get; } = new();

    /// <summary>The statement formats (or <see cref="EndorsementKeys"/>) that it may vouch for; null for all.</summary>
    public IReadOnlyList<string>? Formats { get; init; }

    /// <summary>The profiles that it may vouch for, by name; null for all.</summary>
    public IReadOnlyList<string>? Profiles { get; init; }

    /// <summary>
    /// Facts that all evidence below it gets, in place of what the evidence itself says; <see cref="AssuranceLevel.Fact"/> is a ceiling.
    /// </summary>
    public IReadOnlyDictionary<string, FactValue> Facts { get; init; } = new Dictionary<string, FactValue>();

    /// <summary>What becomes of device certificates and intermediates past their end; null is <see cref="ExpiredCertificates.Enforce"/>.</summary>
    public ExpiredCertificates? Expired { get; init; }

    /// <summary>
    /// The hardware type (dotted OID) of devices whose birth certificates name their serial number in the subject's serialNumber instead of a
    /// HardwareModuleName (IEEE 802.1AR §8.10); null where they must have a HardwareModuleName.
    /// </summary>
    public string? HardwareType { get; init; }

    /// <summary>Hosts, lower-case, that missing intermediates may be fetched from (RFC 5280 §4.2.2.1, caIssuers). None: nothing is fetched.</summary>
    public IReadOnlyList<string> IssuerHosts { get; init; } = [];

    /// <summary>Set where nothing below it is believed any more, whatever else is written here.</summary>
    public Distrust? Distrusted { get; init; }

    /// <summary>True where nothing is limited, given or decided.</summary>
    public bool IsUnlimited => Formats is null && Profiles is null && Facts.Count == 0 && Expired is null && HardwareType is null
        && IssuerHosts.Count == 0 && Distrusted is null;

    /// <summary>These terms, and those of <paramref name="general"/> for what is not decided here.</summary>
    public AnchorTerms Over(AnchorTerms general) => IsUnlimited ? general : new AnchorTerms
    {
        Formats = Formats ?? general.Formats,
        Profiles = Profiles ?? general.Profiles,
        Facts = Facts.Concat(general.Facts.Where(fact => !Facts.ContainsKey(fact.Key))).ToDictionary(StringComparer.Ordinal),
        Expired = Expired ?? general.Expired,
        HardwareType = HardwareType ?? general.HardwareType,
        IssuerHosts = IssuerHosts.Count > 0 ? IssuerHosts : general.IssuerHosts,
        Distrusted = Distrusted ?? general.Distrusted,
    };

    /// <summary>The terms of an intermediate together with those of what is above it: a ceiling above stays one.</summary>
    internal AnchorTerms Below(AnchorTerms above)
    {
        var terms = Over(above);
        return Facts.TryGetValue(AssuranceLevel.Fact, out var own) && above.Facts.TryGetValue(AssuranceLevel.Fact, out var ceiling)
            ? terms with { Facts = new Dictionary<string, FactValue>(terms.Facts, StringComparer.Ordinal) { [AssuranceLevel.Fact] = AssuranceLevel.Lower(own, ceiling) } }
            : terms;
    }

    /// <inheritdoc/>
    public bool Equals(AnchorTerms? other) => other is not null && Distrusted == other.Distrusted && Canonical() == other.Canonical();

    /// <inheritdoc/>
    public override int GetHashCode() => Canonical().GetHashCode(StringComparison.Ordinal);

    /// <summary>For people: every term in a few words; <c>no limits</c> where there are none.</summary>
    public override string ToString()
    {
        var parts = new List<string>();
        if (Distrusted is { } distrusted)
        {
            parts.Add(distrusted.ToString());
        }

        if (Formats is { } formats)
        {
            parts.Add($"limited to format {string.Join(", ", formats)}");
        }

        if (Profiles is { } profiles)
        {
            parts.Add($"limited to profile {string.Join(", ", profiles)}");
        }

        parts.AddRange(Facts.OrderBy(fact => fact.Key, StringComparer.Ordinal).Select(fact =>
            fact.Key == AssuranceLevel.Fact ? $"{fact.Key} at most {fact.Value}" : $"{fact.Key} is {fact.Value}"));
        if (Expired == ExpiredCertificates.Ignore)
        {
            parts.Add("expired certificates are accepted");
        }

        if (HardwareType is { } type)
        {
            parts.Add($"hardware type {type}");
        }

        if (IssuerHosts.Count > 0)
        {
            parts.Add($"issuers from {string.Join(", ", IssuerHosts)}");
        }

        return parts.Count == 0 ? "no limits" : string.Join("; ", parts);
    }

    /// <summary>Everything that can change a judgement, in one unambiguous order; beside distrust nothing else can.</summary>
    internal string Judging() => Distrusted is null ? Canonical() : "anchor-terms\ndistrusted\n";

    private string Canonical()
    {
        var text = new StringBuilder("anchor-terms\n");
        Add("formats", Formats);
        Add("profiles", Profiles);
        foreach (var (name, value) in Facts.OrderBy(fact => fact.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"fact {name.Length} {name} {value.GetType().Name} {value.ToString().Length} {value}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"expired {Expired ?? ExpiredCertificates.Enforce}\n");
        text.Append(CultureInfo.InvariantCulture, $"hardware-type {HardwareType}\n");
        Add("issuer-hosts", IssuerHosts.Count > 0 ? IssuerHosts : null);
        text.Append(Distrusted is null ? "trusted\n" : "distrusted\n");
        return text.ToString();

        void Add(string name, IReadOnlyList<string>? values)
        {
            if (values is not null)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name} {values.Count}\n");
                foreach (var value in values.Order(StringComparer.Ordinal))
                {
                    text.Append(CultureInfo.InvariantCulture, $"{value.Length} {value}\n");
                }
            }
        }
    }
}

/// <summary>What becomes of device certificates and intermediates past their end; roots are recorded only.</summary>
public enum ExpiredCertificates
{
    /// <summary>They are refused.</summary>
    Enforce,

    /// <summary>They are accepted and named: birth certificates are made once and cannot be renewed (IEEE 802.1AR).</summary>
    Ignore,
}

/// <summary>Why and since when an anchor is believed no more.</summary>
/// <param name="Reason">In the operator's words.</param>
/// <param name="Since">When that was decided; recorded, not judged.</param>
public sealed record Distrust(string Reason, DateTimeOffset Since)
{
    /// <inheritdoc/>
    public override string ToString() => $"distrusted since {new FactValue.Instant(Since)}: {EvidenceText.Visible(Reason)}";
}

/// <summary>What an anchor is asked to vouch for.</summary>
/// <param name="Format">A statement format or <see cref="AnchorTerms.EndorsementKeys"/>; empty where none was said, which no limited anchor permits.</param>
/// <param name="Profile">The profile's name; null only in an offline verification.</param>
public sealed record AnchorUse(string Format, string? Profile)
{
    /// <summary>Nothing was said.</summary>
    internal static AnchorUse Unnamed { get; } = new("", null);

    /// <summary>Why this use is not permitted; null where it is, as far as is known.</summary>
    internal string? Forbidden(AnchorTerms terms)
    {
        if (terms.Formats is { } formats && !formats.Contains(Format, StringComparer.Ordinal))
        {
            return $"is limited to format {string.Join(", ", formats)}; this is {(Format.Length == 0 ? "none" : Format)}";
        }

        return terms.Profiles is { } profiles && Profile is not null && !profiles.Contains(Profile, StringComparer.Ordinal)
            ? $"is limited to profile {string.Join(", ", profiles)}; this is {Profile}"
            : null;
    }
}
