namespace DeviceAcme.Simulator.Serve.Judging;

/// <summary>How much a rule binds.</summary>
internal enum Level
{
    /// <summary>A MUST of the standard, or what no enrollment works without.</summary>
    Must,

    /// <summary>A SHOULD.</summary>
    Should,

    /// <summary>Good manners that no standard asks for.</summary>
    Advice,
}

/// <summary>One time that a client kept a rule or broke it.</summary>
/// <param name="Kept">Which of the two.</param>
/// <param name="Words">What was seen.</param>
/// <param name="Exchanges">Numbers of the exchanges that show it.</param>
internal sealed record Finding(bool Kept, string Words, params IReadOnlyList<int> Exchanges)
{
    public static Finding Good(params IReadOnlyList<int> exchanges) => new(true, "", exchanges);

    public static Finding Bad(string words, params IReadOnlyList<int> exchanges) => new(false, words, exchanges);

    public static Finding Of(bool kept, string words, params IReadOnlyList<int> exchanges) => kept ? Good(exchanges) : Bad(words, exchanges);
}

/// <summary>One rule about clients.</summary>
/// <param name="Name">In kebab case.</param>
/// <param name="Section">Document and section.</param>
/// <param name="Level">How much it binds.</param>
/// <param name="Sentence">What a client does that keeps it.</param>
/// <param name="Judge">Looks for it; finds nothing where there was no occasion.</param>
internal sealed record Rule(string Name, string Section, Level Level, string Sentence, Func<Story, IEnumerable<Finding>> Judge);

/// <summary>What came of a rule.</summary>
internal enum Mark
{
    Pass,
    Fail,
    NotSeen,
}

/// <summary>A rule and what was found.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Kept">How often it was kept.</param>
/// <param name="Proof">Exchanges that show it, where it was kept.</param>
/// <param name="Broken">Where it was broken, the first of them.</param>
/// <param name="BrokenCount">How often.</param>
internal sealed record Judged(Rule Rule, int Kept, IReadOnlyList<int> Proof, IReadOnlyList<Finding> Broken, int BrokenCount)
{
    private const int MostFindings = 20;

    public Mark Mark => BrokenCount > 0 ? Mark.Fail : Kept > 0 ? Mark.Pass : Mark.NotSeen;

    public static Judged Of(Rule rule, Story story)
    {
        var findings = rule.Judge(story).ToList();
        var broken = findings.Where(finding => !finding.Kept).ToList();
        return new Judged(rule, findings.Count - broken.Count, [.. findings.Where(finding => finding.Kept).Take(3).SelectMany(finding => finding.Exchanges)], [.. broken.Take(MostFindings)], broken.Count);
    }
}

/// <summary>All rules, by section.</summary>
internal static class RuleTable
{
    public static IReadOnlyList<Rule> All { get; } =
        [.. TransportRules.All, .. SignatureRules.All, .. NonceRules.All, .. DirectoryRules.All, .. AccountRules.All, .. OrderRules.All, .. ValidationRules.All, .. CertificateRules.All, .. RenewalRules.All, .. DeviceRules.All];

    public static IReadOnlyList<Judged> Judge(Story story) => [.. All.Select(rule => Judged.Of(rule, story))];
}
