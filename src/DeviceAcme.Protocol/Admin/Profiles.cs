using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>A profile of the set.</summary>
public sealed record ProfileItem
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("description")]
    public string? Description { get; init; }

    /// <summary>Lower-case hex SHA-256 of the text in force; absent where the profile is withdrawn.</summary>
    [JsonPropertyName("hash")]
    public string? Hash { get; init; }

    /// <summary><c>file</c> where a start follows the profile's file, <c>administrator</c> where somebody activated or withdrew it.</summary>
    [JsonPropertyName("origin")]
    public required string Origin { get; init; }

    /// <summary>The version of the set that put it there.</summary>
    [JsonPropertyName("since")]
    public required int Since { get; init; }

    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    [JsonPropertyName("actor")]
    public required string Actor { get; init; }

    /// <summary>True where the profile's file said something else when the server started.</summary>
    [JsonPropertyName("fileDiffers")]
    public required bool FileDiffers { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/profiles</c>.</summary>
public sealed record ProfileListing
{
    /// <summary>The version of the set that is in force.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    /// <summary>By name; those that are withdrawn among them.</summary>
    [JsonPropertyName("profiles")]
    public required IReadOnlyList<ProfileItem> Profiles { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/profiles/{name}</c>: the text of one version.</summary>
public sealed record ProfileVersionText
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("hash")]
    public required string Hash { get; init; }

    [JsonPropertyName("inForce")]
    public required bool InForce { get; init; }

    /// <summary>The file as it was.</summary>
    [JsonPropertyName("text")]
    public required string Text { get; init; }
}

/// <summary>What a version of the set did to one profile.</summary>
public sealed record ProfileChangeEntry
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary><c>activated</c>, <c>rolled-back</c>, <c>withdrawn</c>, <c>followed-file</c>, <c>file-gone</c> or <c>file-agrees</c>.</summary>
    [JsonPropertyName("change")]
    public required string Change { get; init; }

    /// <summary>Of the text that was in force from then on; absent where none was.</summary>
    [JsonPropertyName("hash")]
    public string? Hash { get; init; }
}

/// <summary>One version of the set of profiles.</summary>
public sealed record ProfileVersionEntry
{
    /// <summary>1 for the first.</summary>
    [JsonPropertyName("number")]
    public required int Number { get; init; }

    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    /// <summary><c>start</c> for what the files said, else who asked for it.</summary>
    [JsonPropertyName("actor")]
    public required string Actor { get; init; }

    /// <summary>What was done.</summary>
    [JsonPropertyName("action")]
    public required string Action { get; init; }

    /// <summary>Why, in the words of whoever did it.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    [JsonPropertyName("inForce")]
    public required bool InForce { get; init; }

