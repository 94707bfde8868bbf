using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>What a server writes into its data directory when it starts, so that programs on the same machine find it.</summary>
/// <remarks>It says who started last, not that it still runs: whoever needs to know connects, or takes the lock.</remarks>
public sealed record RunningServer
{
    /// <summary>The file's name in the data directory.</summary>
    public const string FileName = "server.json";

    /// <summary>The file in the data directory that holds the admin listener's bearer token; only its owner can read it.</summary>
    public const string TokenFileName = "admin.token";

    [JsonPropertyName("pid")]
    public required int ProcessId { get; init; }

    /// <summary>Where the admin listener is; null where there is none.</summary>
    [JsonPropertyName("adminUrl")]
    public Uri? AdminUrl { get; init; }

    /// <summary>What clients see of it: the base of its directories; null in files of earlier versions.</summary>
    [JsonPropertyName("url")]
    public Uri? Url { get; init; }

    /// <summary>Where it reads its profiles, an absolute path; null in files of earlier versions.</summary>
    [JsonPropertyName("profilesDirectory")]
    public string? ProfilesDirectory { get; init; }

    /// <summary>Reads the file; null where it is missing or half written.</summary>
    public static RunningServer? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(path), AdminJson.Default.RunningServer);
        }
        catch (JsonException)
        {
            // The server died while it wrote; that is the same as no server.
            return null;
        }
    }
}
