using DeviceAcme.Attestation.AndroidKey;

namespace DeviceAcme.Attestation.Offline;

/// <summary>A file as it was given.</summary>
/// <param name="Name">Its name, which helps to tell what broken bytes were meant to be.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Role">What the caller says that it is (<see cref="InputRoles"/>); null lets the content tell.</param>
public sealed record OfflineFile(string Name, ReadOnlyMemory<byte> Bytes, string? Role = null);

/// <summary>Evidence to judge without a server, and what it is compared with. What is not given leaves a verdict incomplete.</summary>
public sealed record OfflineQuestion
{
    /// <summary>Whole pieces of evidence, or the parts of one.</summary>
    public required IReadOnlyList<OfflineFile> Files { get; init; }

    /// <summary>The only format that is accepted, by its WebAuthn name; null lets the evidence tell.</summary>
    public string? Format { get; init; }

    /// <summary>The formats that a profile accepts; null for all.</summary>
    public IReadOnlyList<string>? AllowedFormats { get; init; }

    /// <summary>The name of the profile that is judged by, for anchors that are limited to profiles.</summary>
    public string? Profile { get; init; }

    /// <summary>The challenge token.</summary>
    public string? Token { get; init; }

    /// <summary>The key authorization (RFC 8555 §8.1).</summary>
    public string? KeyAuthorization { get; init; }

    /// <summary>The freshness value itself, or, for an object with authenticator data, the hash of the client data.</summary>
    public ReadOnlyMemory<byte>? ChallengeHash { get; init; }

    /// <summary>The key that must be the attested one, DER SubjectPublicKeyInfo: that of the CSR.</summary>
    public ReadOnlyMemory<byte>? PublicKey { get; init; }

    /// <summary>The identifier that was ordered.</summary>
    public string? Identifier { get; init; }

    /// <summary>The fact that must equal the identifier; null lets the format choose.</summary>
    public string? IdentifierFact { get; init; }

    /// <summary>The vendor roots and intermediates that may be accepted.</summary>
    public required AnchorSet Anchors { get; init; }

    /// <summary>The time to judge validity at.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>What a profile would decide about Android evidence.</summary>
    public required AndroidPolicy Android { get; init; }

    /// <summary>SHA-1 signatures that recorded ceremonies and old vendor certificates have are refused, as a server would.</summary>
    public bool RefuseSha1 { get; init; }
}

/// <summary>The verdict on one piece of evidence.</summary>
/// <param name="Files">The files that it was made from.</param>
/// <param name="Kind">What it is, in words: <c>attestation object</c>, <c>TPM parts</c>, <c>certificate chain</c>.</param>
/// <param name="Verdict">The verdict; <see cref="Verdict.Format"/> names what was recognized.</param>
public sealed record OfflineAnswer(IReadOnlyList<string> Files, string Kind, Verdict Verdict);

/// <summary>The files are nothing that can be judged, or do not belong together: a mistake of the caller, not of the evidence.</summary>
/// <param name="message">What was found.</param>
/// <param name="hint">What would help.</param>
public sealed class UnknownEvidenceException(string message, string hint) : Exception(message)
{
    /// <summary>What would help.</summary>
    public string Hint { get; } = hint;
}

/// <summary>What a file can be said to be.</summary>
public static class InputRoles
{
    internal const string Object = "object";
    internal const string ClientData = "client-data";
    internal const string Certificates = "certificates";
    internal const string Attest = "attest";
    internal const string Signature = "signature";
    internal const string PublicArea = "public";
    internal const string Key = "key";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [Object, ClientData, Certificates, Attest, Signature, PublicArea, Key];
}
