using DeviceAcme.Core.Identifiers;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Tickets;

/// <summary>What the accounts of a ticket may order: patterns as in profiles, each with the type that it is for (<c>dns:.example.com</c>).</summary>
internal sealed class AllowedIdentifiers
{
    private readonly List<(string Type, AllowPattern Pattern)> _patterns = [];

    private AllowedIdentifiers()
    {
    }

    /// <summary>Reads stored or written entries.</summary>
    /// <param name="mistake">What is wrong with the first entry that is no pattern; null where nothing is.</param>
    public static AllowedIdentifiers Parse(IReadOnlyList<string> entries, out string? mistake)
    {
        var allowed = new AllowedIdentifiers();
        mistake = null;
        foreach (var entry in entries)
        {
            var colon = entry.IndexOf(':', StringComparison.Ordinal);
            var type = colon < 0 ? "" : entry[..colon];
            if (IdentifierTypes.Find(type) is null || colon == entry.Length - 1)
            {
                mistake ??= $"'{entry}' must be TYPE:PATTERN, for example dns:.example.com; {NearestName.Hint(type, [.. IdentifierTypes.All.Select(known => known.Name)])}";
            }
            else if (AllowPattern.Parse(type, entry[(colon + 1)..], out var error) is { } pattern)
            {
                allowed._patterns.Add((type, pattern));
            }
            else
            {
                mistake ??= $"'{entry}': {error}";
            }
        }

        return allowed;
    }

    /// <summary>Why an identifier may not be ordered; null where it may.</summary>
    public string? Objection(AcmeIdentifier identifier) =>
        _patterns.Count == 0 || _patterns.Any(allowed => allowed.Type == identifier.Type && allowed.Pattern.Matches(identifier.Value)) ? null
        : _patterns.Where(allowed => allowed.Type == identifier.Type).Select(allowed => allowed.Pattern.Text).ToList() is { Count: > 0 } patterns
            ? $"none of the {identifier.Type} patterns allows it: {string.Join(", ", patterns)}"
            : $"it allows {string.Join(", ", _patterns.Select(allowed => allowed.Type).Distinct(StringComparer.Ordinal))}, and no {identifier.Type}";

    /// <summary>True where one of the patterns is this very value, and not one of many.</summary>
    public bool Names(AcmeIdentifier identifier) =>
        _patterns.Any(allowed => allowed.Type == identifier.Type && allowed.Pattern.IsExact && allowed.Pattern.Matches(identifier.Value));
}
