namespace DeviceAcme.Simulator.Makers;

/// <summary>One thing wrong with a packed statement.</summary>
internal enum PackedFault
{
    [Fault("no x5c: the key vouches for itself", "self-attestation-not-allowed")]
    SelfAttestation,

    [Fault("the format none with an empty statement", "unsupported-format")]
    NoneFormat,

    [Fault("the statement has a certInfo, as a TPM's has", "malformed-statement")]
    MemberOfTpm,

    [Fault("sig is over another key authorization", "signature-invalid")]
    WrongKeyAuthorization,

    [Fault("sig is over the token alone", "signature-invalid")]
    SignedToken,

    [Fault("sig is that of a browser's ceremony, with its authData", "signature-invalid")]
    BrowserCeremony,

    [Fault("sig is made by the key of the certificate to be, which nobody attests", "signature-invalid")]
    SignedByAnotherKey,

    [Fault("alg does not fit the key", "unsupported-algorithm")]
    WrongAlgorithm,

    [Fault("the attestation key is an Ed25519 key", "unsupported-algorithm")]
    Ed25519Key,

    [Fault("no serial number: a certificate that a whole batch shares", "identifier-missing")]
    NoSerial,

    [Fault("an empty serial number", "identifier-missing")]
    BlankSerial,

    [Fault("the serial number of another authenticator", "identifier-mismatch")]
    WrongSerial,

    [Fault("the serial number is not wrapped in an OCTET STRING", "certificate-profile", "malformed-asn1")]
    BareSerial,

    [Fault("an AAGUID of 15 octets", "certificate-profile")]
    ShortAaguid,

    [Fault("another organizational unit", "certificate-profile")]
    WrongUnit,

    [Fault("no country", "certificate-profile")]
    NoCountry,

    [Fault("the leaf is a CA", "certificate-profile")]
    LeafIsCa,

    [Fault("no basicConstraints", "certificate-profile")]
    NoBasicConstraints,

    [Fault("a chain to a root that nobody knows", "chain-untrusted-root")]
    ForeignRoot,

    [Fault("the issuer's certificate is not sent", "chain-incomplete", "chain-untrusted-root")]
    MissingIntermediate,

    [Fault("the issuer's certificate expired", "chain-expired")]
    ExpiredIntermediate,

    [Fault("the leaf expired", "chain-expired")]
    ExpiredLeaf,

    [Fault("the leaf is not valid yet", "chain-not-yet-valid")]
    FutureLeaf,

    [Fault("the leaf's signature is by another key", "chain-signature-invalid")]
    WrongLeafSignature,

    [Fault("a critical extension that nobody knows", "certificate-profile")]
    UnknownCriticalExtension,

    [Fault("right in itself: the CSR has another key than the one that signed, finalize must refuse", "key-mismatch")]
    KeySwap,

    [Fault("another statement format", "unsupported-format")]
    UnknownFormat,

    [Fault("octets after the CBOR map", "malformed-cbor")]
    TrailingBytes,

    [Fault("the key fmt twice", "duplicate-key", "malformed-cbor")]
    DuplicateKey,

    [Fault("an empty x5c", "missing-field")]
    EmptyX5c,

    [Fault("an empty sig", "missing-field")]
    EmptySignature,

    [Fault("alg is a text", "wrong-type")]
    AlgorithmOfText,

    [Fault("the leaf is no DER", "malformed-asn1")]
    LeafNotDer,
}
