using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>The certificates that came with an endorsement key, put into order.</summary>
/// <param name="Path">The endorsement certificate and what was sent above it, each issued by the next.</param>
/// <param name="Ignored">What was left aside, for people; empty where nothing was.</param>
internal sealed record EkCertificates(IReadOnlyList<Certificate> Path, string Ignored)
{
    /// <summary>A TPM has an endorsement certificate for each of a few keys, and on-die CAs come in chains of four or five.</summary>
    public const int MaxCertificates = 16;

    /// <summary>A chain in one piece of NV memory is no larger than this.</summary>
    private const int MaxBuffer = Certificate.MaxSize;

    /// <summary>The endorsement certificate.</summary>
    public Certificate Leaf => Path[0];

    /// <summary>Reads them; null where there are none.</summary>
    /// <param name="buffers">As they were sent.</param>
    /// <param name="publicKey">The endorsement key in canonical form; null takes the first certificate for its certificate.</param>
    /// <exception cref="MalformedEvidenceException">One of them is no certificate.</exception>
    public static EkCertificates? Read(IReadOnlyList<ReadOnlyMemory<byte>> buffers, ReadOnlyMemory<byte>? publicKey)
    {
        if (buffers.Count > MaxCertificates)
        {
            throw new MalformedEvidenceException(Reasons.ChainTooLong, $"{buffers.Count} certificates, at most {MaxCertificates} are read");
        }

        var padding = 0;
        var certificates = new List<Certificate>(buffers.Count);
        for (var i = 0; i < buffers.Count; i++)
        {
            if (buffers[i].Length > MaxBuffer)
            {
                throw new MalformedEvidenceException(Reasons.CertificateTooLarge, $"certificate {i + 1} has {buffers[i].Length} bytes, at most {MaxBuffer} are read");
            }

            var (found, filled) = NvMemory.Read(buffers[i]);
            padding += filled;
            foreach (var der in found)
            {
                certificates.Add(Certificate.TryRead(der, out var certificate, out var problem)
                    ? certificate
                    : throw new MalformedEvidenceException(Reasons.CertificateMalformed, $"certificate {i + 1}: {problem}"));
            }
        }

        if (certificates.Count > MaxCertificates)
        {
            throw new MalformedEvidenceException(Reasons.ChainTooLong, $"{certificates.Count} certificates, at most {MaxCertificates} are read");
        }

        return certificates.Count == 0 ? null : Order(certificates, publicKey, padding);
    }

    /// <summary>True if the certificate is for this key; id-RSAES-OAEP and rsaEncryption are two names of one key.</summary>
    public static bool IsFor(Certificate certificate, ReadOnlySpan<byte> publicKey) =>
        SubjectPublicKey.TryRead(certificate.PublicKeyInfo, out var key, out _)
        && (key.Curve is not null || !key.Modulus.IsEmpty)
        && EndorsementKey.Canonical(key).AsSpan().SequenceEqual(publicKey);

    private static EkCertificates Order(List<Certificate> certificates, ReadOnlyMemory<byte>? publicKey, int padding)
    {
        var leaf = publicKey is { } key ? certificates.Find(certificate => IsFor(certificate, key.Span)) : null;
        var path = new List<Certificate> { leaf ?? certificates[0] };
        var rest = certificates.Where(certificate => !ReferenceEquals(certificate, path[0])).ToList();
        while (path.Count < CertificatePath.MaxPresented && !path[^1].IsSelfIssued
            && rest.Find(certificate => IsIssuer(certificate, path[^1])) is { } issuer)
        {
            path.Add(issuer);
            rest.Remove(issuer);
        }

        List<string> ignored = [];
        if (rest.Count > 0)
        {
            ignored.Add($"{rest.Count} certificates that do not belong to its chain");
        }

        if (padding > 0)
        {
            ignored.Add($"{padding} octets of padding");
        }

        return new EkCertificates(path, string.Join(" and ", ignored));
    }

    private static bool IsIssuer(Certificate issuer, Certificate certificate) =>
        issuer.Subject.Span.SequenceEqual(certificate.Issuer.Span) && !KeyIdentifiers.Differ(certificate, issuer);
}
