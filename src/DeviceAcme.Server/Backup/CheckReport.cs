namespace DeviceAcme.Server.Backup;

/// <summary>What a check of a data directory found.</summary>
internal sealed record CheckReport
{
    public required IReadOnlyList<CheckLine> Checks { get; init; }

    public bool IsSound => Checks.All(check => check.Problems.Count == 0);
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">One word.</param>
/// <param name="Seen">What was looked at, with numbers.</param>
/// <param name="Problems">What is wrong, each with the row or file that is meant.</param>
internal sealed record CheckLine(string Name, string Seen, IReadOnlyList<string> Problems);
