namespace DeviceAcme.Simulator.Trials;

/// <summary>The one table of faults: each with its name, who can have it, what a right server answers, and the section that says so.</summary>
internal static class FaultTable
{
    public static IReadOnlyList<Fault> All { get; } =
    [
        .. EvidenceFaults.All,
        .. ObjectFaults.All,
        .. RequestFaults.All,
        .. PayloadFaults.All,
        .. KeyFaults.All,
        .. AccountFaults.All,
        .. OrderFaults.All,
        .. CsrFaults.All,
        .. RevocationFaults.All,
        .. ActivationFaults.All,
    ];

    /// <summary>The fault of this name that a device of this kind can have.</summary>
    /// <exception cref="SimulatorException">It has none of that name.</exception>
    public static Fault Find(string kind, string name) =>
        All.FirstOrDefault(fault => fault.Name == name && fault.Kinds.Contains(kind))
        ?? throw new SimulatorException($"a device of kind {kind} has no fault '{name}'", Hint(kind, name));

    private static string Hint(string kind, string name)
    {
        var kinds = All.Where(fault => fault.Name == name).SelectMany(fault => fault.Kinds).Distinct().ToList();
        return kinds.Count > 0 ? $"--kind {string.Join(" or ", kinds)} has it" : $"'faults --kind {kind}' lists those that it has";
    }
}
