namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>What a rule says of one place.</summary>
internal sealed record Violation(string Path, string Expected, string Found);

/// <summary>One rule; its code stands in findings, in the documentation and in no other rule.</summary>
/// <param name="Source">Who says so.</param>
internal sealed record LintRule(string Code, Severity Severity, string Source, Func<LintSubject, IEnumerable<Violation>> Check)
{
    /// <summary>A rule that looks at each ACME payload for itself.</summary>
    public static LintRule OfPayload(string code, Severity severity, string source, Func<FoundPayload, LintSubject, IEnumerable<Violation>> check) =>
        new(code, severity, source, subject => subject.AcmePayloads.SelectMany(payload => check(payload, subject)));

    /// <summary>The same, with at most one violation.</summary>
    public static LintRule OfPayload(string code, Severity severity, string source, Func<FoundPayload, LintSubject, Violation?> check) =>
        OfPayload(code, severity, source, (payload, subject) => check(payload, subject) is { } violation ? [violation] : Array.Empty<Violation>());

    public IEnumerable<Finding> Run(LintSubject subject) =>
        Check(subject).Select(violation => new Finding(Code, Severity, violation.Path, violation.Expected, violation.Found, Source));
}

/// <summary>The list of rules.</summary>
internal static class LintRules
{
    /// <summary>Apple's schema of the payload.</summary>
    public const string Apple = "Apple";

    public static IReadOnlyList<LintRule> All { get; } =
    [
        .. EnvelopeRules.All,
        .. SignatureRules.All,
        .. ShapeRules.All,
        .. DirectoryRules.All,
        .. ClientIdentifierRules.All,
        .. KeyRules.All,
        .. AttestationRules.All,
        .. SubjectRules.All,
        .. UsageRules.All,
    ];

    /// <summary>All findings, worst first.</summary>
    public static IReadOnlyList<Finding> Run(LintSubject subject) =>
        [.. All.SelectMany(rule => rule.Run(subject)).OrderByDescending(finding => finding.Severity)];
}
