using System.Text;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.Server.Tests.Hosting;

/// <summary>The table in docs/options.md is the table of settings; <c>UPDATE_DOCS=1 ./dev test OptionsPage</c> writes it anew.</summary>
public sealed class OptionsPageTests
{
    private const string Begin = "<!-- made from Settings.cs by OptionsPageTests -->\n";
    private const string End = "<!-- end -->\n";

    [Fact]
    public void The_page_shows_every_setting_as_it_is()
    {
        var path = Path.Combine(RepositoryFiles.Root, "docs", "options.md");
        var page = File.ReadAllText(path);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        var end = page.IndexOf(End, StringComparison.Ordinal);
        var expected = Table();

        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            File.WriteAllText(path, page[..begin] + expected + page[end..]);
            return;
        }

        page[begin..end].Should().Be(expected, "UPDATE_DOCS=1 ./dev test OptionsPage writes it anew");
    }

    private static string Table()
    {
        var text = new StringBuilder("| option | value | default | what it says |\n|---|---|---|---|\n");
        foreach (var setting in Settings.All)
        {
            var value = setting.ValueName + (setting.IsList ? " …" : "");
            var preset = setting.DefaultText ?? $"`{setting.Default}`";
            text.Append($"| `{setting.OptionName}` | {value} | {preset} | {setting.Help} |\n");
        }

        return text.ToString();
    }
}
