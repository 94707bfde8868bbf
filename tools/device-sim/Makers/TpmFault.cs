namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with a TPM statement.</summary>
internal enum TpmFault
{
    [Fault("extraData belongs to another key authorization", "nonce-mismatch")]
    WrongExtraData,

    [Fault("extraData is the hash of the token alone", "nonce-mismatch")]
    TokenHashed,

    [Fault("extraData is empty", "nonce-missing", "nonce-mismatch")]
    EmptyExtraData,

    [Fault("certInfo does not start with TPM_GENERATED_VALUE", "wrong-magic")]
    WrongMagic,

    [Fault("a quote in the place of a certification", "wrong-attest-type")]
    QuoteInsteadOfCertify,

    [Fault("the certified name is that of another key", "name-mismatch")]
    WrongName,

    [Fault("the name is made with SHA-1", "unsupported-algorithm", "name-mismatch")]
    Sha1Name,

    [Fault("the certified key is restricted", "key-attributes-rejected")]
    RestrictedKey,

    [Fault("the certified key may leave its TPM", "key-attributes-rejected")]
    FixedTpmClear,

    [Fault("the certified key may change its parent", "key-attributes-rejected")]
    FixedParentClear,

    [Fault("the certified key was made elsewhere and imported", "key-attributes-rejected")]
    SensitiveDataOriginClear,

    [Fault("the certified key cannot sign", "key-attributes-rejected")]
    SignClear,

    [Fault("an EK certificate in the place of the AK certificate", "wrong-eku", "certificate-profile", "signature-invalid", "chain-untrusted-root")]
    EkCertificateAsAk,

    [Fault("the AK certificate names no permanent identifier", "identifier-missing")]
    MissingIdentifier,

    [Fault("the AK certificate names another TPM", "identifier-mismatch")]
    OtherIdentifier,

    [Fault("the AK certificate lacks tcg-kp-AIKCertificate", "wrong-eku")]
    AkWithoutEku,

    [Fault("the AK certificate has a subject", "certificate-profile")]
    AkWithSubject,

    [Fault("the AK certificate is a CA's", "certificate-profile")]
    AkIsCa,

    [Fault("the AK certificate does not describe the TPM", "certificate-profile")]
    AkWithoutTpmAttributes,

    [Fault("the AK certificate expired", "chain-expired")]
    ExpiredAk,

    [Fault("the attestation CA expired", "chain-expired")]
    ExpiredIntermediate,

    [Fault("the attestation CA is not presented", "chain-incomplete", "chain-untrusted-root")]
    MissingIntermediate,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root")]
    ForeignRoot,

    [Fault("certInfo is signed by another key than the AK", "signature-invalid")]
    WrongSignature,

    [Fault("certInfo is signed with SHA-1 (RS1)", "unsupported-algorithm")]
    Sha1Signature,

    [Fault("octets after pubArea", "malformed-tpm-structure", "name-mismatch")]
    PubAreaTrailingBytes,

    [Fault("pubArea ends too early", "malformed-tpm-structure")]
    PubAreaTruncated,

    [Fault("octets after certInfo", "malformed-tpm-structure", "signature-invalid")]
    CertInfoTrailingBytes,

    [Fault("the point is not on its curve", "malformed-key")]
    PointNotOnCurve,

    [Fault("an RSA key whose exponent is 1", "malformed-key", "key-attributes-rejected")]
    RsaExponentOne,

    [Fault("an RSA key of 1024 bits", "key-attributes-rejected", "malformed-key", "unsupported-algorithm")]
    ShortRsaKey,

    [Fault("right in itself: the CSR has another key than the certified one, finalize must refuse", "key-mismatch")]
    KeySwap,

    [Fault("ver is 1.2", "unsupported-version")]
    WrongVersion,

    [Fault("no ver", "missing-field")]
    MissingVersion,

    [Fault("no x5c", "missing-field")]
    MissingX5c,

    [Fault("no sig", "missing-field")]
    MissingSignature,

    [Fault("no certInfo", "missing-field")]
    MissingCertInfo,

    [Fault("no pubArea", "missing-field")]
    MissingPubArea,

    [Fault("certInfo is text", "wrong-type")]
    CertInfoOfText,

    [Fault("octets after the CBOR map", "malformed-cbor")]
    TrailingBytes,

    [Fault("the key fmt twice", "duplicate-key", "malformed-cbor")]
    DuplicateKey,

    [Fault("attObj is the empty string: the device could not attest", "missing-field", "malformed-cbor")]
    EmptyAttObj,

    [Fault("attObj decodes to an empty CBOR map", "missing-field", "malformed-cbor")]
    EmptyCborMap,

    [Fault("attObj with base64 padding: refused as malformed, the challenge stays pending")]
    PaddedBase64,
}

/// <summary>What real TPM clients do differently from each other; all of it is to be accepted.</summary>
internal enum TpmVariant
{
    /// <summary>sig is a plain signature, PKCS #1 or DER, as in WebAuthn's test vectors.</summary>
    PlainSignature,

    /// <summary>alg describes the attested key, not the AK, as one deployed client fills it in.</summary>
    AlgOfAttestedKey,

    /// <summary>pubArea with the length that TPM2B_PUBLIC puts before it.</summary>
    SizedPubArea,

    /// <summary>The three TPM attributes in one multi-valued RDN.</summary>
    MultiValuedRdn,

    /// <summary>Coordinates without their leading zeros, where they have some.</summary>
    ShortCoordinates,
}
