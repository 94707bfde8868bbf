using DeviceAcme.Cli.Verify;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Profiles;

/// <summary>A profile file as text, and its lines as keys and values.</summary>
internal static class ProfileText
{
    /// <exception cref="WrongUse">The file cannot be read.</exception>
    public static string Read(string path) => File.Exists(path)
        ? System.Text.Encoding.UTF8.GetString(EvidenceFiles.ReadBounded(path))
        : throw new WrongUse($"there is no file '{path}'", "a profile is a file such as profiles/apple-device.yaml");

    /// <exception cref="CommandFailure">It has mistakes: all of them are told.</exception>
    public static CertificateProfile Parse(string path) => Parse(path, Read(path));

    /// <param name="path">The file's path or name, which the profile must be called after.</param>
    /// <exception cref="CommandFailure">It has mistakes: all of them are told.</exception>
    public static CertificateProfile Parse(string path, string text)
    {
        var mistakes = new Mistakes();
        return ProfileFile.Parse(path, text, mistakes)
            ?? throw new CommandFailure(string.Join(Environment.NewLine, mistakes.Errors), $"deviceacme profile check {path} tells more");
    }

    /// <summary>Every value of a text by its dotted key, in order; lists of texts are one value.</summary>
    /// <exception cref="CommandFailure">It is not YAML.</exception>
    public static IReadOnlyList<(string Key, string Value)> Values(string path, string text)
    {
        var mistakes = new Mistakes();
        return ProfileComparison.Values(path, text, mistakes) ?? throw new CommandFailure(string.Join(Environment.NewLine, mistakes.Errors));
    }
}
