namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with what a TPM shows to get its attestation key certified.</summary>
internal enum EkFault
{
    [Fault("no endorsement certificate at all", "missing-field")]
    EmptyChain,

    [Fault("the endorsement certificate of another TPM", "key-mismatch")]
    WrongEkKey,

    [Fault("a certificate without any extended key usage", "wrong-eku")]
    NoEku,

    [Fault("a certificate for attestation keys in the place of the endorsement certificate", "wrong-eku")]
    AkEku,

    [Fault("the endorsement certificate is a CA's", "certificate-profile")]
    EkIsCa,

    [Fault("the endorsement certificate is for signing", "certificate-profile")]
    SigningUsage,

    [Fault("the endorsement certificate does not describe the TPM", "certificate-profile")]
    NoTpmAttributes,

    [Fault("the TPM's vendor is a test id that no profile names", "certificate-profile")]
    WrongVendor,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the vendor's CA is not presented", "chain-incomplete")]
    MissingIntermediate,

    [Fault("the endorsement certificate expired", "chain-expired")]
    Expired,

    [Fault("the endorsement certificate is not valid yet", "chain-not-yet-valid")]
    NotYetValid,

    [Fault("the endorsement certificate was altered", "chain-signature-invalid")]
    WrongCertificateSignature,

    [Fault("the endorsement certificate is not DER", "malformed-asn1")]
    CertificateNotDer,

    [Fault("more certificates than a TPM has", "oversized")]
    LongChain,

    [Fault("a certificate of 20000 octets", "oversized")]
    HugeCertificate,

    [Fault("an endorsement key of Infineon's weak generator (CVE-2017-15361)", "malformed-key")]
    Roca,

    [Fault("an RSA endorsement key of 1024 bits", "unsupported-algorithm")]
    ShortRsaEk,

    [Fault("the endorsement key may sign", "key-attributes-rejected")]
    EkSigns,

    [Fault("the endorsement key's template names SHA-1", "unsupported-algorithm")]
    Sha1Template,

    [Fault("the attestation key is not restricted: it signs whatever it is given", "key-attributes-rejected")]
    RestrictedMissing,

    [Fault("the attestation key decrypts too", "key-attributes-rejected")]
    AkDecrypts,

    [Fault("the attestation key cannot sign", "key-attributes-rejected")]
    AkCannotSign,

    [Fault("the attestation key may leave its TPM", "key-attributes-rejected")]
    FixedTpmClear,

    [Fault("the attestation key may change its parent", "key-attributes-rejected")]
    FixedParentClear,

    [Fault("the attestation key was made elsewhere and imported", "key-attributes-rejected")]
    SensitiveDataOriginClear,

    [Fault("the attestation key signs with SHA-1", "unsupported-algorithm")]
    Sha1Scheme,

    [Fault("the attestation key has no scheme", "unsupported-algorithm")]
    NoScheme,

    [Fault("an attestation key of 1024 bits", "unsupported-algorithm")]
    ShortRsaAk,

    [Fault("the attestation key's point is not on its curve", "malformed-key")]
    PointNotOnCurve,

    [Fault("the creation attestation does not start with TPM_GENERATED_VALUE", "wrong-magic")]
    WrongMagic,

    [Fault("a certification in the place of the creation attestation", "wrong-attest-type")]
    CertifyInsteadOfCreation,

    [Fault("the creation attestation is about another key", "name-mismatch")]
    OtherObject,

    [Fault("the creation data is that of another key", "name-mismatch")]
    OtherCreationData,

    [Fault("the creation attestation is signed by another key", "signature-invalid")]
    WrongCreationSignature,

    [Fault("the creation attestation is signed with SHA-1", "unsupported-algorithm")]
    Sha1CreationSignature,

    [Fault("the creation data ends too early", "malformed-tpm-structure")]
    CreateDataTruncated,

    [Fault("octets after the attestation key's public area", "malformed-tpm-structure")]
    PublicTrailingBytes,

    [Fault("right in itself: the attestation key is in another TPM, which cannot read the secret")]
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
