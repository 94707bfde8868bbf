namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with a step statement.</summary>
internal enum YubiKeyFault
{
    [Fault("sig is over another key authorization", "signature-invalid", Reason = "step-signature-invalid")]
    WrongKeyAuthorization,

    [Fault("sig is over the token alone", "signature-invalid", Reason = "step-signature-invalid")]
    SignedToken,

    [Fault("sig is over the hash of the key authorization, hashed again", "signature-invalid", Reason = "step-signature-invalid")]
    SignedHash,

    [Fault("sig is made by another key", "signature-invalid", Reason = "step-signature-invalid")]
    SignedByAnotherKey,

    [Fault("sig is not wrapped in a CBOR byte string", "malformed-statement", "signature-invalid", Reason = "step-signature-malformed")]
    BareSignature,

    [Fault("sig wraps a text", "malformed-statement", Reason = "step-signature-malformed")]
    TextSignature,

    [Fault("alg does not fit the key", "unsupported-algorithm", Reason = "step-algorithm-unsupported")]
    WrongAlgorithm,

    [Fault("the key is an Ed25519 key, which firmware 5.7 makes", "unsupported-algorithm", Reason = "step-algorithm-unsupported")]
    Ed25519Key,

    [Fault("the key has RSA 1024", "unsupported-algorithm", Reason = "step-algorithm-unsupported")]
    ShortRsaKey,

    [Fault("no serial number, as where it is not visible", "identifier-missing", Reason = "identifier-missing")]
    NoSerial,

    [Fault("the serial number of another YubiKey", "identifier-mismatch", Reason = "identifier-mismatch")]
    WrongSerial,

    [Fault("the serial number is negative", "malformed-statement", "malformed-asn1", Reason = "step-extension-malformed")]
    NegativeSerial,

    [Fault("the serial number is no DER", "malformed-statement", "malformed-asn1", Reason = "step-extension-malformed")]
    SerialNotDer,

    [Fault("the firmware has four octets", "malformed-statement", Reason = "step-extension-malformed")]
    LongFirmware,

    [Fault("PIN policy without touch policy", "malformed-statement", Reason = "step-extension-malformed")]
    ShortPolicies,

    [Fault("a form factor of two octets", "malformed-statement", Reason = "step-extension-malformed")]
    LongFormFactor,

    [Fault("no policies: not the certificate of an attested key", "missing-attestation-extension", Reason = "step-extension-missing")]
    NoPolicies,

    [Fault("no firmware", "missing-attestation-extension", Reason = "step-extension-missing")]
    NoFirmware,

    [Fault("the attestation certificate in place of the key's own", "missing-attestation-extension", Reason = "step-extension-missing")]
    AttestationCertificateAlone,

    [Fault("the attested key signed a certificate of its own making", "chain-extended", Reason = "step-chain-extended")]
    ForgedCertificateBelow,

    [Fault("the attested key signed a certificate of a managed device", "certificate-profile", "chain-extended", Reason = "step-chain-extended")]
    ForgedManagedDevice,

    [Fault("a key that is no CA and no attestation key signed the leaf", "certificate-profile", Reason = "issuer-not-ca")]
    IssuedByAnotherApplication,

    [Fault("the owner put an attestation key of his own into slot f9", "chain-signature-invalid", Reason = "chain-signature-invalid")]
    OverwrittenAttestationKey,

    [Fault("a chain to another root of the same name", "chain-signature-invalid", "chain-untrusted-root", Reason = "chain-signature-invalid")]
    ForeignRoot,

    [Fault("the attestation certificate is not sent", "chain-incomplete", "chain-untrusted-root", Reason = "chain-incomplete")]
    MissingIntermediate,

    [Fault("the attestation certificate expired", "chain-expired", Reason = "chain-expired")]
    ExpiredIntermediate,

    [Fault("the leaf expired", "chain-expired", Reason = "chain-expired")]
    ExpiredLeaf,

    [Fault("the leaf is not valid yet", "chain-not-yet-valid", Reason = "chain-not-yet-valid")]
    FutureLeaf,

    [Fault("the leaf's signature is by another key", "chain-signature-invalid", Reason = "chain-signature-invalid")]
    WrongLeafSignature,

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

    [Fault("no sig: a certificate as old as the key", "missing-field", Reason = "member-missing")]
    MissingSignature,

    [Fault("an empty sig", "missing-field", Reason = "member-missing")]
    EmptySignature,

    [Fault("alg is a text", "wrong-type", Reason = "member-wrong-type")]
    AlgorithmOfText,

    [Fault("the leaf is no DER", "malformed-asn1", Reason = "certificate-malformed")]
    LeafNotDer,
}
