using System.CommandLine;

namespace DeviceAcme.Bench.Commands;

/// <summary>Options that several commands of the bench have, in the same words, and how options are checked.</summary>
internal static class BenchOptions
{
    public static Option<string?> Folder(string what = "the data stands") => new Option<string?>("--folder") { Description = $"where {what} (default: the folder for temporary files)" }
        .Must(path => path is null || Directory.Exists(path), "there is no such folder");

    public static Option<string?> Server() => new Option<string?>("--server") { Description = "another build: the path of its DeviceAcme.Server.dll, or of its DeviceAcme.Server where it was published with the runtime" }
        .Must(path => path is null || File.Exists(path), "there is no such file");

    public static Option<bool> Json() => new("--json") { Description = "one JSON object on stdout" };

    public static Option<string> Mix(string standard) => new("--mix") { Description = "kinds of devices and their weights", DefaultValueFactory = _ => standard };

    /// <summary>A number between these, both included.</summary>
    public static Option<T> Number<T>(string name, string description, T standard, T least, T most)
        where T : struct, IComparable<T> =>
        new Option<T>(name) { Description = description, DefaultValueFactory = _ => standard }.Must(value => value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0, $"expected {least} to {most}");

    /// <param name="option">Which.</param>
    /// <param name="holds">Whether its value can be taken.</param>
    /// <param name="otherwise">What is said where it cannot: what was expected.</param>
    public static Option<T> Must<T>(this Option<T> option, Func<T?, bool> holds, string otherwise)
    {
        option.Validators.Add(result =>
        {
            if (!holds(result.GetValueOrDefault<T>()))
            {
                result.AddError($"{option.Name}: {otherwise}");
            }
        });
        return option;
    }
}
