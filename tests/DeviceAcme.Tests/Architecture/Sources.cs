using System.Text.RegularExpressions;
using System.Xml.Linq;
using DeviceAcme.Testing;

namespace DeviceAcme.Tests.Architecture;

/// <summary>The repository's own files, read as text.</summary>
internal static partial class Sources
{
    public static IReadOnlyList<SourceFile> All { get; } = [.. Files("src", "*.cs"), .. Files("tools", "*.cs"), .. Files("tests", "*.cs")];

    /// <summary>What is shipped: src and tools.</summary>
    public static IEnumerable<SourceFile> Product => All.Where(file => !file.Path.StartsWith("tests/", StringComparison.Ordinal));

    public static IReadOnlyList<ProjectFile> Projects { get; } =
        [.. new[] { "src", "tools", "tests" }.SelectMany(folder => Files(folder, "*.csproj")).Select(file => new ProjectFile(file.Name, XDocument.Parse(file.Text)))];

    public static IEnumerable<SourceFile> Below(string folder) => All.Where(file => file.Path.StartsWith(folder + "/", StringComparison.Ordinal));

    private static IEnumerable<SourceFile> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, folder), pattern, SearchOption.AllDirectories)
            .Select(file => (File: file, Path: Path.GetRelativePath(RepositoryFiles.Root, file).Replace('\\', '/')))
            .Where(file => !BuildOutput().IsMatch(file.Path))
            .OrderBy(file => file.Path, StringComparer.Ordinal)
            .Select(file => new SourceFile(file.Path, File.ReadAllText(file.File)));

    [GeneratedRegex("(^|/)(bin|obj)/")]
    private static partial Regex BuildOutput();
}

/// <summary>One file: path from the repository's root with slashes, and its text.</summary>
internal sealed partial record SourceFile(string Path, string Text)
{
    public string Name => System.IO.Path.GetFileNameWithoutExtension(Path);

    public string[] Lines { get; } = Text.Split('\n');

    /// <summary>Namespaces of the using lines.</summary>
    public IEnumerable<string> Usings => UsingLine().Matches(Text).Select(match => match.Groups["name"].Value);

    /// <summary>The text without comments and string contents: only what the compiler acts on.</summary>
    public string Code { get; } = Quiet().Replace(Text, match => match.Value.StartsWith('/') ? "" : "\"\"");

    /// <summary>The contents of its string literals, as they are written.</summary>
    public IEnumerable<string> Literals => Quiet().Matches(Text).Select(match => match.Value).Where(text => text[0] is '"' or '@' or '$').Select(text => text.Trim('@', '$', '"'));

    [GeneratedRegex(@"^(global )?using (static )?(\w+ = )?(?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    [GeneratedRegex("""//[^\n]*|/\*.*?\*/|\$*"{3,}.*?"{3,}|@"([^"]|"")*"|"(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])'""", RegexOptions.Singleline)]
    private static partial Regex Quiet();
}

/// <summary>One project file: what it refers to.</summary>
internal sealed record ProjectFile(string Name, XDocument Xml)
{
    public IEnumerable<string> Projects => Includes("ProjectReference").Select(path => System.IO.Path.GetFileNameWithoutExtension(path.Replace('\\', '/')));

    public IEnumerable<string> Packages => Includes("PackageReference");

    public IEnumerable<string> Frameworks => Includes("FrameworkReference");

    private IEnumerable<string> Includes(string element) => Xml.Descendants(element).Select(item => (string)item.Attribute("Include")!);
}
