using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Admin;

/// <summary>What a list and a record tell of a stored verdict.</summary>
public abstract record EvidenceDescription
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>What was judged; see <see cref="EvidenceKinds"/>.</summary>
    [JsonPropertyName("kind")]
    public required string Kind { get; init; }

    /// <summary>When it was judged: the time to judge it at again.</summary>
    [JsonPropertyName("at")]
    public required DateTimeOffset At { get; init; }

    /// <summary>True if the verdict was good and no anomaly stood in the way. What a profile merely observed is not accepted, though the request went on.</summary>
    [JsonPropertyName("accepted")]
    public required bool Accepted { get; init; }

    /// <summary>Reason code of the refusal, that of an anomaly among them; absent where there was none.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>WebAuthn statement format, <c>csr</c> for a finalize; empty where none could be read.</summary>
    [JsonPropertyName("format")]
    public required string Format { get; init; }

    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    /// <summary>Lower-case hex SHA-256 of the profile's text.</summary>
    [JsonPropertyName("profileHash")]
    public required string ProfileHash { get; init; }

    /// <summary>Version of the anchor set that was in force; absent where anchors played no part.</summary>
    [JsonPropertyName("anchorSetHash")]
    public string? AnchorSetHash { get; init; }

    /// <summary>The identifier that had to be proven; absent where there is more than one or none.</summary>
    [JsonPropertyName("identifier")]
    public AcmeIdentifier? Identifier { get; init; }

    [JsonPropertyName("accountId")]
    public string? AccountId { get; init; }

    /// <summary>The order of a finalize. The orders of a challenge's evidence are found by its authorization.</summary>
    [JsonPropertyName("orderId")]
    public string? OrderId { get; init; }

    [JsonPropertyName("authorizationId")]
    public string? AuthorizationId { get; init; }

    [JsonPropertyName("challengeId")]
    public string? ChallengeId { get; init; }

    /// <summary>The device that accepted evidence proved.</summary>
    [JsonPropertyName("deviceId")]
    public string? DeviceId { get; init; }

    /// <summary>What was unusual beside earlier evidence; absent where nothing was.</summary>
    [JsonPropertyName("anomalies")]
    public IReadOnlyList<AnomalyEntry>? Anomalies { get; init; }

    /// <summary>True while the bytes are kept.</summary>
    [JsonPropertyName("hasStatement")]
    public required bool HasStatement { get; init; }
}

/// <summary>One stored verdict without its bytes, as <c>GET /admin/v1/evidence</c> lists it.</summary>
public sealed record EvidenceEntry : EvidenceDescription;

/// <summary>Answer of <c>GET /admin/v1/evidence/{id}</c>: everything that is needed to judge it again, bytes included.</summary>
public sealed record EvidenceRecord : EvidenceDescription
{
    /// <summary>For readers of JSON.</summary>
    [JsonConstructor]
    public EvidenceRecord()
    {
    }

    /// <summary>The entry with its verdict; the rest is set by the caller.</summary>
    [SetsRequiredMembers]
    public EvidenceRecord(EvidenceDescription entry, JsonElement verdict)
        : base(entry) => Verdict = verdict;

    /// <summary>
    /// The bytes, base64url without padding: the CBOR attestation object of a challenge, the DER CSR of a finalize. Absent where they are not
    /// kept; empty where the device sent none.
    /// </summary>
    [JsonPropertyName("statement")]
    public string? Statement { get; init; }

    /// <summary>The challenge token, as it was given to the device.</summary>
    [JsonPropertyName("token")]
    public string? Token { get; init; }

    /// <summary>Thumbprint of the account key in force (RFC 7638). The key authorization is <c>token.thumbprint</c> (RFC 8555 §8.1).</summary>
    [JsonPropertyName("thumbprint")]
    public string? Thumbprint { get; init; }

    /// <summary>The text of the profile version that was in force.</summary>
    [JsonPropertyName("profileText")]
    public string? ProfileText { get; init; }

    /// <summary>
    /// The verifier's own verdict (<c>verdict</c>, <c>format</c>, <c>reason</c>, <c>class</c>, <c>checks[]</c>, <c>facts[]</c>, <c>device</c>).
    /// Judging the same bytes again under the same profile and anchors gives the same; anomalies stand beside it.
    /// </summary>
    [JsonPropertyName("verdict")]
    public required JsonElement Verdict { get; init; }

    /// <summary>When the bytes will be dropped, by the profile in force now; absent where they are not kept.</summary>
    [JsonPropertyName("statementUntil")]
    public DateTimeOffset? StatementUntil { get; init; }

    /// <summary>When the whole record will be dropped, by the profile in force now.</summary>
    [JsonPropertyName("until")]
    public DateTimeOffset? Until { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/evidence</c>, newest first unless <c>order=oldest</c> was asked for.</summary>
public sealed record EvidenceList : IListPage<EvidenceEntry>
{
    [JsonPropertyName("evidence")]
    public required IReadOnlyList<EvidenceEntry> Evidence { get; init; }

    /// <summary>The <c>cursor</c> of the next page; absent on the last one.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }

    IReadOnlyList<EvidenceEntry> IListPage<EvidenceEntry>.Entries => Evidence;
}

/// <summary>Evidence that does not fit to earlier evidence, and what the profile made of that.</summary>
public sealed record AnomalyEntry
{
    /// <summary><c>shared-key</c>, <c>shared-serial</c>, <c>shared-ek</c> or <c>replayed-certificate</c>; the reason code where it was refused.</summary>
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    /// <summary><c>record</c>, <c>alert</c> or <c>refuse</c>.</summary>
    [JsonPropertyName("response")]
    public required string Response { get; init; }

    /// <summary>What was compared; names no other device.</summary>
    [JsonPropertyName("found")]
    public required string Found { get; init; }

    /// <summary>The evidence that it does not fit to; it may have been dropped since.</summary>
    [JsonPropertyName("earlierEvidence")]
    public required string EarlierEvidence { get; init; }

    /// <summary>When that was last seen.</summary>
    [JsonPropertyName("earlierAt")]
    public required DateTimeOffset EarlierAt { get; init; }
}

/// <summary>Answer of <c>POST /admin/v1/evidence/{id}/acknowledge</c>: what this evidence showed is in order from now on.</summary>
public sealed record AcknowledgedAnomalies
{
    [JsonPropertyName("evidence")]
    public required string Evidence { get; init; }

    /// <summary>The anomalies that it no longer is.</summary>
    [JsonPropertyName("names")]
    public required IReadOnlyList<string> Names { get; init; }
}

/// <summary>What a stored verdict judged: the list.</summary>
public static class EvidenceKinds
{
    /// <summary>The evidence of a device-attest-01 challenge.</summary>
    public const string Challenge = "challenge";

    /// <summary>The CSR of a finalize.</summary>
    public const string Finalize = "finalize";

    /// <summary>The CSR of a finalize once more, when a worker issues what had to wait.</summary>
    public const string Issuance = "issuance";

    /// <summary>A request to the TPM attestation CA.</summary>
    public const string TpmAttestation = "tpm-attestation";

    public static IReadOnlyList<string> All { get; } = [Challenge, Finalize, Issuance, TpmAttestation];
}
