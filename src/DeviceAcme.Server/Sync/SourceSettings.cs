namespace DeviceAcme.Server.Sync;

/// <summary>What becomes of a device that its inventory does not list any more.</summary>
internal enum GoneDevices
{
    Keep,
    Quarantine,
    Retire,
}

/// <summary>One inventory of <c>--sync</c>.</summary>
internal sealed record SourceSettings
{
    public required string Name { get; init; }
    public required Uri Url { get; init; }

    /// <summary>Name of a file in the folder of secrets; null: the source asks for none.</summary>
    public string? Secret { get; init; }

    /// <summary>The header that carries the secret; null: <c>Authorization: Bearer</c>.</summary>
    public string? Header { get; init; }

    public string? ClientCertificate { get; init; }
    public string? Ca { get; init; }
    public required TimeSpan Interval { get; init; }

    /// <summary>Of one page.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>When the alarm goes off.</summary>
    public required TimeSpan StaleAfter { get; init; }

    /// <summary>Where the list stands in a page; null: the page is the list.</summary>
    public JsonPath? Devices { get; init; }

    /// <summary>Where the URL of the next page stands; null where the header Link says it, if anything does.</summary>
    public JsonPath? Next { get; init; }

    /// <summary>The ETag of the first page stands for all pages.</summary>
    public required bool ETagOfAll { get; init; }

    public required int MostDevices { get; init; }
    public required int MostPageBytes { get; init; }
    public required SourceMapping Map { get; init; }
    public required GoneDevices Gone { get; init; }

    /// <summary>In percent of the devices that it listed: if more of them would be gone, nothing is changed.</summary>
    public required int MostGone { get; init; }

    /// <summary>Hash of what decides what an answer means.</summary>
    public required string Configuration { get; init; }
}
