using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Core.Profiles;

/// <summary>What two versions of a profile say differently, and whom that concerns.</summary>
internal static class ProfileComparison
{
    /// <summary>What two texts say differently, without comments and layout.</summary>
    public static IReadOnlyList<ProfileDifference> Between(IReadOnlyList<(string Key, string Value)> before, IReadOnlyList<(string Key, string Value)> after)
    {
        var (old, fresh) = (Lookup(before), Lookup(after));
        return
        [
            .. before.Select(line => line.Key).Concat(after.Select(line => line.Key)).Distinct(StringComparer.Ordinal)
                .Select(key => new ProfileDifference { Key = key, Before = old.GetValueOrDefault(key), After = fresh.GetValueOrDefault(key) })
                .Where(change => change.Before != change.After),
        ];
    }

    /// <summary>The same of two profiles.</summary>
    /// <param name="before">Null for none.</param>
    public static IReadOnlyList<ProfileDifference> Between(CertificateProfile? before, CertificateProfile after) =>
        Between(before is null ? [] : Values(before.Name, before.Text, new Mistakes())!, Values(after.Name, after.Text, new Mistakes())!);

    /// <summary>Every value of a text by its dotted key, in order; lists of texts are one value. Null where it is not YAML, which is noted.</summary>
    public static IReadOnlyList<(string Key, string Value)>? Values(string path, string text, Mistakes mistakes)
    {
        if (ProfileFile.Root(path, text, mistakes) is not { } root)
        {
            return null;
        }

        var values = new List<(string, string)>();
        Walk(root, values);
        return values;
    }

    /// <summary>Why a profile would refuse what was accepted once; empty where it would not.</summary>
    /// <param name="verdict">As it was stored, or judged again already.</param>
    public static IReadOnlyList<string> Refusals(CertificateProfile profile, Verdict verdict, AcmeIdentifier identifier)
    {
        var refusals = DevicePolicy.Rejudge(verdict, profile.Attestation).Checks
            .Where(check => check.Outcome == CheckOutcome.Failed).Select(check => $"{check.Rule} ({check.Reason!.Code})").ToList();
        if (!profile.Identifiers.TryGetValue(identifier.Type, out var rule))
        {
            refusals.Add($"identifiers has no {identifier.Type}");
        }
        else if (!rule.Allows(identifier.Value))
        {
            refusals.Add($"identifiers.{identifier.Type}.allow has no pattern for it");
        }

        if (!profile.Attestation.Formats.Contains(verdict.Format))
        {
            refusals.Add($"attestation.formats has no {verdict.Format}");
        }

        return refusals;
    }

    private static void Walk(ProfileNode node, List<(string Key, string Value)> values)
    {
        if (node.IsMapping)
        {
            foreach (var (_, child) in node.Entries())
            {
                Walk(child, values);
            }
        }
        else if (node.IsList && node.Items() is var items && items.Any(item => item.Scalar is null))
        {
            foreach (var item in items)
            {
                Walk(item, values);
            }
        }
        else
        {
            values.Add((node.Key, node.Scalar ?? $"[{string.Join(", ", node.Items().Select(item => item.Scalar))}]"));
        }
    }

    // a key that stands there twice is a mistake that 'check' tells
    private static Dictionary<string, string> Lookup(IReadOnlyList<(string Key, string Value)> lines) =>
        lines.GroupBy(line => line.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Last().Value, StringComparer.Ordinal);
}
