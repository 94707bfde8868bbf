using System.Security.Cryptography;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>The members of an <see cref="EkEvidence"/>, parsed.</summary>
/// <param name="Key">The endorsement key.</param>
/// <param name="PublicKey">The same as canonical SubjectPublicKeyInfo.</param>
/// <param name="KeySource">Where it was taken from, for people.</param>
/// <param name="PublicArea">The endorsement key's template, where it was given.</param>
/// <param name="Certificates">Null where none were sent.</param>
/// <param name="AttestationKey">Null where none was given.</param>
internal sealed record EkParts(
    SubjectPublicKey Key, byte[] PublicKey, string KeySource, TpmtPublic? PublicArea, EkCertificates? Certificates, AkCreationChecks.Parts? AttestationKey)
{
    private const int MaxKeySize = 2048;

    /// <summary>Lower-case hex SHA-256 of the canonical public key.</summary>
    public string PublicKeyHash { get; } = Convert.ToHexStringLower(SHA256.HashData(PublicKey));

    /// <summary>Lower-case hex SHA-256 of the endorsement certificate; null where there is none.</summary>
    public string? CertificateHash { get; } = Certificates is null ? null : Convert.ToHexStringLower(Certificates.Leaf.Sha256);

    /// <exception cref="MalformedEvidenceException">Something does not parse, or there is no key at all.</exception>
    public static EkParts Read(EkEvidence evidence)
    {
        var area = evidence.PublicArea is { } publicArea ? TpmtPublic.Read(Bounded(publicArea, "ek public area"), "ek public area") : null;
        var given = evidence.PublicKey is { } publicKey ? Canonical(Bounded(publicKey, "ek"), "ek") : null;
        var fromArea = area?.PublicKeyInfo();
        if (given is not null && fromArea is not null && !given.AsSpan().SequenceEqual(fromArea))
        {
            throw new MalformedEvidenceException(Reasons.EkKeyMismatch, "ek and its public area are different keys");
        }

        var key = given ?? fromArea;
        var certificates = EkCertificates.Read(evidence.Certificates, key);
        if (key is null && certificates is null)
        {
            throw new MalformedEvidenceException(Reasons.EkCertificateMissing, "neither an endorsement key nor a certificate of one");
        }

        var source = given is not null ? "as given" : fromArea is not null ? "from its public area" : "from the first certificate";
        key ??= Canonical(certificates!.Leaf.PublicKeyInfo, "the first certificate");
        return new EkParts(Parse(key, "ek"), key, source, area, certificates, evidence.AttestationKey is { } made ? AkCreationChecks.Parts.Read(made) : null);
    }

    private static byte[] Canonical(ReadOnlyMemory<byte> publicKeyInfo, string source)
    {
        var key = Parse(publicKeyInfo, source);
        return key.Curve is not null || !key.Modulus.IsEmpty
            ? EndorsementKey.Canonical(key)
            : throw new MalformedEvidenceException(Reasons.KeyUnsupported, $"{source}: {key.Name}; RSA and P-256, P-384 or P-521 are accepted");
    }

    private static SubjectPublicKey Parse(ReadOnlyMemory<byte> publicKeyInfo, string source) =>
        SubjectPublicKey.TryRead(publicKeyInfo, out var key, out var problem)
            ? key
            : throw new MalformedEvidenceException(Reasons.KeyMalformed, $"{source}: {problem}");

    private static ReadOnlyMemory<byte> Bounded(ReadOnlyMemory<byte> buffer, string field) => buffer.Length <= MaxKeySize
        ? buffer
        : throw new MalformedEvidenceException(Reasons.KeyMalformed, $"{field}: {buffer.Length} bytes, at most {MaxKeySize} are read");
}
