namespace DeviceAcme.Server.Hosting;

/// <summary>One row of the table in <see cref="Settings"/>: command line, environment, file and documentation come from it.</summary>
internal sealed record Setting
{
    /// <summary>The name in <c>deviceacme.yaml</c>; <c>--name</c> on the command line.</summary>
    public required string Name { get; init; }

    /// <summary>What stands for the value in help, for example <c>DIR</c>.</summary>
    public required string ValueName { get; init; }

    /// <summary>One sentence, lower case, no full stop.</summary>
    public required string Help { get; init; }

    /// <summary>The value where none is given, parsed like any other; null for none.</summary>
    public string? Default { get; init; }

    /// <summary>What help and documentation say instead of a default that depends on the machine.</summary>
    public string? DefaultText { get; init; }

    /// <summary>Several values, or the option repeated; comma-separated in the environment, a sequence in the file.</summary>
    public bool IsList { get; init; }

    /// <summary>Relative to the working directory, in a file to the file's folder.</summary>
    public bool IsPath { get; init; }

    /// <summary>Also an option of the subcommands that work on the data directory.</summary>
    public bool ForSubcommands { get; init; }

    /// <summary>Adds the values to the options; a <see cref="FormatException"/> says what is wrong with one.</summary>
    public required Func<ServerOptions, IReadOnlyList<string>, ServerOptions> Apply { get; init; }

    public string OptionName => "--" + Name;

    public string Variable => "DEVICEACME_" + Name.ToUpperInvariant().Replace('-', '_');
}

/// <summary>One value as it was written, and where: <c>--url</c>, a variable, or <c>file:line</c>.</summary>
internal sealed record SettingValue(string Text, string Source, string Folder);

/// <summary>One mistake in the configuration: where it is, which key, what was expected and found.</summary>
internal sealed record SettingMistake(string Source, string? Key, string Message)
{
    public override string ToString() => Key is null || Source.EndsWith(Key, StringComparison.Ordinal) ? $"{Source}: {Message}" : $"{Source}: {Key}: {Message}";
}
