namespace DeviceAcme.Cli;

/// <summary>stdout is data, stderr is talk.</summary>
internal sealed class Talk(TextWriter error)
{
    public void Error(string message) => error.WriteLine($"deviceacme: error: {message}");

    /// <summary>How far a long run is.</summary>
    public void Progress(string message) => error.WriteLine($"deviceacme: {message}");

    /// <summary>A question; the answer comes on the same line.</summary>
    public void Ask(string question) => error.Write(question);

    public void Hint(string message) => error.WriteLine($"deviceacme: hint: {message}");
}

/// <summary>What was asked rightly and went wrong; exit code 1.</summary>
internal sealed class CommandFailure(string message, string? hint = null) : Exception(message)
{
    public string? Hint { get; } = hint;

    /// <summary>The reason code of the server's refusal; null where it was none.</summary>
    public string? Reason { get; init; }

    /// <summary>What is wrong one by one, where that is more than one thing.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];
}

/// <summary>What was asked wrongly; exit code 2.</summary>
internal sealed class WrongUse(string message, string? hint = null) : Exception(message)
{
    public string? Hint { get; } = hint;
}
