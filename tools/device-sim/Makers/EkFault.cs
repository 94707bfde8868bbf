namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with what a TPM shows to get its attestation key certified.</summary>
internal enum EkFault
{
    [Fault("no endorsement certificate at all", "missing-field", Reason = "ek-certificate-missing")]
    EmptyChain,

    [Fault("the endorsement certificate of another TPM", "key-mismatch", Reason = "ek-key-mismatch")]
    WrongEkKey,

    [Fault("a certificate without any extended key usage", "wrong-eku", Reason = "ek-eku-missing")]
    NoEku,

    [Fault("a certificate for attestation keys in the place of the endorsement certificate", "wrong-eku", Reason = "ek-eku-missing")]
    AkEku,

    [Fault("the endorsement certificate is a CA's", "certificate-profile", Reason = "ek-certificate-profile")]
    EkIsCa,

    [Fault("the endorsement certificate is for signing", "certificate-profile", Reason = "ek-certificate-profile")]
    SigningUsage,

    [Fault("the endorsement certificate does not describe the TPM", "certificate-profile", Reason = "ek-certificate-profile")]
    NoTpmAttributes,

    [Fault("the TPM's vendor is a test id that no profile names", "certificate-profile", Reason = "ek-vendor-not-accepted")]
    WrongVendor,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root", Reason = "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the vendor's CA is not presented", "chain-incomplete", Reason = "chain-incomplete")]
    MissingIntermediate,

    [Fault("the endorsement certificate expired", "chain-expired", Reason = "chain-expired")]
    Expired,

    [Fault("the endorsement certificate is not valid yet", "chain-not-yet-valid", Reason = "chain-not-yet-valid")]
    NotYetValid,

    [Fault("the endorsement certificate was altered", "chain-signature-invalid", Reason = "chain-signature-invalid")]
    WrongCertificateSignature,

    [Fault("the endorsement certificate is not DER", "malformed-asn1", Reason = "certificate-malformed")]
    CertificateNotDer,

    [Fault("more certificates than a TPM has", "oversized", Reason = "json-too-many-items", Problem = "malformed")]
    LongChain,

    [Fault("a certificate of 20000 octets", "oversized", Reason = "base64url-too-long", Problem = "malformed")]
    HugeCertificate,

    [Fault("an endorsement key of Infineon's weak generator (CVE-2017-15361)", "malformed-key", Reason = "tpm-key-roca")]
    Roca,

    [Fault("an RSA endorsement key of 1024 bits", "unsupported-algorithm", Reason = "key-unsupported")]
    ShortRsaEk,

    [Fault("the endorsement key may sign", "key-attributes-rejected", Reason = "ek-key-attributes")]
    EkSigns,

    [Fault("the endorsement key's template names SHA-1", "unsupported-algorithm", Reason = "tpm-algorithm-unsupported")]
    Sha1Template,

    [Fault("the attestation key is not restricted: it signs whatever it is given", "key-attributes-rejected", Reason = "ak-key-attributes")]
    RestrictedMissing,

    [Fault("the attestation key decrypts too", "key-attributes-rejected", Reason = "ak-key-attributes")]
    AkDecrypts,

    [Fault("the attestation key cannot sign", "key-attributes-rejected", Reason = "ak-key-attributes")]
    AkCannotSign,

    [Fault("the attestation key may leave its TPM", "key-attributes-rejected", Reason = "ak-key-attributes")]
    FixedTpmClear,

    [Fault("the attestation key may change its parent", "key-attributes-rejected", Reason = "ak-key-attributes")]
    FixedParentClear,

    [Fault("the attestation key was made elsewhere and imported", "key-attributes-rejected", Reason = "ak-key-attributes")]
    SensitiveDataOriginClear,

    [Fault("the attestation key signs with SHA-1", "unsupported-algorithm", Reason = "tpm-algorithm-unsupported")]
    Sha1Scheme,

    [Fault("the attestation key has no scheme", "unsupported-algorithm", Reason = "tpm-algorithm-unsupported")]
    NoScheme,

    [Fault("an attestation key of 1024 bits", "unsupported-algorithm", Reason = "key-unsupported")]
    ShortRsaAk,

    [Fault("the attestation key's point is not on its curve", "malformed-key", Reason = "key-malformed")]
    PointNotOnCurve,

    [Fault("the creation attestation does not start with TPM_GENERATED_VALUE", "wrong-magic", Reason = "tpm-magic-wrong")]
    WrongMagic,

    [Fault("a certification in the place of the creation attestation", "wrong-attest-type", Reason = "ak-creation-type-wrong")]
    CertifyInsteadOfCreation,

    [Fault("the creation attestation is about another key", "name-mismatch", Reason = "ak-creation-mismatch")]
    OtherObject,

    [Fault("the creation data is that of another key", "name-mismatch", Reason = "ak-creation-mismatch")]
    OtherCreationData,

    [Fault("the creation attestation is signed by another key", "signature-invalid", Reason = "ak-signature-invalid")]
    WrongCreationSignature,

    [Fault("the creation attestation is signed with SHA-1", "unsupported-algorithm", Reason = "tpm-algorithm-unsupported")]
    Sha1CreationSignature,

    [Fault("the creation data ends too early", "malformed-tpm-structure", Reason = "tpm-structure-malformed")]
    CreateDataTruncated,

    [Fault("octets after the attestation key's public area", "malformed-tpm-structure", Reason = "tpm-structure-malformed")]
    PublicTrailingBytes,

    [Fault("right in itself: the attestation key is in another TPM, which cannot read the secret", Reason = "activation-secret-wrong", Problem = "unauthorized")]
    OtherTpm,
}

/// <summary>What real TPMs and their clients do differently from each other; all of it is to be accepted.</summary>
internal enum EkVariant
{
    /// <summary>Certificates as NV memory holds them: 10 01 00, a length, and padding to the size of the index.</summary>
    NvWrapped,

    /// <summary>DER with padding to the size of the index.</summary>
    NvPadded,

    /// <summary>The whole chain in one piece of NV memory, as on-die CAs are stored.</summary>
    OnePiece,

    /// <summary>The vendor's CA first, then certificates of other keys, the endorsement certificate last.</summary>
    Shuffled,

    /// <summary>The SubjectPublicKeyInfo names id-RSAES-OAEP; wants an RSA key.</summary>
    OaepKey,

    /// <summary>The three TPM attributes in one multi-valued RDN.</summary>
    MultiValuedRdn,

    /// <summary>The TPM attributes stand in subjectDirectoryAttributes.</summary>
    DirectoryAttributes,

    /// <summary>TPM2B where the structures alone are asked for.</summary>
    SizedStructures,

    /// <summary>The endorsement key's public area, which says its hash and its cipher.</summary>
    WithPublicArea,
}
