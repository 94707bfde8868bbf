using System.Collections.Frozen;

namespace DeviceAcme.Attestation;

/// <summary>The one table of reasons for which evidence is refused: stable code, class of fault, and what would help.</summary>
public static class Reasons
{
    private static readonly List<Reason> Table = [];

    // no attestation at all
    public static Reason AttestationMissing { get; } = Row("attestation-missing", "malformed-cbor",
        "The device sent no attestation: check that the profile asks for it (Attest and HardwareBound) and that the device can make one.");
    public static Reason AttestationEmptyObject { get; } = Row("attestation-empty-object", "missing-field",
        "The device answered without an attestation: it could not make one now, or the profile does not ask for it. Deliver the profile again later.");
    public static Reason AttestationDeviceError { get; } = Row("attestation-device-error", "missing-field",
        "The device could not obtain an attestation and said why; its vendor's attestation service may be unreachable or rate limited.");

    // the attestation object
    public static Reason AttestationTooLarge { get; } = Row("attestation-too-large", "oversized",
        "The attestation object is larger than any genuine one.");
    public static Reason CborMalformed { get; } = Row("cbor-malformed", "malformed-cbor",
        "The attestation object must be one well-formed CBOR item; it was damaged on the way or made by a faulty client.");
    public static Reason CborTrailingBytes { get; } = Row("cbor-trailing-bytes", "malformed-cbor",
        "Nothing may follow the attestation object.");
    public static Reason CborIndefiniteLength { get; } = Row("cbor-indefinite-length", "malformed-cbor",
        "Write the attestation object with definite lengths (CTAP2 canonical CBOR).");
    public static Reason CborNonMinimalLength { get; } = Row("cbor-non-minimal-length", "non-canonical-cbor",
        "Write lengths and numbers in their shortest form (CTAP2 canonical CBOR).");
    public static Reason CborTooDeep { get; } = Row("cbor-too-deep", "malformed-cbor",
        "The attestation object is nested deeper than any genuine one.");
    public static Reason CborTooManyItems { get; } = Row("cbor-too-many-items", "oversized",
        "The attestation object holds more items than any genuine one.");
    public static Reason CborDuplicateKey { get; } = Row("cbor-duplicate-key", "duplicate-key",
        "A map of the attestation object has the same key twice.");
    public static Reason MemberMissing { get; } = Row("member-missing", "missing-field",
        "A required member of the attestation statement is absent or empty.");
    public static Reason MemberWrongType { get; } = Row("member-wrong-type", "wrong-type",
        "A member of the attestation statement has the wrong CBOR type.");
    public static Reason FormatMissing { get; } = Row("format-missing", "missing-field",
        "The attestation object has no fmt.");
    public static Reason StatementMissing { get; } = Row("statement-missing", "missing-field",
        "The attestation object has no attStmt.");
    public static Reason FormatUnknown { get; } = Row("format-unknown", "unsupported-format",
        "This server does not verify this attestation format.");
    public static Reason FormatNone { get; } = Row("format-none", "unsupported-format",
        "The device sent no attestation (none): let its client ask for one, or use a profile that needs no evidence.");
    public static Reason FormatNotAllowed { get; } = Row("format-not-allowed", "unsupported-format",
        "The profile does not accept this attestation format: add it to attestation.formats or use another directory.");

    // what only a verification without server meets
    public static Reason PemMalformed { get; } = Row("pem-malformed", "malformed-pem",
        "A PEM block has no end, or holds something else than base64.");
    public static Reason AuthenticatorDataMalformed { get; } = Row("authdata-malformed", "malformed-authdata",
        "The authenticator data is not what WebAuthn §6.1 says: it was damaged on the way or made by a faulty client.");
    public static Reason KeyMismatch { get; } = Row("key-mismatch", "key-mismatch",
        "The evidence attests another key than the one that it must be: compare the key of the request with the one in the device.");

