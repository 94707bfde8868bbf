using System.Globalization;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;

namespace DeviceAcme.Core.Profiles;

/// <summary>A test that stands in the profile's own file: facts in, verdict out.</summary>
/// <param name="Line">Where it stands, 1-based.</param>
/// <param name="Accepted">Whether the rules must let these facts through.</param>
/// <param name="Reason">The reason code of the expected refusal; null where any will do.</param>
/// <param name="Observed">The reason code that the observed rules must record; null where they are not looked at.</param>
internal sealed record ProfileTest(string Name, int Line, FactSet Facts, bool Accepted, string? Reason, string? Observed)
{
    /// <summary>What came out differently from what was expected; null where nothing did.</summary>
    public string? Run(AttestationRule rule)
    {
        var verdict = DevicePolicy.JudgeAnswers(DevicePolicy.Judge(new Verdict { Format = "", Outcome = VerdictOutcome.Accepted, Checks = [], Facts = Facts }, rule, ledger: true), rule);
        var accepted = verdict.Outcome == VerdictOutcome.Accepted;
        var failed = verdict.Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Failed);
        var found = accepted ? "accepted" : $"refused ({failed!.Reason!.Code}): {failed.Rule}, where {failed.Found}";
        if (accepted != Accepted || (Reason is not null && failed?.Reason?.Code != Reason))
        {
            return $"expected {(Accepted ? "accepted" : "refused")}{(Reason is null ? "" : $" ({Reason})")}, found {found}";
        }

        var observed = verdict.Checks.Where(check => check.Outcome == CheckOutcome.Observed).ToList();
        return Observed is null || observed.Exists(check => check.Reason!.Code == Observed) ? null
            : observed.Count == 0 ? $"expected the observed rules to record {Observed}, found that they all hold"
            : $"expected the observed rules to record {Observed}, found {string.Join(", ", observed.Select(check => $"{check.Reason!.Code} ({check.Rule}, where {check.Found})"))}";
    }
}

/// <summary>Reads <c>tests:</c> of a profile.</summary>
internal static class ProfileTestSection
{
    internal static readonly string[] Known = ["name", "facts", "unproven", "verdict", "reason", "observed"];

    private static readonly string[] RuleReasons =
        [.. new[] { Reasons.FactAbsent, Reasons.FactBlank, Reasons.FactUnproven, Reasons.FactDifferent, Reasons.FactNotComparable }.Select(reason => reason.Code)];

    public static IReadOnlyList<ProfileTest> Read(ProfileNode? node) => node is null ? [] : [.. node.Items().Select(ReadOne).OfType<ProfileTest>()];

    private static ProfileTest? ReadOne(ProfileNode node)
    {
        var properties = node.Properties(Known);
        if (!node.IsMapping)
        {
            return null;
        }

        if (!properties.TryGetValue("verdict", out var verdict))
        {
            node.Mistake("needs verdict: accepted or refused");
            return null;
        }

        var accepted = verdict.Choice(new Dictionary<string, bool> { ["accepted"] = true, ["refused"] = false });
        var facts = new Dictionary<string, Fact>(StringComparer.Ordinal);
        Facts(properties.GetValueOrDefault("facts"), true, facts);
        Facts(properties.GetValueOrDefault("unproven"), false, facts);
        var reason = Code(properties.GetValueOrDefault("reason"));
        if (reason is not null && accepted)
        {
            properties["reason"].Mistake("is for a refusal, and verdict is accepted");
        }

        var name = properties.TryGetValue("name", out var named) ? named.Text() : null;
        return new ProfileTest(name ?? node.Key, node.Line, new FactSet(facts.Values), accepted, reason, Code(properties.GetValueOrDefault("observed")));
    }

    private static string? Code(ProfileNode? node)
    {
        if (node?.Text() is not { } code)
        {
            return null;
        }

        if (!RuleReasons.Contains(code))
        {
            node.Mistake($"'{code}' is not a reason that a rule about facts gives; {NearestName.Hint(code, RuleReasons)}");
        }

        return code;
    }

    private static void Facts(ProfileNode? node, bool proven, Dictionary<string, Fact> facts)
    {
        foreach (var (name, value) in node?.Entries() ?? [])
        {
            if (!TextTemplate.IsFactName(name))
            {
                value.Mistake($"'{name}' is not a fact's name such as device.serial");
            }
            else if (value.Scalar is not { } text)
            {
                value.Mistake("must be the fact's value; \"\" for one that is there but blank. A fact that is not listed is absent");
            }
            else if (!facts.TryAdd(name, new Fact(name, Value(text), proven)))
            {
                value.Mistake($"'{name}' stands here twice");
            }
        }
    }

    // rules compare by text, but for times
    private static FactValue Value(string text) =>
        text.Length == 0 ? new FactValue.Blank()
        : DateTimeOffset.TryParseExact(
            text, "yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? new FactValue.Instant(time)
            : new FactValue.Text(text);
}
