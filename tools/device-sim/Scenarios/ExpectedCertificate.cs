using System.Globalization;
using DeviceAcme.Simulator.Enrollment;

namespace DeviceAcme.Simulator.Scenarios;

/// <summary>What a certificate must be. What is null is not looked at; texts are globs with the placeholders of the scenario.</summary>
internal sealed record ExpectedCertificate
{
    // Validity is written to the second, and backdating and rounding are the server's own affair
    private static readonly TimeSpan Rounding = TimeSpan.FromSeconds(90);

    public string? Subject { get; init; }

    /// <summary>All alternative names, in any order.</summary>
    public IReadOnlyList<string>? Names { get; init; }
    public TimeSpan? Validity { get; init; }

    /// <summary>All purposes: words or OIDs.</summary>
    public IReadOnlyList<string>? ExtendedKeyUsage { get; init; }
    public IReadOnlyList<string>? KeyUsage { get; init; }

    /// <summary>OIDs of all policies.</summary>
    public IReadOnlyList<string>? Policies { get; init; }

    /// <summary>Type of the key.</summary>
    public string? Key { get; init; }

    /// <summary>Subject of the issuer.</summary>
    public string? Issuer { get; init; }

    /// <summary>OIDs of extensions that must be there.</summary>
    public IReadOnlyList<string>? Extensions { get; init; }

    /// <summary>OIDs of extensions that must not be there.</summary>
    public IReadOnlyList<string>? WithoutExtensions { get; init; }

    /// <summary>What differs, a sentence each.</summary>
    /// <param name="found">The certificate.</param>
    /// <param name="fill">Fills the placeholders of a text.</param>
    public IEnumerable<string> Missed(CertificateFacts found, Func<string, string> fill)
    {
        if (Subject is not null && !Glob.Matches(fill(Subject), found.Text.Subject))
        {
            yield return Differs("subject", fill(Subject), found.Text.Subject);
        }

        if (Names is not null && !Match([.. Names.Select(fill)], found.Text.Names))
        {
            yield return Differs("names", Shown(Names.Select(fill)), Shown(found.Text.Names));
        }

        if (Validity is { } validity && (found.Text.NotAfter - found.Text.NotBefore - validity).Duration() > Rounding)
        {
            yield return Differs("validity", Shown(validity), Shown(found.Text.NotAfter - found.Text.NotBefore));
        }

        foreach (var (name, expected, actual) in new[] { ("extended-key-usage", ExtendedKeyUsage, found.ExtendedKeyUsage), ("key-usage", KeyUsage, found.KeyUsage), ("policies", Policies, found.Policies) })
        {
            if (expected is not null && !expected.Order(StringComparer.Ordinal).SequenceEqual(actual.Order(StringComparer.Ordinal)))
            {
                yield return Differs(name, Shown(expected), Shown(actual));
            }
        }

        if (Key is not null && Key != found.KeyType)
        {
            yield return Differs("key", Key, found.KeyType);
        }

        if (Issuer is not null && !Glob.Matches(fill(Issuer), found.Text.Issuers[0]))
        {
            yield return Differs("issuer", fill(Issuer), found.Text.Issuers[0]);
        }

        foreach (var missing in Extensions?.Except(found.Extensions) ?? [])
        {
            yield return $"the certificate has no extension {missing}; it has {Shown(found.Extensions)}";
        }

        foreach (var there in WithoutExtensions?.Intersect(found.Extensions) ?? [])
        {
            yield return $"the certificate has an extension {there}";
        }
    }

    // each pattern takes one name: the exact ones first, so that a glob does not take theirs
    private static bool Match(IReadOnlyList<string> patterns, IReadOnlyList<string> names)
    {
        var left = names.ToList();
        foreach (var pattern in patterns.OrderBy(pattern => pattern.Contains('*') || pattern.Contains('?')))
        {
            if (left.FindIndex(name => Glob.Matches(pattern, name)) is var at and >= 0)
            {
                left.RemoveAt(at);
                continue;
            }

            return false;
        }

        return left.Count == 0;
    }

    private static string Differs(string what, string expected, string found) => $"{what}: expected {Named(expected)}, found {Named(found)}";

    private static string Named(string text) => text.Length == 0 ? "(empty)" : text;

    private static string Shown(IEnumerable<string> texts) => $"[{string.Join(", ", texts)}]";

    private static string Shown(TimeSpan duration) => duration.TotalDays >= 1 && duration.Ticks % TimeSpan.TicksPerDay == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalDays:0}d")
        : duration.ToString("c", CultureInfo.InvariantCulture);
}
