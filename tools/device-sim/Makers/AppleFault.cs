namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with an Apple statement.</summary>
internal enum AppleFault
{
    [Fault("the freshness code belongs to another token", "nonce-mismatch", Reason = "freshness-mismatch")]
    WrongChallenge,

    [Fault("the freshness extension is not there", "nonce-missing", Reason = "freshness-missing")]
    MissingFreshness,

    [Fault("the freshness extension is empty", "nonce-missing", "nonce-mismatch", Reason = "freshness-missing")]
    BlankFreshness,

    [Fault("the freshness code is wrapped in an OCTET STRING", "nonce-mismatch", Reason = "freshness-mismatch")]
    WrappedFreshness,

    [Fault("the freshness code is the hash of the key authorization", "nonce-mismatch", Reason = "freshness-mismatch")]
    KeyAuthorizationHashed,

    [Fault("serial number and UDID of another device", "identifier-mismatch", Reason = "identifier-mismatch")]
    WrongSerial,

    [Fault("the serial number in lower case", "identifier-mismatch", Reason = "identifier-mismatch")]
    LowerCaseSerial,

    [Fault("the serial number followed by U+0000", "identifier-mismatch", "malformed-statement", "malformed-asn1", Reason = "apple-property-malformed")]
    SerialWithNul,

    [Fault("the serial number is not UTF-8", "identifier-mismatch", "malformed-statement", "malformed-asn1", Reason = "apple-property-malformed")]
    SerialNotUtf8,

    [Fault("two serial number extensions, the right one first", "malformed-asn1", "malformed-statement", "certificate-profile", "identifier-mismatch", Reason = "certificate-malformed")]
    TwoSerials,

    [Fault("serial number and UDID are blank", "identifier-missing", Reason = "identifier-missing")]
    BlankSerial,

    [Fault("serial number and UDID are left out, as under User Enrollment", "identifier-missing", Reason = "identifier-missing")]
    UserEnrollment,

    [Fault("the SIP state is no DER INTEGER", "malformed-asn1", "malformed-statement", Reason = "apple-property-malformed")]
    MalformedSip,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root", Reason = "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the sub CA expired", "chain-expired", Reason = "chain-expired")]
    ExpiredIntermediate,

    [Fault("the leaf expired", "chain-expired", Reason = "chain-expired")]
    ExpiredLeaf,

    [Fault("the leaf is not valid yet", "chain-not-yet-valid", Reason = "chain-not-yet-valid")]
    FutureLeaf,

    [Fault("the sub CA is not presented", "chain-incomplete", Reason = "chain-incomplete")]
    MissingIntermediate,

    [Fault("the leaf's signature is by another key", "chain-signature-invalid", Reason = "chain-signature-invalid")]
    WrongLeafSignature,

    [Fault("the sub CA's basic constraints say that it is none", "chain-broken", "certificate-profile", Reason = "issuer-not-ca")]
    IntermediateNotCa,

    [Fault("the sub CA's key may sign revocation lists alone", "certificate-profile", Reason = "issuer-key-usage")]
    IntermediateMayNotSign,

    [Fault("a sub CA below one that may have none below it", "certificate-profile", Reason = "path-length-exceeded")]
    TooManyIntermediates,

    [Fault("the sub CA's certificate has an RSA key of 1024 bits", "unsupported-algorithm", "chain-signature-invalid", Reason = "certificate-algorithm-unsupported")]
    ShortIntermediateKey,

    [Fault("the leaf stands where the sub CA is due", "chain-broken", Reason = "chain-broken")]
    LeafTwice,

    [Fault("the leaf may be a CA", "certificate-profile", Reason = "apple-leaf-profile")]
    LeafIsCa,

    [Fault("a leaf issued by a device's leaf", "chain-extended", "chain-broken", "certificate-profile", Reason = "issuer-not-ca")]
    LeafBelowLeaf,

    [Fault("a critical extension that nobody knows", "certificate-profile", Reason = "critical-extension-unknown")]
    UnknownCriticalExtension,

    [Fault("right in itself: the CSR has another key than the attested one, finalize must refuse", "key-mismatch", Reason = "csr-key-not-attested", Problem = "badCSR")]
    KeySwap,

    [Fault("WebAuthn's anonymous attestation of the same name", "missing-attestation-extension", "nonce-missing", "identifier-missing", "malformed-statement", Reason = "apple-not-device-attestation")]
    WebAuthnApple,

    [Fault("attObj is the empty string: the device could not attest", "missing-field", "malformed-cbor", Reason = "attestation-missing")]
    EmptyAttObj,

    [Fault("attObj decodes to the two characters {}", "missing-field", "malformed-cbor", Reason = "attestation-empty-object")]
    EmptyJsonObject,

    [Fault("attObj decodes to an empty CBOR map", "missing-field", "malformed-cbor", Reason = "attestation-empty-object")]
    EmptyCborMap,

    [Fault("an empty attObj with Apple's member error", "missing-field", "malformed-cbor", Reason = "attestation-device-error")]
    ErrorField,

    [Fault("attObj with base64 padding: refused as malformed, the challenge stays pending", Reason = "base64url-invalid", Problem = "malformed")]
    PaddedBase64,

    [Fault("attObj is an object: refused as malformed, the challenge stays pending", Reason = "json-wrong-type", Problem = "malformed")]
    AttObjNotString,

    [Fault("another statement format", "unsupported-format", Reason = "format-unknown")]
    UnknownFormat,

    [Fault("octets after the CBOR map", "malformed-cbor", Reason = "cbor-trailing-bytes")]
    TrailingBytes,

    [Fault("the key fmt twice", "duplicate-key", "malformed-cbor", Reason = "cbor-duplicate-key")]
    DuplicateKey,

    [Fault("arrays nested deeper than any statement needs", "oversized", "malformed-cbor", Reason = "cbor-too-deep")]
    DeepNesting,

    [Fault("no x5c", "missing-field", Reason = "member-missing")]
    MissingX5c,

    [Fault("an empty x5c", "missing-field", "chain-incomplete", Reason = "member-missing")]
    EmptyX5c,

    [Fault("x5c holds text", "wrong-type", Reason = "member-wrong-type")]
    X5cOfText,

    [Fault("the sub CA forty times", "oversized", Reason = "chain-too-long")]
    LongChain,

    [Fault("the leaf is no DER", "malformed-asn1", Reason = "certificate-malformed")]
    LeafNotDer,
}
