using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Admin;

/// <summary>What a list and a record tell of a certificate.</summary>
public abstract record CertificateDescription
{
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>Lower-case hex.</summary>
    [JsonPropertyName("serial")]
    public required string Serial { get; init; }

    /// <summary><c>valid</c>, <c>revoked</c>, <c>expired</c> or <c>not-yet-valid</c>.</summary>
    [JsonPropertyName("status")]
    public required string Status { get; init; }

    /// <summary>RFC 4514; empty where the names stand in the alternative names alone.</summary>
    [JsonPropertyName("subject")]
    public required string Subject { get; init; }

    [JsonPropertyName("profile")]
    public required string Profile { get; init; }

    [JsonPropertyName("orderId")]
    public required string OrderId { get; init; }

    [JsonPropertyName("accountId")]
    public required string AccountId { get; init; }

    /// <summary>The device that the order's evidence proved.</summary>
    [JsonPropertyName("deviceId")]
    public string? DeviceId { get; init; }

    [JsonPropertyName("notBefore")]
    public required DateTimeOffset NotBefore { get; init; }

    [JsonPropertyName("notAfter")]
    public required DateTimeOffset NotAfter { get; init; }

    [JsonPropertyName("issuedAt")]
    public required DateTimeOffset IssuedAt { get; init; }

    [JsonPropertyName("revokedAt")]
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>RFC 5280 §5.3.1, for example <c>keyCompromise</c>; absent where none was given.</summary>
    [JsonPropertyName("revocationReason")]
    public string? RevocationReason { get; init; }
}

/// <summary>A certificate as <c>GET /admin/v1/certificates</c> lists it.</summary>
public sealed record CertificateEntry : CertificateDescription;

/// <summary>A certificate with its text: answer of <c>GET /admin/v1/certificates/{id}</c> and of its revocation.</summary>
public sealed record CertificateRecord : CertificateDescription
{
    /// <summary>For readers of JSON.</summary>
    [JsonConstructor]
    public CertificateRecord()
    {
    }

    /// <summary>The entry with what hangs from it.</summary>
    [SetsRequiredMembers]
    public CertificateRecord(CertificateDescription entry, string fingerprint, string issuerKeyId, IReadOnlyList<AcmeIdentifier> identifiers, string pem)
        : base(entry) => (Fingerprint, IssuerKeyId, Identifiers, Pem) = (fingerprint, issuerKeyId, identifiers, pem);

    /// <summary>Lower-case hex SHA-256 of the DER certificate.</summary>
    [JsonPropertyName("fingerprint")]
    public required string Fingerprint { get; init; }

    /// <summary>Lower-case hex of the issuing key's id.</summary>
    [JsonPropertyName("issuerKeyId")]
    public required string IssuerKeyId { get; init; }

    /// <summary>What the order named.</summary>
    [JsonPropertyName("identifiers")]
    public required IReadOnlyList<AcmeIdentifier> Identifiers { get; init; }

    /// <summary>The certificate and its chain, leaf first (RFC 8555 §9.1).</summary>
    [JsonPropertyName("pem")]
    public required string Pem { get; init; }
}

/// <summary>Answer of <c>GET /admin/v1/certificates</c>, newest first; with <c>expiring</c> the next to end first.</summary>
public sealed record CertificateList : IListPage<CertificateEntry>
{
    [JsonPropertyName("certificates")]
    public required IReadOnlyList<CertificateEntry> Certificates { get; init; }

    /// <summary>The <c>cursor</c> of the next page; absent on the last one.</summary>
    [JsonPropertyName("next")]
    public string? Next { get; init; }

    IReadOnlyList<CertificateEntry> IListPage<CertificateEntry>.Entries => Certificates;
}

/// <summary>Body of <c>POST /admin/v1/certificates/{id}/revoke</c>.</summary>
public sealed record CertificateRevocation
{
    /// <summary>One of <see cref=/>; absent: none is told.</summary>
    [JsonPropertyName("reason")]
    public string? Reason { get; init; }

    /// <summary>For the history.</summary>
    [JsonPropertyName("comment")]
    public string? Comment { get; init; }
}

/// <summary>The reasons that an officer can give (RFC 5280 §5.3.1).</summary>
public static class RevocationReasonNames
{
    /// <summary>Name and number.</summary>
    /// <remarks>Not: a compromised CA, a hold, and what is for attribute authorities.</remarks>
    public static IReadOnlyDictionary<string, int> All { get; } = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["unspecified"] = 0,
        ["keyCompromise"] = 1,
        ["affiliationChanged"] = 3,
        ["superseded"] = 4,
        ["cessationOfOperation"] = 5,
    };

    /// <summary>The name of a stored number.</summary>
    public static string? NameOf(int? reason) => reason is { } number ? All.FirstOrDefault(named => named.Value == number).Key ?? number.ToString(System.Globalization.CultureInfo.InvariantCulture) : null;
}
