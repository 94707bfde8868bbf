using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>How bad it is: an error keeps a device from its certificate, a warning is most likely not what was meant, a note is worth knowing.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Severity>))]
internal enum Severity
{
    [JsonStringEnumMemberName("note")]
    Note,

    [JsonStringEnumMemberName("warning")]
    Warning,

    [JsonStringEnumMemberName("error")]
    Error,
}

/// <summary>What a rule found.</summary>
/// <param name="Code">The rule's stable, kebab-case name.</param>
/// <param name="Path">Key path such as <c>PayloadContent[1].KeySize</c>; empty for the whole file.</param>
/// <param name="Source">Who says so.</param>
internal sealed record Finding(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("severity")] Severity Severity,
    [property: JsonPropertyName("path")] string Path,
    [property: JsonPropertyName("expected")] string Expected,
    [property: JsonPropertyName("found")] string Found,
    [property: JsonPropertyName("source")] string Source)
{
    /// <summary>1-based line of the file, where the file could not be read further.</summary>
    [JsonPropertyName("line"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Line { get; init; }
}

/// <summary>All findings of a file, worst first.</summary>
internal sealed record LintReport
{
    [JsonPropertyName("file")]
    public required string File { get; init; }

    /// <summary><c>mobileconfig</c>, <c>signed-mobileconfig</c>, <c>payload</c> or <c>declarative</c>; absent where it could not be read.</summary>
    [JsonPropertyName("kind")]
    public string? Kind { get; init; }

    /// <summary>The profile that it was compared with.</summary>
    [JsonPropertyName("profile")]
    public string? Profile { get; init; }

    /// <summary>Subject of the signer's certificate, where the file is signed. Whether a device trusts it is the device's own matter.</summary>
    [JsonPropertyName("signer")]
    public string? Signer { get; init; }

    [JsonPropertyName("findings")]
    public required IReadOnlyList<Finding> Findings { get; init; }

    [JsonPropertyName("errors")]
    public int Errors => Findings.Count(finding => finding.Severity == Severity.Error);

    [JsonPropertyName("warnings")]
    public int Warnings => Findings.Count(finding => finding.Severity == Severity.Warning);

    public string ToJson() => JsonSerializer.Serialize(this, LintJson.Default.LintReport);

    /// <summary>For people: a line of what it is, then two lines for each finding.</summary>
    public string ToText()
    {
        var against = Profile is null ? "" : $", against profile {Profile}";
        var signer = Signer is null ? "" : $", signed by {Signer}";
        string[] lines =
        [
            $"{File}: {Kind ?? "unreadable"}{signer}{against}: {Count(Errors, "error")}, {Count(Warnings, "warning")}",
            .. Findings.Select(finding =>
                $"{finding.Severity.ToString().ToLowerInvariant(),-8} {finding.Code}{(finding.Path.Length > 0 ? $"  {finding.Path}" : "")}{(finding.Line > 0 ? $"  line {finding.Line}" : "")}{Environment.NewLine}"
                + $"         expected {finding.Expected}; found {finding.Found}  ({finding.Source})"),
        ];
        return string.Join(Environment.NewLine, lines);
    }

    private static string Count(int number, string what) => $"{number} {what}{(number == 1 ? "" : "s")}";
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(LintReport))]
internal sealed partial class LintJson : JsonSerializerContext;
