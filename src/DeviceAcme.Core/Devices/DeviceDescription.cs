using System.Text.RegularExpressions;

namespace DeviceAcme.Core.Devices;

/// <summary>What somebody says about a device. Null: nothing is said of it; an empty text takes away.</summary>
internal sealed partial record DeviceDescription
{
    /// <summary>The attribute whose value is a Windows account's security identifier.</summary>
    public const string SidAttribute = "sid";

    private const int LongestText = 200;
    private const int MostAttributes = 50;
    private const int MostGroups = 50;

    // names that the ledger itself gives to facts
    private static readonly string[] Taken = ["state", "label", "owner", "group", "groups", "inventory", "inventory-age", "inventory-listed"];

    public string? Label { get; init; }
    public string? Owner { get; init; }
    public IReadOnlyDictionary<string, string>? Attributes { get; init; }
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>Everything that is wrong with it.</summary>
    public IEnumerable<string> Mistakes()
    {
        foreach (var (name, text) in new[] { ("label", Label), ("owner", Owner) })
        {
            if (text is not null && !Fits(text))
            {
                yield return $"{name}: expected at most {LongestText} characters without control characters";
            }
        }

        foreach (var group in Groups ?? [])
        {
            if (!Name().IsMatch(group))
            {
                yield return $"groups: '{Shown(group)}' must have only lower-case letters, digits and inner hyphens, at most 63";
            }
        }

        if (Groups is { Count: > MostGroups } || Groups?.Distinct(StringComparer.Ordinal).Count() < Groups?.Count)
        {
            yield return $"groups: expected at most {MostGroups}, each once";
        }

        if (Attributes is { Count: > MostAttributes })
        {
            yield return $"attributes: expected at most {MostAttributes}, found {Attributes.Count}";
        }

        foreach (var (key, value) in Attributes ?? new Dictionary<string, string>())
        {
            if (!Name().IsMatch(key) || Taken.Contains(key))
            {
                yield return $"attributes: the key '{Shown(key)}' must have only lower-case letters, digits and inner hyphens, and be none of {string.Join(", ", Taken)}";
            }
            else if (!Fits(value))
            {
                yield return $"attributes: the value of {key} must have at most {LongestText} characters without control characters";
            }
            else if (key == SidAttribute && value.Length > 0 && !Sid().IsMatch(value))
            {
                yield return $"attributes: {key} must be a security identifier of an account such as S-1-5-21-1004336348-1177238915-682003330-512, found '{value}'";
            }
        }
    }

    public bool SameAs(DeviceDescription other) => Difference(other).Length == 0;

    /// <summary>What changes from this to the other, for the history.</summary>
    public string Difference(DeviceDescription other)
    {
        var changes = new List<string>();
        Compare("label", Label, other.Label);
        Compare("owner", Owner, other.Owner);
        Compare("groups", string.Join(' ', Groups ?? []), string.Join(' ', other.Groups ?? []));
        foreach (var key in (Attributes ?? new Dictionary<string, string>()).Keys.Union((other.Attributes ?? new Dictionary<string, string>()).Keys).Order(StringComparer.Ordinal))
        {
            Compare(key, Attributes?.GetValueOrDefault(key), other.Attributes?.GetValueOrDefault(key));
        }

        return string.Join("; ", changes);

        void Compare(string name, string? before, string? after)
        {
            if ((before ?? "") != (after ?? ""))
            {
                changes.Add($"{name}: '{before}' to '{after}'");
            }
        }
    }

    /// <summary>Whether a device that is described so would stay as it is.</summary>
    public bool SaysNothingNewOf(DeviceDescription known) =>
        (Label is null || Label == (known.Label ?? ""))
        && (Owner is null || Owner == (known.Owner ?? ""))
        && (Groups is null || Groups.Order(StringComparer.Ordinal).SequenceEqual((known.Groups ?? []).Order(StringComparer.Ordinal)))
        && (Attributes is null || Attributes.All(attribute => attribute.Value == (known.Attributes?.GetValueOrDefault(attribute.Key) ?? "")));

    /// <summary>True for the name of a group, which is also the last part of a fact's name.</summary>
    public static bool IsName(string text) => Name().IsMatch(text);

    /// <summary>True for the security identifier of an account in a domain.</summary>
    public static bool IsSid(string text) => Sid().IsMatch(text);

    private static bool Fits(string text) => text.Length <= LongestText && !text.Any(char.IsControl);

    private static string Shown(string text) => text.Length > 40 ? text[..40] + "…" : text;

    [GeneratedRegex(@"\A[a-z0-9]+(?:-[a-z0-9]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    // an account of a domain: S-1-5-21, three parts of the domain, one of the account
    [GeneratedRegex(@"\AS-1-5-21(?:-(?:0|[1-9][0-9]{0,9})){4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sid();
}
