namespace DeviceAcme.Simulator;

/// <summary>Something that stands in the simulator's way and that its user can change: one line of error, one of hint, exit code 2.</summary>
internal sealed class SimulatorException(string message, string? hint = null) : Exception(message)
{
    public string? Hint { get; } = hint;

    /// <summary>What was to be tried does not fit this server or this device: nobody did anything wrong.</summary>
    public bool NotApplicable { get; init; }

    /// <summary>What else is wrong: a line of error each.</summary>
    public IReadOnlyList<string> More { get; init; } = [];
}
