using DeviceAcme.Cli.Apple.Plist;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>Which keys are there, and of which type.</summary>
internal static class ShapeRules
{
    private static readonly (string Key, Type Type, string Kind, bool Required)[] Known =
    [
        (AppleKey.DirectoryUrl, typeof(PlistValue.Text), "a string", true),
        (AppleKey.ClientIdentifier, typeof(PlistValue.Text), "a string", true),
        (AppleKey.KeySize, typeof(PlistValue.Integer), "an integer", true),
        (AppleKey.KeyType, typeof(PlistValue.Text), "a string", true),
        (AppleKey.HardwareBound, typeof(PlistValue.Flag), "a boolean", true),
        (AppleKey.Subject, typeof(PlistValue.Array), "an array", true),
        (AppleKey.SubjectAltName, typeof(PlistValue.Dictionary), "a dictionary", false),
        (AppleKey.UsageFlags, typeof(PlistValue.Integer), "an integer", false),
        (AppleKey.ExtendedKeyUsage, typeof(PlistValue.Array), "an array", false),
        (AppleKey.Attest, typeof(PlistValue.Flag), "a boolean", false),
    ];

    // macOS only, and only in a configuration profile: the declarative twin is com.apple.configuration.security.identity
    private static readonly string[] MacKeys = [AppleKey.KeyIsExtractable, AppleKey.AllowAllAppsAccess];

    private static readonly (string Key, Type Type, string Kind, bool Required)[] Typed =
        [.. Known, .. MacKeys.Select(key => (key, typeof(PlistValue.Flag), "a boolean", false))];

    private static readonly string[] CommonKeys =
    [
        AppleKey.PayloadType, AppleKey.PayloadVersion, AppleKey.PayloadIdentifier, AppleKey.PayloadUuid, AppleKey.PayloadDisplayName, AppleKey.PayloadDescription,
        AppleKey.PayloadOrganization, "PayloadEnabled",
    ];

    public static IReadOnlyList<LintRule> All { get; } =
    [
        LintRule.OfPayload("key-missing", Severity.Error, LintRules.Apple, (payload, _) => Known
            .Where(known => known.Required && payload.Keys.Find(known.Key) is null)
            .Select(known => new Violation(payload.At(known.Key), known.Kind, "nothing"))),
        LintRule.OfPayload("key-type-wrong", Severity.Error, LintRules.Apple, (payload, _) => Typed
            .Where(known => payload.Keys.Find(known.Key) is { } value && value.GetType() != known.Type)
            .Select(known => new Violation(payload.At(known.Key), known.Kind, payload.Keys.Find(known.Key)!.Kind))),
        LintRule.OfPayload("key-unknown", Severity.Warning, LintRules.Apple, (payload, subject) => payload.Keys.Keys
            .Except(Allowed(subject))
            .Select(key => new Violation(payload.At(key), "a key of the payload", MacKeys.Contains(key)
                ? "a key that the declaration com.apple.configuration.security.identity has"
                : $"'{key}'; {NearestName.Hint(key, Allowed(subject))}"))),
    ];

    private static string[] Allowed(LintSubject subject) =>
        [.. Known.Select(known => known.Key), .. subject.File.IsDeclarative ? [] : MacKeys.Concat(CommonKeys)];
}
