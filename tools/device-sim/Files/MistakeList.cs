namespace DeviceAcme.Simulator.Files;

/// <summary>What is wrong in files, each with file and line.</summary>
internal sealed class MistakeList
{
    private readonly List<string> _all = [];

    /// <summary>The file that is read now.</summary>
    public string File { get; set; } = "";

    public IReadOnlyList<string> All => _all;

    public void Add(int line, string what) => _all.Add($"{File}:{line}: {what}");

    /// <exception cref="SimulatorException">There are some; it names all of them.</exception>
    public void ThrowIfAny()
    {
        if (_all.Count > 0)
        {
            throw new SimulatorException(_all[0]) { More = [.. _all.Skip(1)] };
        }
    }
}
