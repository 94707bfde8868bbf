namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with a deviceacme-idevid statement (docs/idevid-format.md).</summary>
internal enum IdevidFault
{
    [Fault("the signature is over another key authorization", "signature-invalid")]
    WrongChallenge,

    [Fault("the signature is over the token and not the key authorization", "signature-invalid")]
    TokenSigned,

    [Fault("the signature is over the key authorization alone, without the new key", "signature-invalid")]
    KeyAuthorizationAlone,

    [Fault("the signature is over the hashes without the context before them", "signature-invalid")]
    WithoutContext,

    [Fault("key is exchanged after the signature was made", "signature-invalid")]
    ExchangedKey,

    [Fault("the signature is by the new key and not by the IDevID key", "signature-invalid")]
    SignedByNewKey,

    [Fault("the signature is longer than any", "signature-invalid", "oversized")]
    LongSignature,

    [Fault("alg belongs to another kind of key", "unsupported-algorithm")]
    WrongAlgorithm,

    [Fault("alg is with SHA-1", "unsupported-algorithm")]
    Sha1Algorithm,

    [Fault("the IDevID key is RSA of 1024 bits", "unsupported-algorithm")]
    ShortBirthKey,

    [Fault("the new key is RSA of 1024 bits", "unsupported-algorithm")]
    ShortNewKey,

    [Fault("key is longer than any", "unsupported-algorithm", "oversized")]
    LongKey,

    [Fault("key is no DER SubjectPublicKeyInfo", "malformed-key")]
    KeyNotDer,

    [Fault("key is a point that is not on its curve", "malformed-key")]
    PointNotOnCurve,

    [Fault("the birth certificate is a CA's", "certificate-profile")]
    BirthCertificateOfCa,

    [Fault("the birth certificate's key may not sign", "certificate-profile")]
    NotForSigning,

    [Fault("the birth certificate names two hardware modules", "certificate-profile")]
    TwoModules,

    [Fault("the birth certificate names neither a hardware module nor a serial number", "identifier-missing")]
    NoIdentifier,

    [Fault("the serial number of the hardware module is no UTF-8", "identifier-missing")]
    ModuleNotUtf8,

    [Fault("the serial number has a slash, so that no order can name it", "identifier-missing")]
    SerialWithSlash,

    [Fault("the birth certificate of another device", "identifier-mismatch")]
    WrongDevice,

    [Fault("the subject alternative name ends too early", "malformed-asn1")]
    TruncatedNames,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the birth certificate expired, and its anchor does not excuse that", "chain-expired")]
    ExpiredBirthCertificate,

    [Fault("the manufacturing CA's certificate expired, and its anchor does not excuse that", "chain-expired")]
    ExpiredIntermediate,

    [Fault("the birth certificate is not valid yet", "chain-not-yet-valid")]
    FutureBirthCertificate,

    [Fault("the birth certificate's signature is by another key", "chain-signature-invalid")]
    WrongLeafSignature,

    [Fault("the manufacturing CA's certificate is not sent", "chain-incomplete")]
    MissingIntermediate,

    [Fault("the IDevID key signed a birth certificate of its own making", "certificate-profile")]
    CertificateBelow,

    [Fault("a critical extension that nobody knows", "certificate-profile")]
    UnknownCriticalExtension,

    [Fault("right in itself: the CSR has another key than the signed one, finalize must refuse", "key-mismatch")]
    KeySwap,

    [Fault("another statement format", "unsupported-format")]
    UnknownFormat,

    [Fault("octets after the CBOR map", "malformed-cbor")]
    TrailingBytes,

    [Fault("the key fmt twice", "duplicate-key", "malformed-cbor")]
    DuplicateKey,

    [Fault("no x5c", "missing-field")]
    MissingX5c,

    [Fault("no key", "missing-field")]
    MissingKey,

    [Fault("no sig", "missing-field")]
    MissingSignature,

    [Fault("an empty sig", "missing-field")]
    EmptySignature,

    [Fault("alg is a text", "wrong-type")]
    AlgorithmOfText,

    [Fault("key is a text", "wrong-type")]
    KeyOfText,

    [Fault("the birth certificate is no DER", "malformed-asn1")]
    LeafNotDer,
}
