using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Admin;

/// <summary>One version of the anchor set, without its content.</summary>
public sealed record AnchorVersionEntry
{
    /// <summary>1 for the first.</summary>
    [JsonPropertyName("number")]
    public required int Number { get; init; }

    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    /// <summary><c>start</c> for what the trust folders said, <c>server</c> for what it fetched itself, else who asked for it.</summary>
    [JsonPropertyName("actor")]
    public required string Actor { get; init; }

    /// <summary>What was done.</summary>
    [JsonPropertyName("action")]
    public required string Action { get; init; }

    /// <summary>Lower-case hex SHA-256 of the stored content.</summary>
    [JsonPropertyName("hash")]
    public required string Hash { get; init; }

    [JsonPropertyName("inForce")]
    public required bool InForce { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/anchors/versions</c>, oldest first.</summary>
public sealed record AnchorVersionList
{
    [JsonPropertyName("versions")]
    public required IReadOnlyList<AnchorVersionEntry> Versions { get; init; }
}

/// <summary>A certificate of one folder.</summary>
public sealed record AnchorItem
{
    [JsonPropertyName("folder")]
    public required string Folder { get; init; }

    /// <summary>Lower-case hex SHA-256 of the DER certificate.</summary>
    [JsonPropertyName("fingerprint")]
    public required string Fingerprint { get; init; }

    [JsonPropertyName("subject")]
    public required string Subject { get; init; }

    /// <summary><c>root</c> or <c>intermediate</c>.</summary>
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    [JsonPropertyName("notBefore")]
    public required DateTimeOffset NotBefore { get; init; }

    [JsonPropertyName("notAfter")]
    public required DateTimeOffset NotAfter { get; init; }

    [JsonPropertyName("provenance")]
    public required string Provenance { get; init; }

    /// <summary><c>files</c>, <c>import</c> or <c>fetched</c>.</summary>
    [JsonPropertyName("origin")]
    public required string Origin { get; init; }

    /// <summary>All terms that count, with the names of <c>terms.yaml</c>; absent where there are none.</summary>
    [JsonPropertyName("terms")]
    public JsonElement? Terms { get; init; }

    /// <summary>The same in words.</summary>
    [JsonPropertyName("summary")]
    public required string Summary { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/anchors</c>: one version, folder by folder.</summary>
public sealed record AnchorListing
{
    [JsonPropertyName("version")]
    public required AnchorVersionEntry Version { get; init; }

    [JsonPropertyName("anchors")]
    public required IReadOnlyList<AnchorItem> Anchors { get; init; }

    /// <summary>Certificates that are believed no more and stand in no folder.</summary>
    [JsonPropertyName("distrusted")]
    public required IReadOnlyList<AnchorItem> Distrusted { get; init; }
}

/// <summary>A file with its name.</summary>
public sealed record AnchorFile
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary>base64 with padding: one DER certificate, or any number of PEM ones.</summary>
    [JsonPropertyName("content")]
    public required byte[] Content { get; init; }
}

/// <summary>Body of <c>POST /admin/v1/anchors/imports</c>.</summary>
public sealed record AnchorImportRequest
{
    /// <summary>Most files of one import.</summary>
    public const int MaxFiles = 10_000;

    /// <summary>Most octets of all files of one import together.</summary>
    public const int MaxOctets = 16 * 1024 * 1024;

    /// <summary>The folder that the certificates go into, as profiles name it in <c>attestation.anchors</c>.</summary>
    [JsonPropertyName("folder")]
    public required string Folder { get; init; }

    /// <summary>Where all of it comes from, for people.</summary>
    [JsonPropertyName("source")]
    public required string Source { get; init; }

    [JsonPropertyName("files")]
    public required IReadOnlyList<AnchorFile> Files { get; init; }

    /// <summary>Text of a <c>terms.yaml</c> for these certificates; absent where the folder's terms are all.</summary>
    [JsonPropertyName("terms")]
    public string? Terms { get; init; }

    /// <summary>True to be told what would happen.</summary>
    [JsonPropertyName("dryRun")]
    public bool DryRun { get; init; }
}

/// <summary>What became of one certificate of an import, or of a file that is none.</summary>
public sealed record ImportedAnchorItem
{
    [JsonPropertyName("file")]
    public required string File { get; init; }

    /// <summary><c>taken</c>, <c>changed</c>, <c>already-there</c>, <c>duplicate</c> or <c>left-out</c>.</summary>
    [JsonPropertyName("outcome")]
    public required string Outcome { get; init; }

    [JsonPropertyName("fingerprint")]
    public string? Fingerprint { get; init; }

    [JsonPropertyName("subject")]
    public string? Subject { get; init; }

    /// <summary><c>root</c> or <c>intermediate</c>.</summary>
    [JsonPropertyName("kind")]
    public string? Kind { get; init; }

    [JsonPropertyName("notAfter")]
    public DateTimeOffset? NotAfter { get; init; }

    /// <summary>Why it was left out, or what is worth knowing of it.</summary>
    [JsonPropertyName("note")]
    public string? Note { get; init; }
}

/// <summary>Answer of <c>POST /admin/v1/anchors/imports</c>.</summary>
public sealed record AnchorImportReport
{
    /// <summary>The version in force afterwards; in a dry run the one that is in force.</summary>
    [JsonPropertyName("version")]
    public required AnchorVersionEntry Version { get; init; }

    /// <summary>False where nothing changed, so that no version was made, and in a dry run.</summary>
    [JsonPropertyName("newVersion")]
    public required bool NewVersion { get; init; }

    [JsonPropertyName("items")]
    public required IReadOnlyList<ImportedAnchorItem> Items { get; init; }
}

/// <summary>Body of <c>POST /admin/v1/anchors/distrusts</c>: a certificate, and with it its key, is believed no more, or again.</summary>
public sealed record AnchorDistrustRequest
{
    /// <summary>Eight hex digits or more of the SHA-256 of a certificate of the set.</summary>
    [JsonPropertyName("fingerprint")]
    public string? Fingerprint { get; init; }

    /// <summary>Instead of a fingerprint: a certificate that need not be in the set, DER or PEM, base64 with padding.</summary>
    [JsonPropertyName("certificate")]
    public byte[]? Certificate { get; init; }

    /// <summary>Why; needed unless <see cref="Lift"/>.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>True to believe it again.</summary>
    [JsonPropertyName("lift")]
    public bool Lift { get; init; }
}

/// <summary>One thing that two versions say differently.</summary>
public sealed record AnchorChangeItem
{
    /// <summary><c>added</c>, <c>removed</c>, <c>changed</c>, <c>distrusted</c>, <c>distrust-lifted</c> or <c>folder-terms</c>.</summary>
    [JsonPropertyName("change")]
    public required string Change { get; init; }

    [JsonPropertyName("folder")]
    public string? Folder { get; init; }

    [JsonPropertyName("fingerprint")]
    public string? Fingerprint { get; init; }

    [JsonPropertyName("subject")]
    public string? Subject { get; init; }

    [JsonPropertyName("detail")]
    public required string Detail { get; init; }
}

/// <summary>What changed from one version to another: <c>GET /admin/v1/anchors/diff</c>, and the answer to a distrust.</summary>
public sealed record AnchorChanges
{
    [JsonPropertyName("from")]
    public required AnchorVersionEntry From { get; init; }

    [JsonPropertyName("to")]
    public required AnchorVersionEntry To { get; init; }

    [JsonPropertyName("changes")]
    public required IReadOnlyList<AnchorChangeItem> Changes { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/anchors/export</c>: the files of a trust directory that says what the version says.</summary>
public sealed record AnchorExport
{
    [JsonPropertyName("version")]
    public required AnchorVersionEntry Version { get; init; }

    /// <summary>Paths such as <c>tpm-ek/root-….pem</c> and <c>tpm-ek/terms.yaml</c>.</summary>
    [JsonPropertyName("files")]
    public required IReadOnlyList<AnchorFile> Files { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/anchors/sets/{hash}</c>: the set that evidence was judged under.</summary>
public sealed record AnchorSetEntry
{
    [JsonPropertyName("hash")]
    public required string Hash { get; init; }

    /// <summary>The first version that had this set.</summary>
    [JsonPropertyName("version")]
    public required AnchorVersionEntry Version { get; init; }

    [JsonPropertyName("folders")]
    public required IReadOnlyList<string> Folders { get; init; }
}
