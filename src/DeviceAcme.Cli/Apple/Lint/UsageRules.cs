using DeviceAcme.Cli.Apple.Plist;
using DeviceAcme.Core.Issuance;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>What the key will be for: UsageFlags and ExtendedKeyUsage, wishes too.</summary>
internal static class UsageRules
{
    private const int KnownFlags = AppleKey.SigningFlag | AppleKey.EncryptionFlag;

    public static IReadOnlyList<LintRule> All { get; } =
    [
        LintRule.OfPayload("usage-flags-unknown", Severity.Error, LintRules.Apple, (payload, _) =>
            payload.Number(AppleKey.UsageFlags) is { } flags && (flags & ~(long)KnownFlags) != 0
                ? new(payload.At(AppleKey.UsageFlags), "1 (signing), 4 (encryption) or 5", $"{flags}") : null),
        LintRule.OfPayload("usage-flags-ec-encryption", Severity.Warning, "RFC 5480 §3", (payload, _) =>
            payload.Text(AppleKey.KeyType) == AppleKey.EllipticCurve && payload.Number(AppleKey.UsageFlags) is { } flags && (flags & AppleKey.EncryptionFlag) != 0
                ? new(payload.At(AppleKey.UsageFlags), "1: EC keys encipher nothing", $"{flags}") : null),
        LintRule.OfPayload("usage-flags-differ", Severity.Warning, "profile", (payload, subject) =>
            subject.Profile is { } profile && payload.Number(AppleKey.UsageFlags) is { } flags
            && ((flags & AppleKey.SigningFlag) != 0) != profile.Certificate.KeyUsage.HasFlag(KeyUsages.DigitalSignature)
                ? new(payload.At(AppleKey.UsageFlags), $"what profile {profile.Name} certifies: {profile.Certificate.KeyUsage}", $"{flags}") : null),
        LintRule.OfPayload("extended-key-usage-invalid", Severity.Error, LintRules.Apple, (payload, _) => (payload.Items(AppleKey.ExtendedKeyUsage) ?? [])
            .Select((item, index) => (item, index))
            .Where(entry => entry.item is not PlistValue.Text text || !Oids.IsValid(text.Value))
            .Select(entry => new Violation($"{payload.At(AppleKey.ExtendedKeyUsage)}[{entry.index}]", "a dotted OID", entry.item is PlistValue.Text text ? $"'{text.Value}'" : entry.item.Kind))),
        LintRule.OfPayload("extended-key-usage-differs", Severity.Warning, "profile", (payload, subject) =>
            subject.Profile is { } profile && payload.Items(AppleKey.ExtendedKeyUsage) is { } items
            && !items.OfType<PlistValue.Text>().Select(item => item.Value).ToHashSet().SetEquals(profile.Certificate.ExtendedKeyUsage)
                ? new(payload.At(AppleKey.ExtendedKeyUsage), $"what profile {profile.Name} certifies: {string.Join(", ", profile.Certificate.ExtendedKeyUsage)}", string.Join(", ", items.OfType<PlistValue.Text>().Select(item => item.Value))) : null),
    ];
}
