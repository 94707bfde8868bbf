using System.Text.RegularExpressions;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Tests.Architecture;

/// <summary>The habits of the house that a reader would else have to remember.</summary>
public sealed partial class HouseStyleTests
{
    private const int LongestFile = 500;

    [Fact]
    public void A_file_fits_in_one_head() =>
        Sources.All.Where(file => file.Lines.Length > LongestFile).Select(file => $"{file.Path}: {file.Lines.Length} lines").Should().BeEmpty();

    [Fact]
    public void A_type_is_named_for_what_it_is() =>
        Sources.Product.SelectMany(file => TypeName().Matches(file.Code).Select(match => (file.Path, Name: match.Groups["name"].Value)))
            .Where(type => VagueName().IsMatch(type.Name))
            .Select(type => $"{type.Path}: {type.Name}").Should().BeEmpty();

    [Fact]
    public void The_namespace_is_the_folder() =>
        Sources.All.Where(file => file.Path.StartsWith("src/", StringComparison.Ordinal))
            .Select(file => (file.Path, Expected: Folder(file), Found: NamespaceLine().Match(file.Text).Groups["name"].Value))
            .Where(file => file.Found.Length > 0 && file.Found != file.Expected)
            .Select(file => $"{file.Path}: expected {file.Expected}, found {file.Found}").Should().BeEmpty();

    [Fact]
    public void Only_Protocol_and_Attestation_are_public() =>
        Sources.Product.Where(file => !file.Path.StartsWith("src/DeviceAcme.Protocol/", StringComparison.Ordinal) && !file.Path.StartsWith("src/DeviceAcme.Attestation/", StringComparison.Ordinal))
            .SelectMany(file => PublicType().Matches(file.Code).Select(match => $"{file.Path}: {match.Value.Trim()}")).Should().BeEmpty();

    [Fact]
    public void A_class_is_sealed_static_or_abstract() =>
        Sources.Product.SelectMany(file => OpenClass().Matches(file.Code).Select(match => $"{file.Path}: {match.Value.Trim()}")).Should().BeEmpty();

    [Fact]
    public void No_exception_is_swallowed_without_a_reason() =>
        Sources.All.SelectMany(file => EmptyCatch().Matches(file.Text).Select(match => $"{file.Path}: {match.Value}")).Should().BeEmpty();

    [Fact]
    public void There_are_no_regions() =>
        Sources.All.Where(file => Region().IsMatch(file.Code)).Select(file => file.Path).Should().BeEmpty();

    [Fact]
    public void What_is_still_to_be_done_names_an_issue() =>
        Sources.All.Where(file => file.Name != nameof(HouseStyleTests)).SelectMany(file => file.Lines.Where(line => ToDo().IsMatch(line)).Select(line => $"{file.Path}: {line.Trim()}")).Should().BeEmpty();

    [Fact]
    public void Lines_end_with_LF_and_files_have_no_mark_at_their_start() =>
        Sources.All.Where(file => file.Text.Contains('\r', StringComparison.Ordinal) || file.Text.StartsWith('\uFEFF') || !file.Text.EndsWith('\n'))
            .Select(file => file.Path).Should().BeEmpty();

    private static string Folder(SourceFile file) => Path.GetDirectoryName(file.Path)!.Replace('\\', '/')["src/".Length..].Replace('/', '.');

    [GeneratedRegex(@"\b(class|record|struct|interface|enum) (struct |class )?(?<name>[A-Z]\w*)")]
    private static partial Regex TypeName();

    [GeneratedRegex("(Manager|Helpers?|Utils?|Utility|Utilities|Base|Impl)$|^Default[A-Z]")]
    private static partial Regex VagueName();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^public (sealed |static |abstract |readonly |partial |ref )*(class|record|struct|interface|enum|delegate)[^\n{;(]*", RegexOptions.Multiline)]
    private static partial Regex PublicType();

    [GeneratedRegex(@"^\s*(public |internal |private |protected )?(partial )?(class|record(?! struct)( class)?) [A-Z]\w*", RegexOptions.Multiline)]
    private static partial Regex OpenClass();

    [GeneratedRegex(@"catch\s*(\([^)]*\))?\s*(when\s*\([^{]*\))?\s*\{\s*\}")]
    private static partial Regex EmptyCatch();

    [GeneratedRegex(@"^\s*#(end)?region", RegexOptions.Multiline)]
    private static partial Regex Region();

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b(?!.*(issue|#)\s*\d+)")]
    private static partial Regex ToDo();
}
