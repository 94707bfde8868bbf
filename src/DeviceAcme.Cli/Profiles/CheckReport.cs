using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Profiles;

/// <summary>What was found in profile files.</summary>
internal sealed class CheckReport
{
    private readonly List<ProfileFinding> _findings = [];

    /// <summary>The profiles that could be read.</summary>
    [JsonPropertyName("profiles")]
    public List<string> Profiles { get; } = [];

    /// <summary>How many tests ran.</summary>
    [JsonPropertyName("tests")]
    public int Tests { get; set; }

    [JsonPropertyName("errors")]
    public int Errors => _findings.Count(finding => finding.IsError);

    [JsonPropertyName("findings")]
    public IReadOnlyList<ProfileFinding> Findings =>
        [.. _findings.OrderBy(finding => finding.File, StringComparer.Ordinal).ThenBy(finding => finding.Line).ThenByDescending(finding => finding.IsError)];

    public void Add(IEnumerable<ProfileFinding> findings) => _findings.AddRange(findings);

    public string ToJson() => JsonSerializer.Serialize(this, CheckJson.Default.CheckReport) + "\n";

    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var finding in Findings)
        {
            text.AppendLine(ProfileCheck.Text(finding));
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
