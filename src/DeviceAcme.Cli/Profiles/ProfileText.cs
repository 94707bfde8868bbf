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
    public static CertificateProfile Parse(string path)
    {
        var mistakes = new Mistakes();
        return ProfileFile.Parse(path, Read(path), mistakes)
            ?? throw new CommandFailure(string.Join(Environment.NewLine, mistakes.Errors), $"deviceacme profile check {path} tells more");
    }

    /// <summary>Every value of a text by its dotted key, in order; lists of texts are one value.</summary>
    /// <exception cref="CommandFailure">It is not YAML.</exception>
    public static IReadOnlyList<(string Key, string Value)> Values(string path, string text)
    {
        var mistakes = new Mistakes();
        var values = new List<(string, string)>();
        Walk(ProfileFile.Root(path, text, mistakes) ?? throw new CommandFailure(string.Join(Environment.NewLine, mistakes.Errors)), values);
        return values;
    }

    private static void Walk(ProfileNode node, List<(string Key, string Value)> values)
    {
        if (node.IsMapping)
        {
            foreach (var (_, child) in node.Entries())
            {
                Walk(child, values);
            }
        }
        else if (node.IsList && node.Items() is var items && items.Any(item => item.Scalar is null))
        {
            foreach (var item in items)
            {
                Walk(item, values);
            }
        }
        else
        {
            values.Add((node.Key, node.Scalar ?? $"[{string.Join(", ", node.Items().Select(item => item.Scalar))}]"));
        }
    }
}
