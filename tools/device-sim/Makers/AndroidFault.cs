namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with an android-key statement.</summary>
internal enum AndroidFault
{
    [Fault("the attestation challenge is another key authorization", "nonce-mismatch")]
    WrongChallenge,

    [Fault("the attestation challenge is empty", "nonce-missing", "nonce-mismatch")]
    EmptyChallenge,

    [Fault("the attestation challenge is the hash of the key authorization", "nonce-mismatch")]
    HashedChallenge,

    [Fault("the attestation challenge is the token alone", "nonce-mismatch")]
    TokenChallenge,

    [Fault("sig is over something else", "signature-invalid")]
    WrongSignature,

    [Fault("alg does not fit the key", "unsupported-algorithm")]
    WrongAlgorithm,

    [Fault("attestation and key are software's", "software-keystore")]
    SoftwareKey,

    [Fault("secure hardware attests a key of the operating system", "software-keystore")]
    SoftwareKeyMint,

    [Fault("serial number and IMEI stand in the software-enforced list", "identifier-missing")]
    SoftwareSerial,

    [Fault("neither serial number nor IMEI", "identifier-missing")]
    NoSerial,

    [Fault("serial number and IMEI are blank", "identifier-missing")]
    BlankSerial,

    [Fault("serial number and IMEI of another device", "identifier-mismatch")]
    WrongSerial,

    [Fault("the serial number followed by U+0000", "identifier-mismatch", "malformed-asn1")]
    SerialWithNul,

    [Fault("the serial number is not UTF-8", "identifier-mismatch", "malformed-asn1")]
    SerialNotUtf8,

    [Fault("the key was imported", "key-attributes-rejected")]
    ImportedKey,

    [Fault("the origin stands in the software-enforced list", "key-attributes-rejected")]
    SoftwareOrigin,

    [Fault("the key may only decrypt", "key-attributes-rejected")]
    NotForSigning,

    [Fault("any application may use the key", "key-attributes-rejected")]
    AllApplications,

    [Fault("the bootloader is unlocked", "boot-state-not-verified")]
    Unlocked,

    [Fault("the system was verified by a key of the owner", "boot-state-not-verified")]
    SelfSignedBoot,

    [Fault("no root of trust", "boot-state-not-verified")]
    NoRootOfTrust,

    [Fault("the root of trust stands in the software-enforced list", "boot-state-not-verified")]
    SoftwareRootOfTrust,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the attestation key's certificate expired", "chain-expired")]
    ExpiredIntermediate,

    [Fault("the leaf expired", "chain-expired")]
    ExpiredLeaf,

    [Fault("the leaf is not valid yet", "chain-not-yet-valid")]
    FutureLeaf,

    [Fault("the leaf's signature is by another key", "chain-signature-invalid")]
    WrongLeafSignature,

    [Fault("the attested key signed a certificate with a description of its own making", "chain-extended")]
    ForgedDescriptionBelow,

    [Fault("the attested key signed a certificate without a description", "chain-extended")]
    PlainCertificateBelow,

    [Fault("the leaf has no attestation extension", "missing-attestation-extension")]
    MissingExtension,

    [Fault("the attestation extension ends too early", "malformed-asn1")]
    TruncatedDescription,

    [Fault("an authorization stands twice in its list", "malformed-asn1")]
    DuplicateAuthorization,

    [Fault("octets after the attestation extension", "malformed-asn1")]
    TrailingDescription,

    [Fault("a critical extension that nobody knows", "certificate-profile")]
    UnknownCriticalExtension,

    [Fault("right in itself: the CSR has another key than the attested one, finalize must refuse", "key-mismatch")]
    KeySwap,

    [Fault("another statement format", "unsupported-format")]
    UnknownFormat,

    [Fault("octets after the CBOR map", "malformed-cbor")]
    TrailingBytes,

    [Fault("the key fmt twice", "duplicate-key", "malformed-cbor")]
    DuplicateKey,

    [Fault("no x5c", "missing-field")]
    MissingX5c,

    [Fault("an empty sig", "missing-field")]
    EmptySignature,

    [Fault("alg is a text", "wrong-type")]
    AlgorithmOfText,

    [Fault("the leaf is no DER", "malformed-asn1")]
    LeafNotDer,
}
