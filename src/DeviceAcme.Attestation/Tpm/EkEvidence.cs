namespace DeviceAcme.Attestation.Tpm;

/// <summary>What a TPM shows of itself to get a certificate for an attestation key, and what it is judged against.</summary>
public sealed record EkEvidence
{
    /// <summary>
    /// The endorsement certificate and, in any order, the certificates above it (on-die CAs); certificates of other keys are left aside. DER, or
    /// what stands in the TPM's NV memory: DER in the TCG's wrapping, or with padding after it.
    /// </summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; init; }

    /// <summary>The endorsement key as the client read it from its TPM, DER SubjectPublicKeyInfo; null takes the key of the first certificate.</summary>
    public ReadOnlyMemory<byte>? PublicKey { get; init; }

    /// <summary>
    /// The endorsement key as TPMT_PUBLIC or TPM2B_PUBLIC, which says its name algorithm and AES size; null takes those of the TCG's default
    /// template for a key of its kind. Given beside <see cref="PublicKey"/> it must be the same key.
    /// </summary>
    public ReadOnlyMemory<byte>? PublicArea { get; init; }

    /// <summary>The attestation key that is to be certified; null where an endorsement certificate is judged alone.</summary>
    public AkCreation? AttestationKey { get; init; }

    /// <summary>What the profile decides.</summary>
    public EkPolicy Policy { get; init; } = EkPolicy.Strict;

    /// <summary>The name of the profile that asks, for anchors that are limited to profiles; null only in an offline verification.</summary>
    public string? Profile { get; init; }

    /// <summary>The vendor roots and intermediates that may be accepted.</summary>
    public required AnchorSet Anchors { get; init; }

    /// <summary>The time to judge validity at.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>An identifier that the TPM must have; null where it is only learned.</summary>
    public ExpectedIdentifier? Identifier { get; init; }

    /// <summary>True once the TPM has returned the secret that <see cref="EndorsementKey.MakeCredential"/> hid for this attestation key.</summary>
    public bool Activated { get; init; }

    /// <summary>Vendor intermediates that were found good earlier; null verifies every signature.</summary>
    public VerifiedIntermediates? VerifiedIntermediates { get; init; }

    /// <summary>SHA-1 signatures: refused, except to judge old recorded evidence.</summary>
    internal bool AllowSha1 { get; init; }
}

/// <summary>An attestation key and what its TPM said when it was made (TPM2_Create, TPM2_CertifyCreation by the key itself).</summary>
/// <param name="Public">TPMT_PUBLIC; a TPM2B length before it is stripped.</param>
/// <param name="CreateData">TPMS_CREATION_DATA; a TPM2B length before it is stripped.</param>
/// <param name="CreateAttestation">TPMS_ATTEST of type TPM_ST_ATTEST_CREATION; a TPM2B length before it is stripped.</param>
/// <param name="CreateSignature">TPMT_SIGNATURE over <paramref name="CreateAttestation"/> by the key itself.</param>
public sealed record AkCreation(
    ReadOnlyMemory<byte> Public, ReadOnlyMemory<byte> CreateData, ReadOnlyMemory<byte> CreateAttestation, ReadOnlyMemory<byte> CreateSignature);

/// <summary>The judgement of an <see cref="EkEvidence"/>.</summary>
/// <param name="Verdict">
/// Refused; incomplete where all that was given is right but the TPM has not shown yet that both keys are in it; accepted after that.
/// </param>
/// <param name="EndorsementKey">The key to hide a secret under; null where the verdict refuses.</param>
/// <param name="AttestationKey">The key to be certified; null where the verdict refuses or none was given.</param>
/// <param name="Identifier">The TPM's identifier, <c>sha256/2.23.133.12.1</c>; null where the verdict refuses.</param>
public sealed record EkJudgement(Verdict Verdict, EndorsementKey? EndorsementKey, AttestationKey? AttestationKey, string? Identifier);

/// <summary>An attestation key that a TPM can be asked to prove.</summary>
/// <param name="PublicKey">DER SubjectPublicKeyInfo, for its certificate.</param>
/// <param name="Name">nameAlg ‖ H(TPMT_PUBLIC) (TPM 2.0 part 1 §16): what the secret is bound to.</param>
public sealed record AttestationKey(ReadOnlyMemory<byte> PublicKey, ReadOnlyMemory<byte> Name);
