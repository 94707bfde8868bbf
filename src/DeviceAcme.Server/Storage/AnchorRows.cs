namespace DeviceAcme.Server.Storage;

/// <summary>A certificate that some version of the anchor set names.</summary>
internal sealed class StoredAnchorCertificate
{
    /// <summary>Lower-case hex SHA-256 of <see cref="Certificate"/>.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>DER.</summary>
    public required byte[] Certificate { get; init; }
}

/// <summary>One version of the anchor set.</summary>
internal sealed class StoredAnchorVersion
{
    /// <summary>1 for the first, without gaps.</summary>
    public required int Number { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Who made it: <c>start</c>, <c>server</c>, or the caller's name.</summary>
    public required string Actor { get; init; }

    /// <summary>What was done, for people.</summary>
    public required string Action { get; init; }

    /// <summary>Lower-case hex SHA-256 of <see cref="Content"/>.</summary>
    public required string Hash { get; init; }

    /// <summary>The catalog as JSON.</summary>
    public required byte[] Content { get; init; }
}

/// <summary>A set that evidence was judged under.</summary>
internal sealed class StoredAnchorSet
{
    /// <summary>As stored with the evidence.</summary>
    public required string Hash { get; init; }

    /// <summary>The first version that had this set.</summary>
    public required int Version { get; init; }

    /// <summary>The folders that it is made of, separated by spaces.</summary>
    public required string Folders { get; init; }
}
