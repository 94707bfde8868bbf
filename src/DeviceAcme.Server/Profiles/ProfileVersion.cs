using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Server.Profiles;

/// <summary>One version of the set of profiles, as it is in force or was.</summary>
/// <param name="Number">0 before the first version was made.</param>
/// <param name="Actor">Who made it: <c>start</c>, or the caller's name.</param>
/// <param name="Action">What was done, for people.</param>
/// <param name="Reason">Why, in the words of whoever did it.</param>
/// <param name="Entries">Every profile that there ever was, by name.</param>
/// <param name="Set">Those that are offered.</param>
internal sealed record ProfileVersion(
    int Number, DateTimeOffset At, string Actor, string Action, string? Reason, IReadOnlyDictionary<string, ProfileEntry> Entries, ProfileSet Set)
{
    public static ProfileVersion None { get; } = new(0, DateTimeOffset.UnixEpoch, "", "", null, new Dictionary<string, ProfileEntry>(), new ProfileSet([]));
}

/// <summary>What a version of the set says of one profile.</summary>
/// <param name="Hash">Of its text; null where the profile is withdrawn.</param>
/// <param name="FromFile">A start put it there and follows the file; otherwise an administrator did, and files change nothing.</param>
/// <param name="Since">The number of the version that put it there.</param>
internal sealed record ProfileEntry(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("hash")] string? Hash,
    [property: JsonPropertyName("fromFile")] bool FromFile,
    [property: JsonPropertyName("since")] int Since);

/// <summary>What becomes of one profile.</summary>
/// <param name="Kind">One of <see cref="ProfileChangeKinds"/>.</param>
/// <param name="Profile">The version that is in force from now on; null where none is.</param>
/// <param name="FromFile">As in <see cref="ProfileEntry"/>.</param>
internal sealed record ProfileChange(string Name, string Kind, CertificateProfile? Profile, bool FromFile = false);

/// <summary>The ways in which a version of the set changes a profile.</summary>
internal static class ProfileChangeKinds
{
    /// <summary>An administrator put a text into force.</summary>
    public const string Activated = "activated";

    /// <summary>An administrator put an earlier text into force again.</summary>
    public const string RolledBack = "rolled-back";

    /// <summary>An administrator took it from the offer.</summary>
    public const string Withdrawn = "withdrawn";

    /// <summary>A start found another text in the profile's file.</summary>
    public const string FollowedFile = "followed-file";

    /// <summary>A start found no file any more.</summary>
    public const string FileGone = "file-gone";

    /// <summary>A start found that the file says what an administrator had activated: from then on it is followed again.</summary>
    public const string FileAgrees = "file-agrees";
}

[JsonSerializable(typeof(IReadOnlyList<ProfileEntry>))]
internal sealed partial class ProfileContentJson : JsonSerializerContext
{
    public static byte[] Write(IEnumerable<ProfileEntry> entries) =>
        JsonSerializer.SerializeToUtf8Bytes(entries.OrderBy(entry => entry.Name, StringComparer.Ordinal).ToList(), Default.IReadOnlyListProfileEntry);

    public static IReadOnlyDictionary<string, ProfileEntry> Read(byte[] content) =>
        JsonSerializer.Deserialize(content, Default.IReadOnlyListProfileEntry)!.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
}
