namespace DeviceAcme.Server.Hosting;

/// <summary>How the program talks on stderr: <c>deviceacme: error: …</c>, then <c>deviceacme: hint: …</c>.</summary>
internal sealed class Talk(TextWriter error)
{
    public void Error(string message) => error.WriteLine($"deviceacme: error: {message}");

    public void Warning(string message) => error.WriteLine($"deviceacme: warning: {message}");

    /// <summary>How far a long run is.</summary>
    public void Progress(string message) => error.WriteLine($"deviceacme: {message}");

    public void Hint(string message) => error.WriteLine($"deviceacme: hint: {message}");
}

/// <summary>A failure that the operator can understand and mend; ends the program with exit code 1.</summary>
internal sealed class StartFailure(string message, string? hint = null) : Exception(message)
{
    public string? Hint { get; } = hint;
}
