namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with a deviceacme-idevid statement (docs/idevid-format.md).</summary>
internal enum IdevidFault
{
    [Fault("the signature is over another key authorization", "signature-invalid", Reason = "idevid-signature-invalid")]
    WrongChallenge,

    [Fault("the signature is over the token and not the key authorization", "signature-invalid", Reason = "idevid-signature-invalid")]
    TokenSigned,

    [Fault("the signature is over the key authorization alone, without the new key", "signature-invalid", Reason = "idevid-signature-invalid")]
    KeyAuthorizationAlone,

    [Fault("the signature is over the hashes without the context before them", "signature-invalid", Reason = "idevid-signature-invalid")]
    WithoutContext,

    [Fault("key is exchanged after the signature was made", "signature-invalid", Reason = "idevid-signature-invalid")]
    ExchangedKey,

    [Fault("the signature is by the new key and not by the IDevID key", "signature-invalid", Reason = "idevid-signature-invalid")]
    SignedByNewKey,

    [Fault("the signature is longer than any", "signature-invalid", "oversized", Reason = "idevid-signature-invalid")]
    LongSignature,

    [Fault("alg belongs to another kind of key", "unsupported-algorithm", Reason = "idevid-algorithm-unsupported")]
    WrongAlgorithm,

    [Fault("alg is with SHA-1", "unsupported-algorithm", Reason = "idevid-algorithm-unsupported")]
    Sha1Algorithm,

    [Fault("the IDevID key is RSA of 1024 bits", "unsupported-algorithm", Reason = "idevid-algorithm-unsupported")]
    ShortBirthKey,

    [Fault("the new key is RSA of 1024 bits", "unsupported-algorithm", Reason = "key-unsupported")]
    ShortNewKey,

    [Fault("key is longer than any", "unsupported-algorithm", "oversized", Reason = "key-unsupported")]
    LongKey,

    [Fault("key is no DER SubjectPublicKeyInfo", "malformed-key", Reason = "key-malformed")]
    KeyNotDer,

    [Fault("key is a point that is not on its curve", "malformed-key", Reason = "key-malformed")]
    PointNotOnCurve,

    [Fault("the birth certificate is a CA's", "certificate-profile", Reason = "idevid-certificate-profile")]
    BirthCertificateOfCa,

    [Fault("the birth certificate's key may not sign", "certificate-profile", Reason = "idevid-certificate-profile")]
    NotForSigning,

    [Fault("the birth certificate names two hardware modules", "certificate-profile", Reason = "idevid-certificate-profile")]
    TwoModules,

    [Fault("the birth certificate names neither a hardware module nor a serial number", "identifier-missing", Reason = "identifier-missing")]
    NoIdentifier,

    [Fault("the serial number of the hardware module is no UTF-8", "identifier-missing", Reason = "identifier-missing")]
    ModuleNotUtf8,

    [Fault("the serial number has a slash, so that no order can name it", "identifier-missing", Reason = "identifier-missing")]
    SerialWithSlash,

    [Fault("the birth certificate of another device", "identifier-mismatch", Reason = "identifier-mismatch")]
    WrongDevice,

    [Fault("the subject alternative name ends too early", "malformed-asn1", Reason = "certificate-malformed")]
    TruncatedNames,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root", Reason = "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the birth certificate expired, and its anchor does not excuse that", "chain-expired", Reason = "chain-expired", Only = "printer")]
    ExpiredBirthCertificate,

    [Fault("the manufacturing CA's certificate expired, and its anchor does not excuse that", "chain-expired", Reason = "chain-expired", Only = "printer")]
    ExpiredIntermediate,

    [Fault("the birth certificate is not valid yet", "chain-not-yet-valid", Reason = "chain-not-yet-valid")]
    FutureBirthCertificate,

    [Fault("the birth certificate's signature is by another key", "chain-signature-invalid", Reason = "chain-signature-invalid")]
    WrongLeafSignature,

    [Fault("the manufacturing CA's certificate is not sent", "chain-incomplete", Reason = "chain-incomplete")]
    MissingIntermediate,

    [Fault("the IDevID key signed a birth certificate of its own making", "certificate-profile", Reason = "issuer-not-ca")]
    CertificateBelow,

    [Fault("a critical extension that nobody knows", "certificate-profile", Reason = "critical-extension-unknown")]
    UnknownCriticalExtension,

    [Fault("right in itself: the CSR has another key than the signed one, finalize must refuse", "key-mismatch", Reason = "csr-key-not-attested", Problem = "badCSR")]
    KeySwap,

    [Fault("another statement format", "unsupported-format", Reason = "format-unknown")]
    UnknownFormat,

    [Fault("octets after the CBOR map", "malformed-cbor", Reason = "cbor-trailing-bytes")]
    TrailingBytes,

    [Fault("the key fmt twice", "duplicate-key", "malformed-cbor", Reason = "cbor-duplicate-key")]
    DuplicateKey,

    [Fault("no x5c", "missing-field", Reason = "member-missing")]
    MissingX5c,

    [Fault("no key", "missing-field", Reason = "member-missing")]
    MissingKey,

    [Fault("no sig", "missing-field", Reason = "member-missing")]
    MissingSignature,

    [Fault("an empty sig", "missing-field", Reason = "member-missing")]
    EmptySignature,

    [Fault("alg is a text", "wrong-type", Reason = "member-wrong-type")]
    AlgorithmOfText,

    [Fault("key is a text", "wrong-type", Reason = "member-wrong-type")]
    KeyOfText,

    [Fault("the birth certificate is no DER", "malformed-asn1", Reason = "certificate-malformed")]
    LeafNotDer,
}
