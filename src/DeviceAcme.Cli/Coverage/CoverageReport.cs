using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Cli.Coverage;

/// <summary>Devices of one model and system, and what a profile would do to them.</summary>
internal sealed class CoverageGroup
{
    [JsonPropertyName("model")]
    public required string Model { get; init; }

    [JsonPropertyName("os")]
    public required string Os { get; init; }

    [JsonPropertyName("devices")]
    public int Devices { get; set; }

    [JsonPropertyName("refused")]
    public int Refused { get; set; }

    /// <summary>Devices that the rules on trial (<c>observed-facts</c>) would refuse, once they count.</summary>
    [JsonPropertyName("observed")]
    public int Observed { get; set; }

    /// <summary>How many devices for each rule that does not hold, with its reason code.</summary>
    [JsonPropertyName("rules")]
    public SortedDictionary<string, int> Rules { get; } = new(StringComparer.Ordinal);
}

/// <summary>Who would be refused, by model and system.</summary>
internal sealed class CoverageReport
{
    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    [JsonPropertyName("groups")]
    public required IReadOnlyList<CoverageGroup> Groups { get; init; }

    [JsonPropertyName("devices")]
    public int Devices => Groups.Sum(group => group.Devices);

    [JsonPropertyName("refused")]
    public int Refused => Groups.Sum(group => group.Refused);

    [JsonPropertyName("observed")]
    public int Observed => Groups.Sum(group => group.Observed);

    public string ToJson() => JsonSerializer.Serialize(this, CoverageJson.Default.CoverageReport) + "\n";

    public string ToText()
    {
        string[][] rows =
        [
            ["MODEL", "OS", "DEVICES", "REFUSED", "OBSERVED"],
            .. Groups.Select(group => new[] { group.Model, group.Os, Number(group.Devices), Number(group.Refused), Number(group.Observed) }),
        ];
        var text = new StringBuilder();
        foreach (var (line, group) in TextTable.Lines(rows).Zip(Groups.Prepend(null)))
        {
            text.AppendLine(line);
            foreach (var (rule, count) in group?.Rules ?? [])
            {
                text.Append(CultureInfo.InvariantCulture, $"    {count} by {rule}").AppendLine();
            }
        }

        return text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{Devices} devices, {Refused} would be refused, {Observed} by rules on trial")).ToString();
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n")]
[JsonSerializable(typeof(CoverageReport))]
internal sealed partial class CoverageJson : JsonSerializerContext;
