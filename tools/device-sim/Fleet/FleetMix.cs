using System.Globalization;
using DeviceAcme.Simulator.Enrollment;

namespace DeviceAcme.Simulator.Fleet;

/// <summary>Which kinds a fleet has, by weight: <c>apple=60,tpm=30,server=10</c>.</summary>
internal sealed class FleetMix
{
    /// <summary>What people call the kind that most of theirs are.</summary>
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal) { ["apple"] = "mac", ["windows"] = "windows-tpm", ["host"] = ServerHost.KindName };

    // a ticket or an attestation CA for each is nothing that a fleet brings along
    private static readonly string[] Excluded = ["byod", ActivatedTpm.KindName];

    private FleetMix(IReadOnlyList<(string Kind, int Weight)> parts) => Parts = parts;

    public IReadOnlyList<(string Kind, int Weight)> Parts { get; }

    /// <exception cref="SimulatorException">It is no such text.</exception>
    public static FleetMix Parse(string text)
    {
        var parts = new List<(string, int)>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var pair = part.Split('=', 2);
            var kind = Aliases.GetValueOrDefault(pair[0], pair[0]);
            if (!Devices.Kinds.Contains(kind) || Excluded.Contains(kind))
            {
                throw new SimulatorException($"--mix: '{pair[0]}' is no kind of a fleet", $"choose among {string.Join(", ", Devices.Kinds.Except(Excluded))}");
            }

            if (pair.Length != 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var weight) || weight is < 1 or > 1_000_000)
            {
                throw new SimulatorException($"--mix: expected KIND=WEIGHT, found '{part}'", "for example apple=60,tpm=30,server=10");
            }

            parts.Add((kind, weight));
        }

        return parts.Count > 0 && parts.Select(part => part.Item1).Distinct().Count() == parts.Count
            ? new FleetMix(parts)
            : throw new SimulatorException("--mix: expected each kind once", "for example apple=60,tpm=30,server=10");
    }

    /// <summary>How many of each kind make up a fleet of this size: by largest remainder, so that they add up.</summary>
    public IReadOnlyList<(string Kind, int Count)> Shares(int devices)
    {
        var total = Parts.Sum(part => (long)part.Weight);
        var shares = Parts.Select(part => (part.Kind, Whole: (int)(devices * (long)part.Weight / total), Remainder: devices * (long)part.Weight % total)).ToList();
        var missing = devices - shares.Sum(share => share.Whole);
        var favoured = shares.OrderByDescending(share => share.Remainder).Take(missing).Select(share => share.Kind).ToHashSet();
        return [.. shares.Select(share => (share.Kind, share.Whole + (favoured.Contains(share.Kind) ? 1 : 0)))];
    }

    public override string ToString() => string.Join(",", Parts.Select(part => $"{part.Kind}={part.Weight}"));
}
