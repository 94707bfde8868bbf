using System.Text.RegularExpressions;

namespace DeviceAcme.Cli.ClientConfig;

/// <summary>Writes words of commands and settings so that they stay one word, whatever characters they have.</summary>
internal static partial class Quoting
{
    /// <summary>A command of a POSIX shell: the program's line, then one line for each group of words.</summary>
    /// <param name="environment">Variables before the program.</param>
    /// <param name="groups">The program with its command first; empty groups are left out.</param>
    public static string Shell(IReadOnlyList<(string Name, string? Value)> environment, params IReadOnlyList<string>[] groups)
    {
        var variables = environment.Where(item => item.Value is not null).Select(item => $"{item.Name}={Posix(item.Value!)} ");
        var lines = groups.Where(group => group.Count > 0).Select(group => string.Join(' ', group.Select(Posix)));
        return string.Concat(variables) + string.Join(" \\\n  ", lines) + "\n";
    }

    /// <summary>The same for PowerShell; a word that begins with a hyphen, a quote or '@' is written as it is, and so is the program's name.</summary>
    public static string Power(params IReadOnlyList<string>[] groups) =>
        string.Join(" `\n  ", groups.Where(group => group.Count > 0).Select(group => string.Join(' ', group.Select((word, index) => index == 0 ? word : PowerWord(word))))) + "\n";

    /// <summary>A word of a POSIX shell.</summary>
    public static string Posix(string word) => Plain().IsMatch(word) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>A value of PowerShell.</summary>
    public static string PowerText(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A double-quoted word of Apache's configuration, of a Caddyfile or of YAML, which all know the backslash.</summary>
    public static string Double(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>The same, only where it must be.</summary>
    public static string DoubleIfNeeded(string text) => Plain().IsMatch(text) ? text : Double(text);

    private static string PowerWord(string word) => word[0] is '-' or '@' or '\'' || Command().IsMatch(word) ? word : PowerText(word);

    [GeneratedRegex(@"\A(\.\\)?[A-Z]?[a-z]+(-[A-Z][A-Za-z]+|\.exe)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Command();

    [GeneratedRegex(@"\A[A-Za-z0-9_+@./:=,-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
