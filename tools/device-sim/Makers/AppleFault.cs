namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with an Apple statement.</summary>
internal enum AppleFault
{
    [Fault("the freshness code belongs to another token", "nonce-mismatch")]
    WrongChallenge,

    [Fault("the freshness extension is not there", "nonce-missing")]
    MissingFreshness,

    [Fault("the freshness extension is empty", "nonce-missing", "nonce-mismatch")]
    BlankFreshness,

    [Fault("the freshness code is wrapped in an OCTET STRING", "nonce-mismatch")]
    WrappedFreshness,

    [Fault("the freshness code is the hash of the key authorization", "nonce-mismatch")]
    KeyAuthorizationHashed,

    [Fault("serial number and UDID of another device", "identifier-mismatch")]
    WrongSerial,

    [Fault("the serial number in lower case", "identifier-mismatch")]
    LowerCaseSerial,

    [Fault("the serial number followed by U+0000", "identifier-mismatch", "malformed-statement", "malformed-asn1")]
    SerialWithNul,

    [Fault("the serial number is not UTF-8", "identifier-mismatch", "malformed-statement", "malformed-asn1")]
    SerialNotUtf8,

    [Fault("two serial number extensions, the right one first", "malformed-asn1", "malformed-statement", "certificate-profile", "identifier-mismatch")]
    TwoSerials,

    [Fault("serial number and UDID are blank", "identifier-missing")]
    BlankSerial,

    [Fault("serial number and UDID are left out, as under User Enrollment", "identifier-missing")]
    UserEnrollment,

    [Fault("the SIP state is no DER INTEGER", "malformed-asn1", "malformed-statement")]
    MalformedSip,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the sub CA expired", "chain-expired")]
    ExpiredIntermediate,

    [Fault("the leaf expired", "chain-expired")]
    ExpiredLeaf,

    [Fault("the leaf is not valid yet", "chain-not-yet-valid")]
    FutureLeaf,

    [Fault("the sub CA is not presented", "chain-incomplete")]
    MissingIntermediate,

    [Fault("the leaf's signature is by another key", "chain-signature-invalid")]
    WrongLeafSignature,

    [Fault("the sub CA's basic constraints say that it is none", "chain-broken", "certificate-profile")]
    IntermediateNotCa,

    [Fault("a leaf issued by a device's leaf", "chain-extended", "chain-broken", "certificate-profile")]
    LeafBelowLeaf,

    [Fault("a critical extension that nobody knows", "certificate-profile")]
    UnknownCriticalExtension,

    [Fault("right in itself: the CSR has another key than the attested one, finalize must refuse", "key-mismatch")]
    KeySwap,

    [Fault("WebAuthn's anonymous attestation of the same name", "missing-attestation-extension", "nonce-missing", "identifier-missing", "malformed-statement")]
    WebAuthnApple,

    [Fault("attObj is the empty string: the device could not attest", "missing-field", "malformed-cbor")]
    EmptyAttObj,

    [Fault("attObj decodes to the two characters {}", "missing-field", "malformed-cbor")]
    EmptyJsonObject,

    [Fault("attObj decodes to an empty CBOR map", "missing-field", "malformed-cbor")]
    EmptyCborMap,

    [Fault("an empty attObj with Apple's member error", "missing-field", "malformed-cbor")]
    ErrorField,

    [Fault("attObj with base64 padding: refused as malformed, the challenge stays pending")]
    PaddedBase64,

    [Fault("attObj is an object: refused as malformed, the challenge stays pending")]
    AttObjNotString,

    [Fault("another statement format", "unsupported-format")]
    UnknownFormat,

    [Fault("octets after the CBOR map", "malformed-cbor")]
    TrailingBytes,

    [Fault("the key fmt twice", "duplicate-key", "malformed-cbor")]
    DuplicateKey,

    [Fault("arrays nested deeper than any statement needs", "oversized", "malformed-cbor")]
    DeepNesting,

    [Fault("no x5c", "missing-field")]
    MissingX5c,

    [Fault("an empty x5c", "missing-field", "chain-incomplete")]
    EmptyX5c,

    [Fault("x5c holds text", "wrong-type")]
    X5cOfText,

    [Fault("the sub CA forty times", "oversized")]
    LongChain,

    [Fault("the leaf is no DER", "malformed-asn1")]
    LeafNotDer,
}
