using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Cli.Reverify;

/// <summary>A piece of evidence whose verdict would change.</summary>
internal sealed record Change
{
    public const string ToRefused = "accepted-to-refused";
    public const string ToAccepted = "refused-to-accepted";
    public const string OtherReason = "other-reason";

    [JsonPropertyName("change")]
    public required string Kind { get; init; }

    [JsonPropertyName("evidenceId")]
    public required string EvidenceId { get; init; }

    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    [JsonPropertyName("format")]
    public required string Format { get; init; }

    [JsonPropertyName("identifier")]
    public required string Identifier { get; init; }

    /// <summary>Reason code of the stored verdict; absent where it was accepted.</summary>
    [JsonPropertyName("reasonBefore")]
    public string? ReasonBefore { get; init; }

    /// <summary>Reason code of the new verdict; absent where it is accepted.</summary>
    [JsonPropertyName("reasonAfter")]
    public string? ReasonAfter { get; init; }

    /// <summary>What the check that decides found.</summary>
    [JsonPropertyName("found")]
    public string? Found { get; init; }
}

/// <summary>How far a run is; the result, when it is done. What <c>--resume</c> keeps.</summary>
internal sealed class ReverifyState
{
    /// <summary>What was asked, so that a run is not continued with another question.</summary>
    [JsonPropertyName("question")]
    public required string Question { get; init; }

    [JsonPropertyName("since")]
    public DateTimeOffset? Since { get; init; }

    [JsonPropertyName("until")]
    public required DateTimeOffset Until { get; init; }

    /// <summary>Where the next page begins; null at the beginning.</summary>
    [JsonPropertyName("cursor")]
    public string? Cursor { get; set; }

    [JsonPropertyName("done")]
    public bool Done { get; set; }

    /// <summary>Judged again.</summary>
    [JsonPropertyName("judged")]
    public int Judged { get; set; }

    /// <summary>Kept without its bytes, so that only the old verdict is known.</summary>
    [JsonPropertyName("verdictOnly")]
    public int VerdictOnly { get; set; }

    /// <summary>The device sent no evidence: nothing to judge.</summary>
    [JsonPropertyName("withoutEvidence")]
    public int WithoutEvidence { get; set; }

    /// <summary>Its profile is not known or cannot be read any more.</summary>
    [JsonPropertyName("withoutProfile")]
    public int WithoutProfile { get; set; }

    [JsonPropertyName("changes")]
    public List<Change> Changes { get; init; } = [];

    [JsonIgnore]
    public int Flips => Changes.Count(change => change.Kind != Change.OtherReason);

    [JsonIgnore]
    public int Seen => Judged + VerdictOnly + WithoutEvidence + WithoutProfile;

    /// <summary>Reads a state; null where there is no file yet.</summary>
    public static ReverifyState? Read(string path)
    {
        try
        {
            return File.Exists(path)
                ? JsonSerializer.Deserialize(File.ReadAllText(path), ReverifyJson.Default.ReverifyState)
                : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new WrongUse($"--resume {path}: {exception.Message}", "this is no file that a run of reverify left");
        }
    }

    /// <summary>Written beside and renamed: a run that is cut off leaves the last whole state.</summary>
    public void Write(string path)
    {
        var beside = path + ".new";
        File.WriteAllText(beside, JsonSerializer.Serialize(this, ReverifyJson.Default.ReverifyState));
        File.Move(beside, path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ReverifyState))]
internal sealed partial class ReverifyJson : JsonSerializerContext;
