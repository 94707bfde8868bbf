using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Server.Hosting;

/// <summary>What the loader found: the options, in which each mistaken setting has its default, and every mistake.</summary>
internal sealed record LoadedSettings(ServerOptions Options, IReadOnlyList<SettingMistake> Mistakes, IReadOnlyList<string> Warnings);

/// <summary>Lays the sources over each other (command line, environment, file, default) and reports all mistakes together.</summary>
internal sealed class SettingsLoader(IReadOnlyDictionary<string, string> environment, string workingDirectory)
{
    /// <param name="commandLine">Values by setting name.</param>
    /// <param name="configFile">What <c>--config</c> says; null where it is not given.</param>
    public LoadedSettings Load(IReadOnlyDictionary<string, IReadOnlyList<string>> commandLine, string? configFile)
    {
        var mistakes = new List<SettingMistake>();
        var file = ReadFile(configFile, mistakes);
        var options = Settings.Start;
        foreach (var setting in Settings.All)
        {
            options = FromDefault(setting) is { } value ? Apply(setting, options, value, mistakes) : options;
            var values = FromCommandLine(setting, commandLine) ?? FromEnvironment(setting) ?? file.GetValueOrDefault(setting.Name);
            options = values is null ? options : Apply(setting, options, values, mistakes);
        }

        options = AddPassphrase(options, mistakes);
        if (mistakes.Count == 0)
        {
            mistakes.AddRange(SettingsRules.Check(options));
        }

        return new LoadedSettings(options, mistakes, [.. UnknownVariables()]);
    }

    private IReadOnlyDictionary<string, IReadOnlyList<SettingValue>> ReadFile(string? configFile, List<SettingMistake> mistakes)
    {
        var named = configFile ?? environment.GetValueOrDefault(Settings.ConfigVariable);
        var path = Path.GetFullPath(named ?? Settings.FileName, workingDirectory);
        if (File.Exists(path))
        {
            return SettingsFile.Read(path, mistakes);
        }

        if (named is not null)
        {
            mistakes.Add(new SettingMistake(configFile is null ? Settings.ConfigVariable : Settings.ConfigOption, null, $"no file {path}"));
        }

        return new Dictionary<string, IReadOnlyList<SettingValue>>();
    }

    private IReadOnlyList<SettingValue>? FromCommandLine(Setting setting, IReadOnlyDictionary<string, IReadOnlyList<string>> commandLine) =>
        commandLine.TryGetValue(setting.Name, out var texts)
            ? [.. texts.Select(text => new SettingValue(text, setting.OptionName, workingDirectory))]
            : null;

    private IReadOnlyList<SettingValue>? FromEnvironment(Setting setting)
    {
        if (!environment.TryGetValue(setting.Variable, out var text) || text.Length == 0)
        {
            return null;
        }

        string[] texts = setting.IsList ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [text];
        return [.. texts.Select(item => new SettingValue(item, setting.Variable, workingDirectory))];
    }

    private IReadOnlyList<SettingValue>? FromDefault(Setting setting) =>
        setting.Default is null ? null : [new SettingValue(setting.Default, "default", workingDirectory)];

    private static ServerOptions Apply(Setting setting, ServerOptions options, IReadOnlyList<SettingValue> values, List<SettingMistake> mistakes)
    {
        var good = new List<string>();
        foreach (var value in values)
        {
            var isPath = setting.IsPath && value.Text.Length > 0 && !value.Text.StartsWith("https://", StringComparison.Ordinal);
            var text = isPath ? Path.GetFullPath(value.Text, value.Folder) : value.Text;
            try
            {
                // Each value by itself first, so that each mistake has its own source.
                setting.Apply(options, [text]);
                good.Add(text);
            }
            catch (FormatException exception)
            {
                mistakes.Add(new SettingMistake(value.Source, setting.Name, exception.Message));
            }
        }

        return good.Count == values.Count ? setting.Apply(options, good) : options;
    }

    private ServerOptions AddPassphrase(ServerOptions options, List<SettingMistake> mistakes)
    {
        if (!environment.TryGetValue(Settings.PassphraseVariable, out var passphrase) || passphrase.Length == 0)
        {
            return options;
        }

        if (options.CaPassphrase is not null)
        {
            mistakes.Add(new SettingMistake(Settings.PassphraseVariable, null, "given beside ca-passphrase-file: only one of them may say the passphrase"));
        }

        return options with { CaPassphrase = passphrase };
    }

    // A misspelt variable would else be ignored silently; other programs of the project may have variables of their own, so it is no error.
    private IEnumerable<string> UnknownVariables()
    {
        string[] known = [.. Settings.All.Select(setting => setting.Variable), Settings.PassphraseVariable, Settings.ConfigVariable];
        return environment.Keys
            .Where(name => name.StartsWith("DEVICEACME_", StringComparison.Ordinal) && !known.Contains(name))
            .Order(StringComparer.Ordinal)
            .Select(name => NearestName.Of(name, known) is { } near ? $"{name} is no setting of the server; the nearest is {near}" : $"{name} is no setting of the server");
    }
}
