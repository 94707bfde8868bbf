using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>Whether there will be evidence: with the wrong keys or on the wrong system there silently is none.</summary>
internal static class AttestationRules
{
    private static readonly Version MacSince = new(14, 0);
    private static readonly Version WatchSince = new(10, 0);

    public static IReadOnlyList<LintRule> All { get; } =
    [
        LintRule.OfPayload("attest-without-hardware", Severity.Error, LintRules.Apple, (payload, _) =>
            Attests(payload) && payload.Flag(AppleKey.HardwareBound) == false
                ? new(payload.At(AppleKey.HardwareBound), "true where Attest is true", "false") : null),
        LintRule.OfPayload("attest-before-macos-14", Severity.Error, LintRules.Apple, (payload, subject) => Attests(payload)
            ? Older(subject, "macos", MacSince).Select(system => new Violation(payload.At(AppleKey.Attest), "false before macOS 14", $"true, for {system}")) : []),
        LintRule.OfPayload("hardware-bound-before-macos-14", Severity.Error, LintRules.Apple, (payload, subject) => payload.Flag(AppleKey.HardwareBound) == true
            ? Older(subject, "macos", MacSince).Select(system => new Violation(payload.At(AppleKey.HardwareBound), "false before macOS 14", $"true, for {system}")) : []),
        LintRule.OfPayload("attest-before-watchos-10", Severity.Error, LintRules.Apple, (payload, subject) => Attests(payload)
            ? Older(subject, "watchos", WatchSince).Select(system => new Violation(payload.At(AppleKey.Attest), "no Attest before watchOS 10", $"true, for {system}")) : []),
        new("system-too-old", Severity.Error, LintRules.Apple, subject => subject.Systems
            .Select(system => (System: system, Since: subject.File.IsDeclarative ? AppleSystem.Since[system.Name].Declarative : AppleSystem.Since[system.Name].Profile))
            .Where(item => item.System.Version < item.Since)
            .Select(item => new Violation("", $"{item.System.Name} {item.Since} or later, which knows this payload", $"{item.System}"))),
        LintRule.OfPayload("attest-missing", Severity.Error, "profile", (payload, subject) =>
            subject.Profile is { Attestation.Mode: AttestationMode.Required } profile && !Attests(payload)
                ? new(payload.At(AppleKey.Attest), $"true: profile {profile.Name} requires evidence", payload.Flag(AppleKey.Attest) is null ? "nothing, which is false" : "false") : null),
        LintRule.OfPayload("attest-unneeded", Severity.Note, "profile", (payload, subject) =>
            subject.Profile is { Attestation.Mode: AttestationMode.None } profile && Attests(payload)
                ? new(payload.At(AppleKey.Attest), $"false: profile {profile.Name} takes no evidence", "true") : null),
        new("profile-not-for-apple", Severity.Error, "profile", subject =>
            subject.Profile is { } profile && profile.Attestation.Mode != AttestationMode.None && !profile.Attestation.Formats.Contains("apple") && subject.AcmePayloads.Count > 0
                ? [new("", "a profile that takes apple evidence", $"profile {profile.Name}, which takes {string.Join(", ", profile.Attestation.Formats)}")] : []),
    ];

    private static bool Attests(FoundPayload payload) => payload.Flag(AppleKey.Attest) == true;

    private static IEnumerable<AppleSystem> Older(LintSubject subject, string name, Version since) =>
        subject.Systems.Where(system => system.Name == name && system.Version < since);
}