    // certificates and their path
    public static Reason ChainTooLong { get; } = Row("chain-too-long", "oversized",
        "More certificates than any vendor's chain has.");
    public static Reason CertificateTooLarge { get; } = Row("certificate-too-large", "oversized",
        "A certificate is larger than any vendor's.");
    public static Reason CertificateMalformed { get; } = Row("certificate-malformed", "malformed-asn1",
        "A certificate is not strict DER; it was damaged on the way or made by a faulty client.");
    public static Reason ChainBroken { get; } = Row("chain-broken", "chain-broken",
        "Each certificate must be issued by the next one.");
    public static Reason ChainIncomplete { get; } = Row("chain-incomplete", "chain-incomplete",
        "The issuer's certificate is needed: the device must send it, or it must be added to the anchor set as an intermediate.");
    public static Reason ChainUntrustedRoot { get; } = Row("chain-untrusted-root", "chain-untrusted-root",
        "The chain ends at a root that this profile does not accept: if it is a genuine vendor root, import it and name its folder in attestation.anchors.");
    public static Reason ChainSignatureInvalid { get; } = Row("chain-signature-invalid", "chain-signature-invalid",
        "A certificate is not signed by the issuer that it names: it was altered or forged.");
    public static Reason ChainExpired { get; } = Row("chain-expired", "chain-expired",
        "A certificate of the chain has expired: the device must make a new attestation.");
    public static Reason ChainNotYetValid { get; } = Row("chain-not-yet-valid", "chain-not-yet-valid",
        "A certificate of the chain is not valid yet: check this server's clock.");
    public static Reason IssuerNotCa { get; } = Row("issuer-not-ca", "certificate-profile",
        "A certificate was issued with a key that may not issue certificates.");
    public static Reason IssuerKeyUsage { get; } = Row("issuer-key-usage", "certificate-profile",
        "A certificate was issued with a key whose keyUsage forbids that.");
    public static Reason PathLengthExceeded { get; } = Row("path-length-exceeded", "certificate-profile",
        "The chain is longer than one of its certificates allows.");
    public static Reason CriticalExtensionUnknown { get; } = Row("critical-extension-unknown", "certificate-profile",
        "A certificate has a critical extension that this server does not know.");
    public static Reason CertificateAlgorithmUnsupported { get; } = Row("certificate-algorithm-unsupported", "unsupported-algorithm",
        "A certificate of the chain uses an algorithm or key that is not accepted (SHA-1, short RSA, curves other than P-256, P-384 and P-521).");

    public static Reason AnchorLimited { get; } = Row("anchor-limited", "chain-untrusted-root",
        "The chain is good, but its anchor may not vouch for this: see its terms in the trust folder, or name another folder in attestation.anchors.");
    public static Reason AnchorDistrusted { get; } = Row("anchor-distrusted", "chain-untrusted-root",
        "The chain is good, but a certificate of it was distrusted: the anchor's terms say why and since when.");

    // bindings
    public static Reason FreshnessMissing { get; } = Row("freshness-missing", "nonce-missing",
        "The evidence has no freshness value, so it could be any old one.");
    public static Reason FreshnessMismatch { get; } = Row("freshness-mismatch", "nonce-mismatch",
        "The evidence was made for another challenge.");
    public static Reason IdentifierMissing { get; } = Row("identifier-missing", "identifier-missing",
        "The evidence carries no identifier that could be compared with the order.");
    public static Reason IdentifierMismatch { get; } = Row("identifier-mismatch", "identifier-mismatch",
        "The order names another device than the evidence proves: compare the identifier in the client's settings with the device.");
    public static Reason IdentifierFactUnknown { get; } = Row("identifier-fact-unknown", "identifier-missing",
        "This format never carries the fact that the profile wants proven: change `proves` or the formats of the profile.");
    public static Reason KeyUnsupported { get; } = Row("key-unsupported", "unsupported-algorithm",
        "The attested key is of a kind that this format does not have.");
    public static Reason KeyMalformed { get; } = Row("key-malformed", "malformed-key",
        "The attested public key is not a valid key of its kind.");

    // apple
    public static Reason AppleNotDeviceAttestation { get; } = Row("apple-not-device-attestation", "missing-attestation-extension",
        "This is not Managed Device Attestation; WebAuthn's apple format and App Attest prove other things and have other roots.");
    public static Reason ApplePropertyMalformed { get; } = Row("apple-property-malformed", "malformed-statement",
        "A property extension has an encoding that Apple does not use.");
    public static Reason AppleLeafProfile { get; } = Row("apple-leaf-profile", "certificate-profile",
        "The attestation certificate must be an end-entity certificate.");

