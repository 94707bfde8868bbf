using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Coverage;

/// <summary>Counts devices by what a profile would make of their latest good evidence. The stored verdict is enough: the bytes need not be kept.</summary>
internal sealed class CoverageCount(CertificateProfile profile)
{
    private const string Unknown = "unknown";
    private static readonly string[] Models = ["device.model-id", "device.model", "device.product", "tpm.model"];
    private static readonly string[] Systems = ["os.version"];

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string), CoverageGroup> _groups = [];

    public CoverageReport Report => new()
    {
        Profile = profile.Name,
        Groups = [.. _groups.Values.OrderBy(group => group.Model, StringComparer.Ordinal).ThenBy(group => group.Os, StringComparer.Ordinal)],
    };

    /// <summary>True where the device's latest evidence is still wanted: evidence comes newest first, and what was refused for itself says nothing of rules.</summary>
    public bool Wants(EvidenceEntry entry) => entry.Kind == EvidenceKinds.Challenge && entry.Identifier is { } identifier && !_seen.Contains(Key(identifier.Type, identifier.Value));

    public void Add(EvidenceRecord record)
    {
        var stored = VerdictJson.Read(Encoding.UTF8.GetBytes(record.Verdict.GetRawText()));
        var verdict = DevicePolicy.Rejudge(stored, profile.Attestation);
        if (verdict.Checks.Any(check => check.Outcome == CheckOutcome.Failed && check.Name != DevicePolicy.FactRuleCheck))
        {
            return;
        }

        var identifier = record.Identifier!.Value;
        _seen.Add(Key(identifier.Type, identifier.Value));
        var key = (First(verdict.Facts, Models), First(verdict.Facts, Systems));
        if (!_groups.TryGetValue(key, out var group))
        {
            group = _groups[key] = new CoverageGroup { Model = key.Item1, Os = key.Item2 };
        }

        group.Devices++;
        var refusals = ProfileComparison.Refusals(profile, verdict, identifier);
        group.Refused += refusals.Count > 0 ? 1 : 0;
        var observed = verdict.Checks.Where(check => check.Outcome == CheckOutcome.Observed).Select(check => $"{check.Rule} (on trial, {check.Reason!.Code})").ToList();
        group.Observed += observed.Count > 0 ? 1 : 0;
        foreach (var rule in refusals.Concat(observed))
        {
            group.Rules[rule] = group.Rules.GetValueOrDefault(rule) + 1;
        }
    }

    private static string First(FactSet facts, IEnumerable<string> names) =>
        names.Select(facts.Find).FirstOrDefault(fact => fact is { Value: not FactValue.Blank })?.Value.ToString() ?? Unknown;

    private static string Key(string type, string value) => $"{type}:{value}";
}
