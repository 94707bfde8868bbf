namespace DeviceAcme.Simulator;

/// <summary>stdout is data, stderr is talk.</summary>
internal sealed class Terminal(TextWriter data, TextWriter talk)
{
    public void Data(string line) => data.WriteLine(line);

    public void Say(string line) => talk.WriteLine(line);

    public void Error(string message, string? hint)
    {
        talk.WriteLine($"device-sim: error: {message}");
        if (hint is not null)
        {
            talk.WriteLine($"device-sim: hint: {hint}");
        }
    }
}

/// <summary>Exit codes.</summary>
internal static class Exit
{
    public const int Done = 0;

    /// <summary>The server said no.</summary>
    public const int Refused = 1;

    /// <summary>Wrong use, or something that can be changed on this side.</summary>
    public const int Wrong = 2;
}
