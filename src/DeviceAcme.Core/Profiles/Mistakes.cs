namespace DeviceAcme.Core.Profiles;

/// <summary>One mistake in a file that an operator wrote.</summary>
/// <param name="File">Path as it was given.</param>
/// <param name="Line">1-based; 0 where the whole file or folder is meant.</param>
/// <param name="Key">Dotted key, for example <c>certificate.keys[2]</c>; empty where there is none.</param>
/// <param name="Message">What was expected and what was found.</param>
internal sealed record Mistake(string File, int Line, string Key, string Message)
{
    public override string ToString() =>
        $"{File}:{(Line > 0 ? $"{Line}:" : "")} {(Key.Length > 0 ? $"{Key}: " : "")}{Message}";
}

/// <summary>Collects the mistakes of all files, so that they are reported together.</summary>
internal sealed class Mistakes
{
    private readonly List<Mistake> _errors = [];
    private readonly List<Mistake> _warnings = [];

    /// <summary>What stops the start.</summary>
    public IReadOnlyList<Mistake> Errors => _errors;

    /// <summary>What is said, but does not stop the start.</summary>
    public IReadOnlyList<Mistake> Warnings => _warnings;

    public void Add(string file, int line, string key, string message) => _errors.Add(new Mistake(file, line, key, message));

    public void Warn(string file, int line, string key, string message) => _warnings.Add(new Mistake(file, line, key, message));
}
