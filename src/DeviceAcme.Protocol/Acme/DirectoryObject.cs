namespace DeviceAcme.Protocol.Acme;

/// <summary>A directory (RFC 8555 §7.1.1): where each request goes.</summary>
public sealed record DirectoryObject
{
    public required string NewNonce { get; init; }
    public required string NewAccount { get; init; }
    public required string NewOrder { get; init; }

    /// <summary>Left out by servers without pre-authorization.</summary>
    public string? NewAuthz { get; init; }

    public required string RevokeCert { get; init; }
    public required string KeyChange { get; init; }
    public DirectoryMeta? Meta { get; init; }
}

/// <summary>What a directory says about its server (RFC 8555 §9.7.6).</summary>
public sealed record DirectoryMeta
{
    /// <summary>URL of the terms.</summary>
    public string? TermsOfService { get; init; }

    /// <summary>URL of a page for people.</summary>
    public string? Website { get; init; }

    /// <summary>Names that CAA records may use for this CA (RFC 8659).</summary>
    public IReadOnlyList<string>? CaaIdentities { get; init; }

    /// <summary>Whether newAccount must carry an external account binding.</summary>
    public bool? ExternalAccountRequired { get; init; }

    /// <summary>Profile names and their descriptions (draft-ietf-acme-profiles).</summary>
    public IReadOnlyDictionary<string, string>? Profiles { get; init; }
}
