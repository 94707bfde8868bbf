namespace DeviceAcme.Bench;

/// <summary>What ends a measurement: a sentence, and what would help.</summary>
internal sealed class BenchFailure(string message, string? hint = null) : Exception(message)
{
    public string? Hint { get; } = hint;
}
