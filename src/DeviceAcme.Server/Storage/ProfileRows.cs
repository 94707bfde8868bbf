namespace DeviceAcme.Server.Storage;

/// <summary>The text of a profile version: one that was in force, or that some order was made under.</summary>
internal sealed class StoredProfile
{
    public required string Hash { get; init; }
    public required string Name { get; init; }
    public required string Text { get; init; }
}

/// <summary>One version of the set of profiles.</summary>
internal sealed class StoredProfileVersion
{
    /// <summary>1 for the first, without gaps.</summary>
    public required int Number { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Who made it: <c>start</c>, or the caller's name.</summary>
    public required string Actor { get; init; }

    /// <summary>What was done, for people.</summary>
    public required string Action { get; init; }

    /// <summary>Why, in the words of whoever did it; null where nobody was asked.</summary>
    public string? Reason { get; init; }

    /// <summary>Which text each profile has, as JSON.</summary>
    public required byte[] Content { get; init; }
}

/// <summary>What a version of the set did to one profile.</summary>
internal sealed class StoredProfileChange
{
    public required string Name { get; init; }

    /// <summary>Of the version.</summary>
    public required int Number { get; init; }

    /// <summary>One of <see cref="Profiles.ProfileChangeKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>The text that is in force from then on; null where the profile is withdrawn.</summary>
    public string? Hash { get; init; }
}
