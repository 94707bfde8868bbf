namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with an android-key statement.</summary>
internal enum AndroidFault
{
    [Fault("the attestation challenge is another key authorization", "nonce-mismatch", Reason = "freshness-mismatch")]
    WrongChallenge,

    [Fault("the attestation challenge is empty", "nonce-missing", "nonce-mismatch", Reason = "freshness-missing")]
    EmptyChallenge,

    [Fault("the attestation challenge is the hash of the key authorization", "nonce-mismatch", Reason = "freshness-mismatch")]
    HashedChallenge,

    [Fault("the attestation challenge is the token alone", "nonce-mismatch", Reason = "freshness-mismatch")]
    TokenChallenge,

    [Fault("sig is over something else", "signature-invalid", Reason = "android-signature-invalid")]
    WrongSignature,

    [Fault("alg does not fit the key", "unsupported-algorithm", Reason = "android-algorithm-unsupported")]
    WrongAlgorithm,

    [Fault("attestation and key are software's", "software-keystore", Reason = "android-software-keystore")]
    SoftwareKey,

    [Fault("secure hardware attests a key of the operating system", "software-keystore", Reason = "android-software-keystore")]
    SoftwareKeyMint,

    [Fault("serial number and IMEI stand in the software-enforced list", "identifier-missing", Reason = "identifier-missing")]
    SoftwareSerial,

    [Fault("neither serial number nor IMEI", "identifier-missing", Reason = "identifier-missing")]
    NoSerial,

    [Fault("serial number and IMEI are blank", "identifier-missing", Reason = "identifier-missing")]
    BlankSerial,

    [Fault("serial number and IMEI of another device", "identifier-mismatch", Reason = "identifier-mismatch")]
    WrongSerial,

    [Fault("the serial number followed by U+0000", "identifier-mismatch", "malformed-asn1", Reason = "android-key-description-malformed")]
    SerialWithNul,

    [Fault("the serial number is not UTF-8", "identifier-mismatch", "malformed-asn1", Reason = "android-key-description-malformed")]
    SerialNotUtf8,

    [Fault("the key was imported", "key-attributes-rejected", Reason = "android-key-origin")]
    ImportedKey,

    [Fault("the origin stands in the software-enforced list", "key-attributes-rejected", Reason = "android-key-origin")]
    SoftwareOrigin,

    [Fault("the key may only decrypt", "key-attributes-rejected", Reason = "android-key-use")]
    NotForSigning,

    [Fault("any application may use the key", "key-attributes-rejected", Reason = "android-key-use")]
    AllApplications,

    [Fault("the bootloader is unlocked", "boot-state-not-verified", Reason = "android-boot-state")]
    Unlocked,

    [Fault("the system was verified by a key of the owner", "boot-state-not-verified", Reason = "android-boot-state")]
    SelfSignedBoot,

    [Fault("no root of trust", "boot-state-not-verified", Reason = "android-boot-state")]
    NoRootOfTrust,

    [Fault("the root of trust stands in the software-enforced list", "boot-state-not-verified", Reason = "android-boot-state")]
    SoftwareRootOfTrust,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root", Reason = "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the attestation key's certificate expired", "chain-expired", Reason = "chain-expired")]
    ExpiredIntermediate,

    [Fault("the attestation key leaked, and its vendor's list says so", "chain-untrusted-root", Reason = "android-certificate-revoked")]
    RevokedCertificate,

    [Fault("the leaf expired", "chain-expired", Reason = "chain-expired")]
    ExpiredLeaf,

    [Fault("the leaf is not valid yet", "chain-not-yet-valid", Reason = "chain-not-yet-valid")]
    FutureLeaf,

    [Fault("the leaf's signature is by another key", "chain-signature-invalid", Reason = "chain-signature-invalid")]
    WrongLeafSignature,

    [Fault("the attested key signed a certificate with a description of its own making", "chain-extended", Reason = "android-chain-extended")]
    ForgedDescriptionBelow,

    [Fault("the attested key signed a certificate without a description", "chain-extended", Reason = "android-chain-extended")]
    PlainCertificateBelow,

    [Fault("the leaf has no attestation extension", "missing-attestation-extension", Reason = "android-extension-missing")]
    MissingExtension,

    [Fault("the attestation extension ends too early", "malformed-asn1", Reason = "android-key-description-malformed")]
    TruncatedDescription,

    [Fault("an authorization stands twice in its list", "malformed-asn1", Reason = "android-key-description-malformed")]
    DuplicateAuthorization,

    [Fault("octets after the attestation extension", "malformed-asn1", Reason = "android-key-description-malformed")]
    TrailingDescription,

    [Fault("a critical extension that nobody knows", "certificate-profile", Reason = "critical-extension-unknown")]
    UnknownCriticalExtension,

    [Fault("right in itself: the CSR has another key than the attested one, finalize must refuse", "key-mismatch", Reason = "csr-key-not-attested", Problem = "badCSR")]
    KeySwap,

    [Fault("another statement format", "unsupported-format", Reason = "format-unknown")]
    UnknownFormat,

    [Fault("octets after the CBOR map", "malformed-cbor", Reason = "cbor-trailing-bytes")]
    TrailingBytes,

    [Fault("the key fmt twice", "duplicate-key", "malformed-cbor", Reason = "cbor-duplicate-key")]
    DuplicateKey,

    [Fault("no x5c", "missing-field", Reason = "member-missing")]
    MissingX5c,

    [Fault("an empty sig", "missing-field", Reason = "member-missing")]
    EmptySignature,

    [Fault("alg is a text", "wrong-type", Reason = "member-wrong-type")]
    AlgorithmOfText,

    [Fault("the leaf is no DER", "malformed-asn1", Reason = "certificate-malformed")]
    LeafNotDer,
}