    // tpm
    public static Reason TpmVersionUnsupported { get; } = Row("tpm-version-unsupported", "unsupported-version",
        "Only TPM 2.0 statements are verified.");
    public static Reason TpmStructureMalformed { get; } = Row("tpm-structure-malformed", "malformed-tpm-structure",
        "A TPM structure does not parse; it was damaged on the way or made by a faulty client.");
    public static Reason TpmMagicWrong { get; } = Row("tpm-magic-wrong", "wrong-magic",
        "certInfo was not made by a TPM.");
    public static Reason TpmAttestTypeWrong { get; } = Row("tpm-attest-type-wrong", "wrong-attest-type",
        "certInfo must come from TPM2_Certify; a quote or a creation certificate proves something else.");
    public static Reason TpmNameMismatch { get; } = Row("tpm-name-mismatch", "name-mismatch",
        "certInfo certifies another key than the one in pubArea.");
    public static Reason TpmKeyAttributes { get; } = Row("tpm-key-attributes", "key-attributes-rejected",
        "The key must be made in the TPM (fixedTPM, fixedParent, sensitiveDataOrigin), be able to sign, and not be restricted.");
    public static Reason TpmSignatureInvalid { get; } = Row("tpm-signature-invalid", "signature-invalid",
        "certInfo is not signed by the attestation key of the presented certificate.");
    public static Reason TpmAlgorithmUnsupported { get; } = Row("tpm-algorithm-unsupported", "unsupported-algorithm",
        "An algorithm of the statement is not accepted (SHA-1, or one that this server does not know): let the TPM use SHA-256 or stronger.");
    public static Reason AkEkuMissing { get; } = Row("ak-eku-missing", "wrong-eku",
        "The first certificate must be that of an attestation key (2.23.133.8.3); an endorsement certificate cannot be used here.");
    public static Reason AkCertificateProfile { get; } = Row("ak-certificate-profile", "certificate-profile",
        "The attestation key's certificate breaks the TPM profile: ask its attestation CA for one that follows WebAuthn's tpm rules.");
    public static Reason AkRevoked { get; } = Row("ak-revoked", "chain-untrusted-root",
        "An administrator revoked the attestation key's certificate: the machine must have a new attestation key certified, if it may.");

    // tpm: endorsement keys and the attestation keys that are certified for them
    public static Reason EkCertificateMissing { get; } = Row("ek-certificate-missing", "missing-field",
        "The device must send the certificate of its endorsement key, from its TPM's memory or its vendor's service, or the profile must name the key in attestation.ek.allow.");
    public static Reason EkKeyMismatch { get; } = Row("ek-key-mismatch", "key-mismatch",
        "The endorsement certificate is for another key than the TPM's: clear the certificate that the vendor or a repair put into the wrong machine, or use the endorsement key that it is for.");
    public static Reason EkEkuMissing { get; } = Row("ek-eku-missing", "wrong-eku",
        "The certificate must be that of an endorsement key (2.23.133.8.1).");
    public static Reason EkCertificateProfile { get; } = Row("ek-certificate-profile", "certificate-profile",
        "The certificate is not that of an endorsement key: it may sign, is a CA's, or does not say whose TPM it is.");
    public static Reason EkVendorNotAccepted { get; } = Row("ek-vendor-not-accepted", "certificate-profile",
        "The profile does not accept this TPM vendor: software, test, unregistered and virtual TPMs must be named by their id in attestation.ek.vendors.");
    public static Reason EkKeyAttributes { get; } = Row("ek-key-attributes", "key-attributes-rejected",
        "The endorsement key must be a restricted decryption key that was made in the TPM: use the TCG's default template.");
    public static Reason EkIdentifierMissing { get; } = Row("ek-identifier-missing", "identifier-missing",
        "The identifier is made from the endorsement certificate, and no proven one was sent: let the profile make it from the key (attestation.ek.identifier: public-key).");
    public static Reason TpmKeyRoca { get; } = Row("tpm-key-roca", "malformed-key",
        "The key can be computed from its public part (CVE-2017-15361): update the TPM's firmware, make its keys anew, and get a new endorsement certificate.");
    public static Reason AkKeyAttributes { get; } = Row("ak-key-attributes", "key-attributes-rejected",
        "The attestation key must be made in the TPM (fixedTPM, fixedParent, sensitiveDataOrigin), be restricted, sign, and not decrypt.");
    public static Reason AkCreationTypeWrong { get; } = Row("ak-creation-type-wrong", "wrong-attest-type",
        "The creation attestation must come from TPM2_CertifyCreation.");
    public static Reason AkCreationMismatch { get; } = Row("ak-creation-mismatch", "name-mismatch",
        "The creation attestation is about another key or other creation data than what was sent.");
    public static Reason AkSignatureInvalid { get; } = Row("ak-signature-invalid", "signature-invalid",
        "The creation attestation is not signed by the attestation key itself.");

