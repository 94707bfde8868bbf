using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation;

/// <summary>A certificate of an <see cref="AnchorSet"/>: a root that is trusted as a name and a key (RFC 5280 §6.1.1), or an intermediate.</summary>
public sealed class Anchor
{
    internal Anchor(Certificate certificate, VerificationKey key, string provenance, AnchorTerms? terms = null)
    {
        Certificate = certificate;
        Key = key;
        Provenance = provenance;
        Terms = terms ?? AnchorTerms.Unlimited;
        Fingerprint = Convert.ToHexStringLower(certificate.Sha256);
        Subject = certificate.SubjectText;
    }

    /// <summary>Lower-case hex SHA-256 of the DER certificate.</summary>
    public string Fingerprint { get; }

    /// <summary>The subject as people read it, for example <c>CN=Apple Enterprise Attestation Root CA, O=Apple Inc., C=US</c>.</summary>
    public string Subject { get; }

    /// <summary>Where it came from, as the caller named it.</summary>
    public string Provenance { get; }

    /// <summary>What it is good for.</summary>
    public AnchorTerms Terms { get; }

    /// <summary>True for a self-signed root, false for an intermediate.</summary>
    public bool IsRoot => Certificate.IsSelfIssued;

    /// <summary>When the certificate begins.</summary>
    public DateTimeOffset NotBefore => Certificate.NotBefore;

    /// <summary>When the certificate ends. For a root this is recorded, not enforced: vendors re-issue roots with the same key.</summary>
    public DateTimeOffset NotAfter => Certificate.NotAfter;

    /// <summary>The DER certificate, so that a set can be written out and read again.</summary>
    public ReadOnlyMemory<byte> Bytes => Certificate.Raw;

    internal Certificate Certificate { get; }

    /// <summary>Imported once and kept.</summary>
    internal VerificationKey Key { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Subject} ({Fingerprint[..16]})";
}

/// <summary>Something in an anchor file that was left out, and why.</summary>
/// <param name="Provenance">The file, as the caller named it.</param>
/// <param name="Problem">What is wrong with it, in one sentence.</param>
public sealed record AnchorProblem(string Provenance, string Problem);
