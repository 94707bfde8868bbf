namespace DeviceAcme.Core.Profiles;

/// <summary>How long verdicts and the bytes that they judged are kept.</summary>
/// <param name="Statements">The bytes; null: they are never written.</param>
/// <param name="Verdicts">The verdicts, with their facts; null: they are never written. Never shorter than <paramref name="Statements"/>.</param>
internal sealed record EvidenceRetention(TimeSpan? Statements, TimeSpan? Verdicts)
{
    private static readonly TimeSpan Usual = TimeSpan.FromDays(400);

    /// <summary>400 days for both; also for what profiles left behind that are gone.</summary>
    public static EvidenceRetention Default { get; } = new(Usual, Usual);

    public static EvidenceRetention VerdictOnly { get; } = new(null, Usual);

    public static EvidenceRetention None { get; } = new(null, null);
}

/// <summary>Reads the <c>evidence:</c> part of a profile file.</summary>
internal static class EvidenceSection
{
    internal static readonly string[] Known = ["keep", "verdicts"];

    public static EvidenceRetention Read(ProfileNode? node)
    {
        if (node is null)
        {
            return EvidenceRetention.Default;
        }

        var properties = node.Properties(Known);
        var retention = properties.TryGetValue("keep", out var keep) ? Keep(keep) : EvidenceRetention.Default;
        if (!properties.TryGetValue("verdicts", out var verdicts))
        {
            return retention;
        }

        var life = Duration.Read(verdicts);
        if (retention.Verdicts is null)
        {
            verdicts.Mistake("keep is none: there are no verdicts to keep; 'keep: verdict-only' keeps them without the evidence");
        }
        else if (retention.Statements > life && life > TimeSpan.Zero)
        {
            verdicts.Mistake("must not be shorter than keep: evidence without its verdict explains nothing");
        }

        return retention with { Verdicts = life };
    }

    private static EvidenceRetention Keep(ProfileNode node)
    {
        switch (node.Scalar)
        {
            case "verdict-only":
                return EvidenceRetention.VerdictOnly;
            case "none":
                return EvidenceRetention.None;
            case { Length: > 0 } text when !char.IsAsciiDigit(text[0]):
                node.Mistake($"must be a time such as 400d, verdict-only or none, found '{text}'; {NearestName.Hint(text, ["verdict-only", "none"])}");
                return EvidenceRetention.Default;
            default:
                var life = Duration.Read(node);
                return new EvidenceRetention(life, life);
        }
    }
}