    // android-key
    public static Reason AndroidExtensionMissing { get; } = Row("android-extension-missing", "missing-attestation-extension",
        "The first certificate must be that of the attested key, made with an attestation challenge.");
    public static Reason AndroidChainExtended { get; } = Row("android-chain-extended", "chain-extended",
        "A certificate was added below an attested key: whoever did that wrote its attestation extension too.");
    public static Reason AndroidCertificateRevoked { get; } = Row("android-certificate-revoked", "chain-untrusted-root",
        "Google revoked or suspended a certificate of the chain, because its key leaked or the device was found unsafe: a device with newly provisioned keys is needed.");
    public static Reason AndroidStatusListMissing { get; } = Row("android-status-list-missing", "chain-incomplete",
        "Google's list of revoked attestation certificates is not loaded: see the server's log and its setting for that list, or let the profile accept that.");
    public static Reason AndroidStatusListStale { get; } = Row("android-status-list-stale", "chain-incomplete",
        "Google's list of revoked attestation certificates was not refreshed in time: see the server's log, or let the profile accept that.");
    public static Reason AndroidKeyDescriptionMalformed { get; } = Row("android-key-description-malformed", "malformed-asn1",
        "The attestation extension is not a KeyDescription in strict DER.");
    public static Reason AndroidSignatureInvalid { get; } = Row("android-signature-invalid", "signature-invalid",
        "sig is not made by the attested key over the octets of this key authorization.");
    public static Reason AndroidAlgorithmUnsupported { get; } = Row("android-algorithm-unsupported", "unsupported-algorithm",
        "alg must be a COSE algorithm with SHA-256 or stronger that fits the attested key.");
    public static Reason AndroidSoftwareKeystore { get; } = Row("android-software-keystore", "software-keystore",
        "The key lives in the operating system, not in secure hardware: this device cannot prove anything.");
    public static Reason AndroidSecurityLevelTooLow { get; } = Row("android-security-level-too-low", "security-level-too-low",
        "The profile asks for StrongBox: let the device make the key there, if it has one.");
    public static Reason AndroidKeyOrigin { get; } = Row("android-key-origin", "key-attributes-rejected",
        "The key must be generated in the secure hardware; an imported one has been elsewhere.");
    public static Reason AndroidKeyUse { get; } = Row("android-key-use", "key-attributes-rejected",
        "The key must be made for signing (hardware-enforced) and for one application.");
    public static Reason AndroidBootState { get; } = Row("android-boot-state", "boot-state-not-verified",
        "The bootloader must be locked and the system verified by its vendor: this device is unlocked, or runs another system.");

    // deviceacme-idevid
    public static Reason IdevidCertificateProfile { get; } = Row("idevid-certificate-profile", "certificate-profile",
        "The first certificate must be the birth certificate of one device: v3, no CA, a key that may sign, at most one serial number and one hardware module.");
    public static Reason IdevidSignatureInvalid { get; } = Row("idevid-signature-invalid", "signature-invalid",
        "sig is not made by the IDevID key over this key authorization and this new key: compare with the test vectors of docs/idevid-format.md.");
    public static Reason IdevidAlgorithmUnsupported { get; } = Row("idevid-algorithm-unsupported", "unsupported-algorithm",
        "alg must be a COSE algorithm with SHA-256 or stronger that fits the IDevID key, which must be RSA of 2048 bits or more, or on P-256, P-384 or P-521.");

