namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with a step statement.</summary>
internal enum YubiKeyFault
{
    [Fault("sig is over another key authorization", "signature-invalid")]
    WrongKeyAuthorization,

    [Fault("sig is over the token alone", "signature-invalid")]
    SignedToken,

    [Fault("sig is over the hash of the key authorization, hashed again", "signature-invalid")]
    SignedHash,

    [Fault("sig is made by another key", "signature-invalid")]
    SignedByAnotherKey,

    [Fault("sig is not wrapped in a CBOR byte string", "malformed-statement", "signature-invalid")]
    BareSignature,

    [Fault("sig wraps a text", "malformed-statement")]
    TextSignature,

    [Fault("alg does not fit the key", "unsupported-algorithm")]
    WrongAlgorithm,

    [Fault("the key is an Ed25519 key, which firmware 5.7 makes", "unsupported-algorithm")]
    Ed25519Key,

    [Fault("the key has RSA 1024", "unsupported-algorithm")]
    ShortRsaKey,

    [Fault("no serial number, as where it is not visible", "identifier-missing")]
    NoSerial,

    [Fault("the serial number of another YubiKey", "identifier-mismatch")]
    WrongSerial,

    [Fault("the serial number is negative", "malformed-statement", "malformed-asn1")]
    NegativeSerial,

    [Fault("the serial number is no DER", "malformed-statement", "malformed-asn1")]
    SerialNotDer,

    [Fault("the firmware has four octets", "malformed-statement")]
    LongFirmware,

    [Fault("PIN policy without touch policy", "malformed-statement")]
    ShortPolicies,

    [Fault("a form factor of two octets", "malformed-statement")]
    LongFormFactor,

    [Fault("no policies: not the certificate of an attested key", "missing-attestation-extension")]
    NoPolicies,

    [Fault("no firmware", "missing-attestation-extension")]
    NoFirmware,

    [Fault("the attestation certificate in place of the key's own", "missing-attestation-extension")]
    AttestationCertificateAlone,

    [Fault("the attested key signed a certificate of its own making", "chain-extended")]
    ForgedCertificateBelow,

    [Fault("the attested key signed a certificate of a managed device", "certificate-profile", "chain-extended")]
    ForgedManagedDevice,

    [Fault("a key that is no CA and no attestation key signed the leaf", "certificate-profile")]
    IssuedByAnotherApplication,

    [Fault("the owner put an attestation key of his own into slot f9", "chain-signature-invalid")]
    OverwrittenAttestationKey,

    [Fault("a chain to another root of the same name", "chain-signature-invalid", "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the attestation certificate is not sent", "chain-incomplete", "chain-untrusted-root")]
    MissingIntermediate,

    [Fault("the attestation certificate expired", "chain-expired")]
    ExpiredIntermediate,

    [Fault("the leaf expired", "chain-expired")]
    ExpiredLeaf,

    [Fault("the leaf is not valid yet", "chain-not-yet-valid")]
    FutureLeaf,

    [Fault("the leaf's signature is by another key", "chain-signature-invalid")]
    WrongLeafSignature,

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

    [Fault("no sig: a certificate as old as the key", "missing-field")]
    MissingSignature,

    [Fault("an empty sig", "missing-field")]
    EmptySignature,

    [Fault("alg is a text", "wrong-type")]
    AlgorithmOfText,

    [Fault("the leaf is no DER", "malformed-asn1")]
    LeafNotDer,
}
