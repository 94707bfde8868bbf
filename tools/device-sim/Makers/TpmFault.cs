namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with a TPM statement.</summary>
internal enum TpmFault
{
    [Fault("extraData belongs to another key authorization", "nonce-mismatch", Reason = "freshness-mismatch")]
    WrongExtraData,

    [Fault("extraData is the hash of the token alone", "nonce-mismatch", Reason = "freshness-mismatch")]
    TokenHashed,

    [Fault("extraData is empty", "nonce-missing", "nonce-mismatch", Reason = "freshness-missing")]
    EmptyExtraData,

    [Fault("certInfo does not start with TPM_GENERATED_VALUE", "wrong-magic", Reason = "tpm-magic-wrong")]
    WrongMagic,

    [Fault("a quote in the place of a certification", "wrong-attest-type", Reason = "tpm-attest-type-wrong")]
    QuoteInsteadOfCertify,

    [Fault("the certified name is that of another key", "name-mismatch", Reason = "tpm-name-mismatch")]
    WrongName,

    [Fault("the name is made with SHA-1", "unsupported-algorithm", "name-mismatch", Reason = "tpm-algorithm-unsupported")]
    Sha1Name,

    [Fault("the certified key is restricted", "key-attributes-rejected", Reason = "tpm-key-attributes")]
    RestrictedKey,

    [Fault("the certified key may leave its TPM", "key-attributes-rejected", Reason = "tpm-key-attributes")]
    FixedTpmClear,

    [Fault("the certified key may change its parent", "key-attributes-rejected", Reason = "tpm-key-attributes")]
    FixedParentClear,

    [Fault("the certified key was made elsewhere and imported", "key-attributes-rejected", Reason = "tpm-key-attributes")]
    SensitiveDataOriginClear,

    [Fault("the certified key cannot sign", "key-attributes-rejected", Reason = "tpm-key-attributes")]
    SignClear,

    [Fault("an EK certificate in the place of the AK certificate", "wrong-eku", "certificate-profile", "signature-invalid", "chain-untrusted-root", Reason = "anchor-limited")]
    EkCertificateAsAk,

    [Fault("the AK certificate names no permanent identifier", "identifier-missing", Reason = "identifier-missing")]
    MissingIdentifier,

    [Fault("the AK certificate names another TPM", "identifier-mismatch", Reason = "identifier-mismatch")]
    OtherIdentifier,

    [Fault("the AK certificate lacks tcg-kp-AIKCertificate", "wrong-eku", Reason = "ak-eku-missing")]
    AkWithoutEku,

    [Fault("the AK certificate has a subject", "certificate-profile", Reason = "ak-certificate-profile")]
    AkWithSubject,

    [Fault("the AK certificate is a CA's", "certificate-profile", Reason = "ak-certificate-profile")]
    AkIsCa,

    [Fault("the AK certificate does not describe the TPM", "certificate-profile", Reason = "ak-certificate-profile")]
    AkWithoutTpmAttributes,

    [Fault("the AK certificate expired", "chain-expired", Reason = "chain-expired")]
    ExpiredAk,

    [Fault("the attestation CA expired", "chain-expired", Reason = "chain-expired")]
    ExpiredIntermediate,

    [Fault("the attestation CA is not presented", "chain-incomplete", "chain-untrusted-root", Reason = "chain-untrusted-root")]
    MissingIntermediate,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root", Reason = "chain-untrusted-root")]
    ForeignRoot,

    [Fault("certInfo is signed by another key than the AK", "signature-invalid", Reason = "tpm-signature-invalid")]
    WrongSignature,

    [Fault("certInfo is signed with SHA-1 (RS1)", "unsupported-algorithm", Reason = "tpm-algorithm-unsupported")]
    Sha1Signature,

    [Fault("octets after pubArea", "malformed-tpm-structure", "name-mismatch", Reason = "tpm-structure-malformed")]
    PubAreaTrailingBytes,

    [Fault("pubArea ends too early", "malformed-tpm-structure", Reason = "tpm-structure-malformed")]
    PubAreaTruncated,

    [Fault("octets after certInfo", "malformed-tpm-structure", "signature-invalid", Reason = "tpm-structure-malformed")]
    CertInfoTrailingBytes,

    [Fault("the point is not on its curve", "malformed-key", Reason = "key-malformed", Only = "tpm")]
    PointNotOnCurve,

    [Fault("an RSA key whose exponent is 1", "malformed-key", "key-attributes-rejected", Reason = "key-malformed")]
    RsaExponentOne,

    [Fault("an RSA key of 1024 bits", "key-attributes-rejected", "malformed-key", "unsupported-algorithm", Reason = "key-unsupported")]
    ShortRsaKey,

    [Fault("right in itself: the CSR has another key than the certified one, finalize must refuse", "key-mismatch", Reason = "csr-key-not-attested", Problem = "badCSR")]
    KeySwap,

    [Fault("ver is 1.2", "unsupported-version", Reason = "tpm-version-unsupported")]
    WrongVersion,

    [Fault("no ver", "missing-field", Reason = "member-missing")]
    MissingVersion,

    [Fault("no x5c", "missing-field", Reason = "member-missing")]
    MissingX5c,

    [Fault("no sig", "missing-field", Reason = "member-missing")]
    MissingSignature,

    [Fault("no certInfo", "missing-field", Reason = "member-missing")]
    MissingCertInfo,

    [Fault("no pubArea", "missing-field", Reason = "member-missing")]
    MissingPubArea,

    [Fault("certInfo is text", "wrong-type", Reason = "member-wrong-type")]
    CertInfoOfText,

    [Fault("octets after the CBOR map", "malformed-cbor", Reason = "cbor-trailing-bytes")]
    TrailingBytes,

    [Fault("the key fmt twice", "duplicate-key", "malformed-cbor", Reason = "cbor-duplicate-key")]
    DuplicateKey,

    [Fault("attObj is the empty string: the device could not attest", "missing-field", "malformed-cbor", Reason = "attestation-missing")]
    EmptyAttObj,

    [Fault("attObj decodes to an empty CBOR map", "missing-field", "malformed-cbor", Reason = "attestation-empty-object")]
    EmptyCborMap,

    [Fault("attObj with base64 padding: refused as malformed, the challenge stays pending", Reason = "base64url-invalid", Problem = "malformed")]
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
