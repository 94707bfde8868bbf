using DeviceAcme.Cli.Apple.Plist;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>The configuration profile around the payload, and what refers to what in it.</summary>
internal static class EnvelopeRules
{
    private const int MaximumDepth = 16;

    private static readonly string[] References = [AppleKey.PayloadCertificateUuid, "PayloadCertificateAnchorUUID", "IdentityCertificateUUID"];

    public static IReadOnlyList<LintRule> All { get; } =
    [
        new("payload-missing", Severity.Error, LintRules.Apple, subject => subject.AcmePayloads.Count > 0 ? [] :
            [new(AppleKey.PayloadContent, $"a payload of the type {AppleKey.AcmePayload}", Types(subject))]),
        new("payload-type-wrong", Severity.Error, LintRules.Apple, subject => subject.File.IsProfile && subject.File.Root.TextOf(AppleKey.PayloadType) != AppleKey.Configuration
            ? [new(AppleKey.PayloadType, AppleKey.Configuration, subject.File.Root.TextOf(AppleKey.PayloadType) ?? "nothing")] : []),
        new("payload-version-wrong", Severity.Warning, LintRules.Apple, subject => Parts(subject)
            .Where(part => part.Number(AppleKey.PayloadVersion) != 1)
            .Select(part => new Violation(part.At(AppleKey.PayloadVersion), "1", part.Number(AppleKey.PayloadVersion)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "nothing"))),
        new("payload-identifier-missing", Severity.Error, LintRules.Apple, subject => Parts(subject)
            .Where(part => string.IsNullOrWhiteSpace(part.Text(AppleKey.PayloadIdentifier)))
            .Select(part => new Violation(part.At(AppleKey.PayloadIdentifier), "a reverse-DNS name that stays the same, so that a new profile replaces the old", "nothing"))),
        new("payload-uuid-invalid", Severity.Error, LintRules.Apple, subject => Parts(subject)
            .Where(part => !Guid.TryParseExact(part.Text(AppleKey.PayloadUuid), "D", out _))
            .Select(part => new Violation(part.At(AppleKey.PayloadUuid), "a UUID", part.Text(AppleKey.PayloadUuid) is { } text ? $"'{text}'" : "nothing"))),
        new("payload-uuid-duplicate", Severity.Error, LintRules.Apple, Duplicates),
        new("payload-scope-user", Severity.Note, LintRules.Apple, subject => subject.File.IsProfile && subject.File.Root.TextOf(AppleKey.PayloadScope) != "System"
            ? [new(AppleKey.PayloadScope, "System, for an identity of the Mac itself", subject.File.Root.TextOf(AppleKey.PayloadScope) ?? "nothing, which macOS takes for User")] : []),
        new("certificate-reference-unresolved", Severity.Error, LintRules.Apple, Unresolved),
        new("root-missing", Severity.Note, LintRules.Apple, subject => subject.File.IsProfile && !RootPayloads(subject).Any()
            ? [new(AppleKey.PayloadContent, $"a {AppleKey.RootPayload} with the root of the directory's TLS, unless devices trust it already", "none")] : []),
        new("root-differs", Severity.Warning, "server", subject => subject.Roots.Count == 0 ? [] : RootPayloads(subject).Take(1)
            .Where(_ => !RootPayloads(subject).Any(payload => subject.Roots.Any(root => payload.Keys.Find(AppleKey.PayloadContent) is PlistValue.Data data && data.Value.Span.SequenceEqual(root.RawData))))
            .Select(payload => new Violation(payload.At(AppleKey.PayloadContent), "the server's root, " + string.Join(" or ", subject.Roots.Select(root => root.Subject)), "other certificates"))),
    ];

    // the profile and all payloads; declarations have none of these keys
    private static IEnumerable<FoundPayload> Parts(LintSubject subject) =>
        subject.File.IsDeclarative ? [] : subject.File.IsProfile ? [new FoundPayload("", subject.File.Root), .. subject.Payloads] : subject.Payloads;

    private static IEnumerable<FoundPayload> RootPayloads(LintSubject subject) =>
        subject.Payloads.Where(payload => payload.Text(AppleKey.PayloadType) is AppleKey.RootPayload or "com.apple.security.pem");

    private static string Types(LintSubject subject)
    {
        var types = subject.Payloads.Select(payload => payload.Text(AppleKey.PayloadType)).OfType<string>().Take(8).ToArray();
        return types.Length == 0 ? "no payload" : string.Join(", ", types);
    }

    private static IEnumerable<Violation> Duplicates(LintSubject subject) =>
        Parts(subject).Where(part => part.Text(AppleKey.PayloadUuid) is not null)
            .GroupBy(part => part.Text(AppleKey.PayloadUuid), StringComparer.OrdinalIgnoreCase)
            .SelectMany(group => group.Skip(1))
            .Select(part => new Violation(part.At(AppleKey.PayloadUuid), "a UUID of its own", $"that of another payload, {part.Text(AppleKey.PayloadUuid)}"));

    private static IEnumerable<Violation> Unresolved(LintSubject subject)
    {
        var known = subject.Payloads.Select(payload => payload.Text(AppleKey.PayloadUuid)).OfType<string>().ToHashSet(StringComparer.OrdinalIgnoreCase);
        return subject.File.IsProfile
            ? subject.Payloads.SelectMany(payload => Named(payload.Keys, payload.Path, 0)).Where(reference => !known.Contains(reference.Uuid))
                .Select(reference => new Violation(reference.Path, "the PayloadUUID of a payload in this file", reference.Uuid))
            : [];
    }

    private static IEnumerable<(string Path, string Uuid)> Named(PlistValue value, string path, int depth)
    {
        if (value is not PlistValue.Dictionary dictionary || depth > MaximumDepth)
        {
            yield break;
        }

        foreach (var (key, item) in dictionary.Entries)
        {
            var here = $"{path}.{key}";
            if (!References.Contains(key))
            {
                foreach (var inner in Named(item, here, depth + 1))
                {
                    yield return inner;
                }
            }
            else if (item is PlistValue.Text text)
            {
                yield return (here, text.Value);
            }
            else if (item is PlistValue.Array array)
            {
                foreach (var (entry, index) in array.Items.Select((entry, index) => (entry, index)))
                {
                    if (entry is PlistValue.Text name)
                    {
                        yield return ($"{here}[{index}]", name.Value);
                    }
                }
            }
        }
    }
}
