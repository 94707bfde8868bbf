namespace DeviceAcme.Cli.Apple.Plist;

/// <summary>A value of a property list; JSON documents are read into the same shape.</summary>
internal abstract record PlistValue
{
    private PlistValue()
    {
    }

    /// <summary>What the value is called in messages.</summary>
    public abstract string Kind { get; }

    internal sealed record Text(string Value) : PlistValue
    {
        public override string Kind => "a string";
    }

    internal sealed record Integer(long Value) : PlistValue
    {
        public override string Kind => "an integer";
    }

    /// <summary>A number with a fraction, as it was written.</summary>
    internal sealed record Real(string Value) : PlistValue
    {
        public override string Kind => "a real number";
    }

    internal sealed record Flag(bool Value) : PlistValue
    {
        public override string Kind => "a boolean";
    }

    internal sealed record Data(ReadOnlyMemory<byte> Value) : PlistValue
    {
        public override string Kind => "data";
    }

    internal sealed record Date(DateTimeOffset Value) : PlistValue
    {
        public override string Kind => "a date";
    }

    internal sealed record Array(IReadOnlyList<PlistValue> Items) : PlistValue
    {
        public override string Kind => "an array";
    }

    /// <summary>Keys in the order in which they were written, none twice.</summary>
    internal sealed record Dictionary(IReadOnlyList<KeyValuePair<string, PlistValue>> Entries) : PlistValue
    {
        public override string Kind => "a dictionary";

        public IEnumerable<string> Keys => Entries.Select(entry => entry.Key);

        public PlistValue? Find(string key) => Entries.FirstOrDefault(entry => entry.Key == key).Value;

        /// <summary>The string of this key; null where it is missing or something else.</summary>
        public string? TextOf(string key) => (Find(key) as Text)?.Value;
    }

    /// <summary>JSON's null, which no property list has.</summary>
    internal sealed record Null : PlistValue
    {
        public override string Kind => "null";
    }
}

/// <summary>A document that cannot be read.</summary>
/// <param name="code">Stable, kebab-case.</param>
/// <param name="line">1-based; 0 where no line is known.</param>
internal sealed class UnreadableDocument(string code, string expected, string found, int line = 0) : Exception($"expected {expected}, found {found}")
{
    public string Code { get; } = code;

    public string Expected { get; } = expected;

    public string Found { get; } = found;

    public int Line { get; } = line;
}