    /// <summary>Of the profile that was asked for, or of all that the caller may see.</summary>
    [JsonPropertyName("changes")]
    public required IReadOnlyList<ProfileChangeEntry> Changes { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/profile-versions</c>, newest first.</summary>
public sealed record ProfileVersionList : IListPage<ProfileVersionEntry>
{
    [JsonPropertyName("versions")]
    public required IReadOnlyList<ProfileVersionEntry> Versions { get; init; }

    /// <summary>The <c>cursor</c> of the next page; absent on the last one.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }

    IReadOnlyList<ProfileVersionEntry> IListPage<ProfileVersionEntry>.Entries => Versions;
}

/// <summary>A profile file.</summary>
public sealed record ProfileFileText
{
    /// <summary>Its name, for example <c>apple-device.yaml</c>: the profile is called so.</summary>
    [JsonPropertyName("file")]
    public required string File { get; init; }

    [JsonPropertyName("text")]
    public required string Text { get; init; }
}

/// <summary>Body of <c>POST /admin/v1/profiles/checks</c> and of <c>POST /admin/v1/profiles/activations</c>.</summary>
public sealed record ProfileFiles
{
    /// <summary>Most files at once.</summary>
    public const int MaxFiles = 50;

    /// <summary>Most octets of the whole body.</summary>
    public const int MaxOctets = 4 * 1024 * 1024;

    [JsonPropertyName("files")]
    public required IReadOnlyList<ProfileFileText> Files { get; init; }

    /// <summary>Why; a check needs none.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }
}

/// <summary>Body of <c>POST /admin/v1/profiles/{name}/rollback</c>.</summary>
public sealed record ProfileRollback
{
    /// <summary>Eight hex digits or more of a hash, or the number of a version of the set; absent for the text before the one in force.</summary>
    [JsonPropertyName("to")]
    public string? To { get; init; }

    [JsonPropertyName("reason")]
    public required string Reason { get; init; }
}

/// <summary>Body of <c>POST /admin/v1/profiles/{name}/withdraw</c> and of <c>POST /admin/v1/profile-versions/{number}/rollback</c>.</summary>
public sealed record ProfileReason
{
    [JsonPropertyName("reason")]
    public required string Reason { get; init; }
}

/// <summary>One thing that a check of profile files has to say.</summary>
public sealed record ProfileFinding
{
    /// <summary><c>mistake</c>, <c>test</c>, or the name of the rule about certificates.</summary>
    [JsonPropertyName("code")]
    public required string Code { get; init; }

    /// <summary>It cannot be activated; otherwise it is a warning.</summary>
    [JsonPropertyName("error")]
    public required bool IsError { get; init; }

    [JsonPropertyName("file")]
    public required string File { get; init; }

    /// <summary>1-based; 0 where the whole file is meant.</summary>
    [JsonPropertyName("line")]
    public required int Line { get; init; }

    /// <summary>Dotted, for example <c>certificate.keys[2]</c>; empty where there is none.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    [JsonPropertyName("message")]
    public required string Message { get; init; }
}

/// <summary>A value that two texts of a profile say differently.</summary>
public sealed record ProfileDifference
{
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>Absent where the earlier text does not have it.</summary>
    [JsonPropertyName("before")]
    public string? Before { get; init; }

    /// <summary>Absent where the later text does not have it.</summary>
    [JsonPropertyName("after")]
    public string? After { get; init; }
}

/// <summary>What an activation would do to one profile.</summary>
public sealed record ProfileEffect
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary><c>new</c>, <c>changed</c>, <c>layout</c> (comments and layout alone) or <c>same</c>.</summary>
    [JsonPropertyName("change")]
    public required string Change { get; init; }

    /// <summary>Of the text in force; absent where there is none.</summary>
    [JsonPropertyName("before")]
    public string? Before { get; init; }

    [JsonPropertyName("after")]
    public required string After { get; init; }

    [JsonPropertyName("differences")]
    public required IReadOnlyList<ProfileDifference> Differences { get; init; }

    /// <summary>Orders under way: they are finished under the version that they were made under.</summary>
    [JsonPropertyName("waitingOrders")]
    public required int WaitingOrders { get; init; }

    /// <summary>Devices among the latest good evidence that were looked at.</summary>
    [JsonPropertyName("devices")]
    public required int Devices { get; init; }

    /// <summary>How many of them the text in force accepts and this one would refuse.</summary>
    [JsonPropertyName("refused")]
    public required int Refused { get; init; }
}

/// <summary>Answer of <c>POST /admin/v1/profiles/checks</c>.</summary>
public sealed record ProfileCheckReport
{
    /// <summary>The version of the set that it was compared with.</summary>
    [JsonPropertyName("version")]
    public required int Version { get; init; }

    /// <summary>How many tests of the files ran.</summary>
    [JsonPropertyName("tests")]
    public required int Tests { get; init; }

    [JsonPropertyName("findings")]
    public required IReadOnlyList<ProfileFinding> Findings { get; init; }

    /// <summary>Of the files that could be read.</summary>
    [JsonPropertyName("profiles")]
    public required IReadOnlyList<ProfileEffect> Profiles { get; init; }
}

/// <summary>Answer of whatever changes the set of profiles.</summary>
public sealed record ProfileActivationReport
{
    /// <summary>The version in force afterwards.</summary>
    [JsonPropertyName("version")]
    public required ProfileVersionEntry Version { get; init; }

    /// <summary>False where nothing changed, so that no version was made.</summary>
    [JsonPropertyName("newVersion")]
    public required bool NewVersion { get; init; }

    /// <summary>Warnings that the texts gave.</summary>
    [JsonPropertyName("findings")]
    public required IReadOnlyList<ProfileFinding> Findings { get; init; }
}