    // what a profile demands of the facts
    public static Reason FactAbsent { get; } = Row("fact-absent", "security-level-too-low",
        "The profile demands something of a fact that this evidence does not have: older systems leave it out, other kinds of devices never have it.");
    public static Reason FactBlank { get; } = Row("fact-blank", "security-level-too-low",
        "The vendor left the property empty: it could not verify it for this device, or the management does not own the device. Try again later.");
    public static Reason FactUnproven { get; } = Row("fact-unproven", "security-level-too-low",
        "The evidence says it, but nothing that the vendor vouches for does: write the rule about a fact of the secure hardware.");
    public static Reason FactDifferent { get; } = Row("fact-different", "security-level-too-low",
        "The device is genuine, but not as the profile demands: change the device (for example update it), or attestation.facts of the profile.");
    public static Reason FactNotComparable { get; } = Row("fact-not-comparable", "security-level-too-low",
        "The fact's value cannot be ordered against the value in the profile: compare with a value of the same kind.");
    // step
    public static Reason StepExtensionMissing { get; } = Row("step-extension-missing", "missing-attestation-extension",
        "The first certificate must be that of the attested key (ykman piv keys attest), not of the attestation key or one that was imported.");
    public static Reason StepExtensionMalformed { get; } = Row("step-extension-malformed", "malformed-statement",
        "An extension of the attested key's certificate has an encoding that YubiKeys do not use.");
    public static Reason StepChainExtended { get; } = Row("step-chain-extended", "chain-extended",
        "A certificate was added below an attested key: whoever did that wrote its extensions too.");
    public static Reason StepSignatureMalformed { get; } = Row("step-signature-malformed", "malformed-statement",
        "sig must be a CBOR byte string that holds the signature as a CBOR byte string once more.");
    public static Reason StepSignatureInvalid { get; } = Row("step-signature-invalid", "signature-invalid",
        "sig is not made by the attested key over this key authorization: it is for another challenge or account, or of another key.");
    public static Reason StepAlgorithmUnsupported { get; } = Row("step-algorithm-unsupported", "unsupported-algorithm",
        "Make the key with RSA of 2048 bits or more or on P-256 or P-384, and sign with alg -257 or -7: this platform has no Ed25519.");

    // packed
    public static Reason PackedOtherStatement { get; } = Row("packed-other-statement", "malformed-statement",
        "The statement has members of another format: fmt must name the format that the device made.");
    public static Reason PackedSelfAttestation { get; } = Row("packed-self-attestation", "self-attestation-not-allowed",
        "The key vouches for itself, which proves nothing: let the authenticator attest with its vendor's certificate.");
    public static Reason PackedCertificateProfile { get; } = Row("packed-certificate-profile", "certificate-profile",
        "The first certificate must follow WebAuthn's rules for packed attestation certificates.");
    public static Reason PackedSignatureInvalid { get; } = Row("packed-signature-invalid", "signature-invalid",
        "sig is not made by the key of the first certificate over this key authorization; a browser's ceremony signs something else.");
    public static Reason PackedAlgorithmUnsupported { get; } = Row("packed-algorithm-unsupported", "unsupported-algorithm",
        "alg must be a COSE algorithm with SHA-256 or stronger that fits the key of the first certificate.");

    /// <summary>All rows, in the order of the table.</summary>
    public static IReadOnlyList<Reason> All => Table;

    private static readonly FrozenDictionary<string, Reason> ByCode = Table.ToFrozenDictionary(reason => reason.Code, StringComparer.Ordinal);

    /// <summary>The reason with this code, or null where the table has none.</summary>
    public static Reason? Find(string code) => ByCode.GetValueOrDefault(code);

    private static Reason Row(string code, string @class, string advice)
    {
        var reason = new Reason(code, @class, advice);
        Table.Add(reason);
        return reason;
    }
}
