namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with a packed statement.</summary>
internal enum PackedFault
{
    [Fault("no x5c: the key vouches for itself", "self-attestation-not-allowed", Reason = "packed-self-attestation")]
    SelfAttestation,

    [Fault("the format none with an empty statement", "unsupported-format", Reason = "format-none")]
    NoneFormat,

    [Fault("the statement has a certInfo, as a TPM's has", "malformed-statement", Reason = "packed-other-statement")]
    MemberOfTpm,

    [Fault("sig is over another key authorization", "signature-invalid", Reason = "packed-signature-invalid")]
    WrongKeyAuthorization,

    [Fault("sig is over the token alone", "signature-invalid", Reason = "packed-signature-invalid")]
    SignedToken,

    [Fault("sig is that of a browser's ceremony, with its authData", "signature-invalid", Reason = "packed-signature-invalid")]
    BrowserCeremony,

    [Fault("sig is made by the key of the certificate to be, which nobody attests", "signature-invalid", Reason = "packed-signature-invalid")]
    SignedByAnotherKey,

    [Fault("alg does not fit the key", "unsupported-algorithm", Reason = "packed-algorithm-unsupported")]
    WrongAlgorithm,

    [Fault("the attestation key is an Ed25519 key", "unsupported-algorithm", Reason = "packed-algorithm-unsupported")]
    Ed25519Key,

    [Fault("no serial number: a certificate that a whole batch shares", "identifier-missing", Reason = "identifier-missing")]
    NoSerial,

    [Fault("an empty serial number", "identifier-missing", Reason = "identifier-missing")]
    BlankSerial,

    [Fault("the serial number of another authenticator", "identifier-mismatch", Reason = "identifier-mismatch")]
    WrongSerial,

    [Fault("the serial number is not wrapped in an OCTET STRING", "certificate-profile", "malformed-asn1", Reason = "packed-certificate-profile")]
    BareSerial,

    [Fault("an AAGUID of 15 octets", "certificate-profile", Reason = "packed-certificate-profile")]
    ShortAaguid,

    [Fault("another organizational unit", "certificate-profile", Reason = "packed-certificate-profile")]
    WrongUnit,

    [Fault("no country", "certificate-profile", Reason = "packed-certificate-profile")]
    NoCountry,

    [Fault("the leaf is a CA", "certificate-profile", Reason = "packed-certificate-profile")]
    LeafIsCa,

    [Fault("no basicConstraints", "certificate-profile", Reason = "packed-certificate-profile")]
    NoBasicConstraints,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root", Reason = "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the issuer's certificate is not sent", "chain-incomplete", "chain-untrusted-root", Reason = "chain-untrusted-root")]
    MissingIntermediate,

    [Fault("the issuer's certificate expired", "chain-expired", Reason = "chain-expired")]
    ExpiredIntermediate,

    [Fault("the leaf expired", "chain-expired", Reason = "chain-expired")]
    ExpiredLeaf,

    [Fault("the leaf is not valid yet", "chain-not-yet-valid", Reason = "chain-not-yet-valid")]
    FutureLeaf,

    [Fault("the leaf's signature is by another key", "chain-signature-invalid", Reason = "chain-signature-invalid")]
    WrongLeafSignature,

    [Fault("a critical extension that nobody knows", "certificate-profile", Reason = "critical-extension-unknown")]
    UnknownCriticalExtension,

    [Fault("right in itself: the CSR has another key than the one that signed, finalize must refuse", "key-mismatch", Reason = "csr-key-not-attested", Problem = "badCSR")]
    KeySwap,

    [Fault("another statement format", "unsupported-format", Reason = "format-unknown")]
    UnknownFormat,

    [Fault("octets after the CBOR map", "malformed-cbor", Reason = "cbor-trailing-bytes")]
    TrailingBytes,

    [Fault("the key fmt twice", "duplicate-key", "malformed-cbor", Reason = "cbor-duplicate-key")]
    DuplicateKey,

    [Fault("an empty x5c", "missing-field", Reason = "member-missing")]
    EmptyX5c,

    [Fault("an empty sig", "missing-field", Reason = "member-missing")]
    EmptySignature,

    [Fault("alg is a text", "wrong-type", Reason = "member-wrong-type")]
    AlgorithmOfText,

    [Fault("the leaf is no DER", "malformed-asn1", Reason = "certificate-malformed")]
    LeafNotDer,
}
