namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>The key that the device makes.</summary>
internal static class KeyRules
{
    private const int SmallestSensibleRsa = 2048;

    public static IReadOnlyList<LintRule> All { get; } =
    [
        LintRule.OfPayload("key-type-unknown", Severity.Error, LintRules.Apple, (payload, _) =>
            payload.Text(AppleKey.KeyType) is { } type && type is not (AppleKey.Rsa or AppleKey.EllipticCurve)
                ? new(payload.At(AppleKey.KeyType), $"{AppleKey.Rsa} or {AppleKey.EllipticCurve}", $"'{type}'") : null),
        LintRule.OfPayload("key-size-rsa", Severity.Error, LintRules.Apple, (payload, _) =>
            IsRsa(payload) && payload.Number(AppleKey.KeySize) is { } size && (size is < 1024 or > 4096 || size % 8 != 0)
                ? new(payload.At(AppleKey.KeySize), "a multiple of 8 from 1024 to 4096", $"{size}") : null),
        LintRule.OfPayload("key-size-ec", Severity.Error, LintRules.Apple, (payload, subject) =>
            IsEc(payload) && payload.Number(AppleKey.KeySize) is { } size && !Curves(subject).Contains(size)
                ? new(payload.At(AppleKey.KeySize), string.Join(", ", Curves(subject)) + (size == 512 ? " (the curve is P-521)" : ""), $"{size}") : null),
        LintRule.OfPayload("key-weak", Severity.Warning, "NIST SP 800-131A", (payload, _) =>
            payload.Number(AppleKey.KeySize) is { } size && ((IsRsa(payload) && size < SmallestSensibleRsa) || (IsEc(payload) && size == 192))
                ? new(payload.At(AppleKey.KeySize), "RSA of 2048 bits or P-256 at least", $"{payload.Text(AppleKey.KeyType)} {size}") : null),
        LintRule.OfPayload("hardware-bound-rsa", Severity.Error, LintRules.Apple, (payload, _) =>
            payload.Flag(AppleKey.HardwareBound) == true && IsRsa(payload)
                ? new(payload.At(AppleKey.KeyType), $"{AppleKey.EllipticCurve}: the Secure Enclave makes no RSA key", AppleKey.Rsa) : null),
        LintRule.OfPayload("hardware-bound-size", Severity.Error, LintRules.Apple, (payload, _) =>
            payload.Flag(AppleKey.HardwareBound) == true && IsEc(payload) && payload.Number(AppleKey.KeySize) is { } size and not (256 or 384)
                ? new(payload.At(AppleKey.KeySize), "256 or 384: the curves of the Secure Enclave", $"{size}") : null),
        LintRule.OfPayload("key-not-in-profile", Severity.Error, "profile", (payload, subject) =>
            subject.Profile is { } profile && Name(payload) is { } key && !profile.Certificate.Keys.Contains(key)
                ? new(payload.At(AppleKey.KeySize), "a key that the profile certifies: " + string.Join(", ", profile.Certificate.Keys), key) : null),
    ];

    /// <summary>Our name of the key type; null where the payload says none.</summary>
    private static string? Name(FoundPayload payload) => payload.Number(AppleKey.KeySize) is not { } size ? null
        : IsRsa(payload) ? $"rsa-{size}" : IsEc(payload) ? $"ec-p{size}" : null;

    // the declarative twin has no P-192
    private static long[] Curves(LintSubject subject) => subject.File.IsDeclarative ? [256, 384, 521] : [192, 256, 384, 521];

    private static bool IsRsa(FoundPayload payload) => payload.Text(AppleKey.KeyType) == AppleKey.Rsa;

    private static bool IsEc(FoundPayload payload) => payload.Text(AppleKey.KeyType) == AppleKey.EllipticCurve;
}
