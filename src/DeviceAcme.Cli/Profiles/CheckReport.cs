using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Cli.Profiles;

/// <summary>One thing that <c>profile check</c> has to say.</summary>
/// <param name="Code"><c>mistake</c>, <c>test</c>, or the name of the rule about certificates.</param>
/// <param name="Line">1-based; 0 where the whole file is meant.</param>
internal sealed record CheckFinding(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("error")] bool IsError,
    [property: JsonPropertyName("file")] string File,
    [property: JsonPropertyName("line")] int Line,
    [property: JsonPropertyName("key")] string Key,
    [property: JsonPropertyName("message")] string Message);

/// <summary>What was found in profile files.</summary>
internal sealed class CheckReport
{
    private readonly List<CheckFinding> _findings = [];

    /// <summary>The profiles that could be read.</summary>
    [JsonPropertyName("profiles")]
    public List<string> Profiles { get; } = [];

    /// <summary>How many tests ran.</summary>
    [JsonPropertyName("tests")]
    public int Tests { get; set; }

    [JsonPropertyName("errors")]
    public int Errors => _findings.Count(finding => finding.IsError);

    [JsonPropertyName("findings")]
    public IReadOnlyList<CheckFinding> Findings =>
        [.. _findings.OrderBy(finding => finding.File, StringComparer.Ordinal).ThenBy(finding => finding.Line).ThenByDescending(finding => finding.IsError)];

    public void Add(CheckFinding finding) => _findings.Add(finding);

    public void Add(Mistakes mistakes)
    {
        _findings.AddRange(mistakes.Errors.Select(mistake => new CheckFinding("mistake", true, mistake.File, mistake.Line, mistake.Key, mistake.Message)));
        _findings.AddRange(mistakes.Warnings.Select(mistake => new CheckFinding("mistake", false, mistake.File, mistake.Line, mistake.Key, mistake.Message)));
    }

    public string ToJson() => JsonSerializer.Serialize(this, CheckJson.Default.CheckReport) + "\n";

    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var finding in Findings)
        {
            var place = new Mistake(finding.File, finding.Line, finding.Key, finding.Message).ToString();
            text.Append(finding.IsError ? "" : "warning: ").AppendLine(place);
        }

        return text.AppendLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Count(Profiles.Count, "profile")}, {Count(Tests, "test")}, {Count(Errors, "error")}, {Count(_findings.Count - Errors, "warning")}")).ToString();
    }

    private static string Count(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}

[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(CheckReport))]
internal sealed partial class CheckJson : JsonSerializerContext;
