using System.Globalization;

namespace DeviceAcme.Attestation;

/// <summary>A named, typed value that the evidence carries.</summary>
/// <param name="Name">Dotted name, for example <c>device.serial</c>.</param>
/// <param name="Value">The typed value.</param>
/// <param name="Proven">False while the chain that vouches for it did not verify.</param>
public sealed record Fact(string Name, FactValue Value, bool Proven);

/// <summary>The value of a fact. <see cref="Blank"/> means present but empty, which is neither absent nor different.</summary>
public abstract record FactValue
{
    private FactValue()
    {
    }

    /// <summary>Text.</summary>
    public sealed record Text(string Value) : FactValue;

    /// <summary>A whole number.</summary>
    public sealed record Number(long Value) : FactValue;

    /// <summary>Yes or no.</summary>
    public sealed record Flag(bool Value) : FactValue;

    /// <summary>Octets, shown as lower-case hex.</summary>
    public sealed record Octets(ReadOnlyMemory<byte> Value) : FactValue;

    /// <summary>A point in time.</summary>
    public sealed record Instant(DateTimeOffset Value) : FactValue;

    /// <summary>The property is there but empty: the vendor could not verify it.</summary>
    public sealed record Blank : FactValue;

    /// <summary>The value as templates and rules see it.</summary>
    public sealed override string ToString() => this switch
    {
        Text text => text.Value,
        Number number => number.Value.ToString(CultureInfo.InvariantCulture),
        Flag flag => flag.Value ? "true" : "false",
        Octets octets => Convert.ToHexStringLower(octets.Value.Span),
        Instant instant => instant.Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        _ => "",
    };
}

/// <summary>The facts of one verdict, by name.</summary>
public sealed class FactSet
{
    private readonly Dictionary<string, Fact> _facts;

    /// <summary>A set of these facts; a name given twice is an error of the caller.</summary>
    public FactSet(IEnumerable<Fact> facts) => _facts = facts.ToDictionary(fact => fact.Name, StringComparer.Ordinal);

    /// <summary>No facts.</summary>
    public static FactSet Empty { get; } = new([]);

    /// <summary>All facts, ordered by name.</summary>
    public IEnumerable<Fact> All => _facts.Values.OrderBy(fact => fact.Name, StringComparer.Ordinal);

    /// <summary>The fact of this name, or null where the evidence has none.</summary>
    public Fact? Find(string name) => _facts.GetValueOrDefault(name);

    /// <summary>These facts with those that the anchor of the chain gives or caps.</summary>
    internal FactSet Under(AnchorTerms terms)
    {
        if (terms.Facts.Count == 0)
        {
            return this;
        }

        var facts = new Dictionary<string, Fact>(_facts, StringComparer.Ordinal);
        foreach (var (name, value) in terms.Facts)
        {
            var stands = name == AssuranceLevel.Fact && Find(name) is { } said ? AssuranceLevel.Lower(said.Value, value) : value;
            facts[name] = new Fact(name, stands, Proven: true);
        }

        return new FactSet(facts.Values);
    }
}
