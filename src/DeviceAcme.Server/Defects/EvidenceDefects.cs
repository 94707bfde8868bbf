namespace DeviceAcme.Server.Defects;

/// <summary>Defects of judging evidence and requests for certificates: checks whose failure is overlooked.</summary>
internal static class EvidenceDefects
{
    private const string Attest = "device-attest §5";

    public static IReadOnlyList<PlantedDefect> All { get; } =
    [
        Of("chain-not-verified", "RFC 5280 §6.1", "mac", "foreign-root", "accepts evidence of any CA", "chain-untrusted-root", "chain-incomplete"),
        Of("expired-chain-accepted", "RFC 5280 §6.1.3", "mac", "expired-intermediate", "does not look when a vendor's CA ended", "chain-expired"),
        Of("freshness-not-compared", Attest, "mac", "wrong-challenge", "accepts evidence that was made for another challenge", "freshness-mismatch"),
        Of("key-authorization-for-token", Attest, "mac", "key-authorization-hashed", "accepts the hash of the key authorization where the token's is due", "freshness-mismatch"),
        Of("token-for-key-authorization", Attest, "tpm", "token-hashed", "accepts the token where the key authorization is due", "freshness-mismatch"),
        Of("freshness-not-asked-for", Attest, "mac", "missing-freshness", "accepts evidence without freshness", "freshness-missing"),
        Of("identifier-not-compared", Attest, "mac", "wrong-serial", "certifies another device than the one that proved itself", "identifier-mismatch"),
        Of("quote-taken-for-certification", "WebAuthn §8.3", "tpm", "quote-instead-of-certify", "accepts a quote of a TPM, which is about no key", "tpm-attest-type-wrong"),
        Of("magic-not-looked-at", "WebAuthn §8.3", "tpm", "wrong-magic", "accepts what the TPM did not make itself", "tpm-magic-wrong"),
        Of("certified-name-not-compared", "WebAuthn §8.3", "tpm", "wrong-name", "accepts the certification of another key", "tpm-name-mismatch"),
        Of("restricted-key-accepted", "TPM 2.0 part 2 §8.3", "tpm", "restricted-key", "accepts a restricted key", "tpm-key-attributes"),
        Of("movable-key-accepted", "TPM 2.0 part 2 §8.3", "tpm", "fixed-tpm-clear", "accepts a key that may leave its TPM", "tpm-key-attributes"),
        Of("attestation-signature-not-verified", "WebAuthn §8.3", "tpm", "wrong-signature", "does not verify the TPM's signature", "tpm-signature-invalid"),
        Of("endorsement-key-not-compared", "docs/tpm-protocol.md", "tpm-ek", "wrong-ek-key", "accepts the endorsement certificate of another TPM", "ek-key-mismatch"),
        Of("software-key-accepted", "Android Key Attestation", "android", "software-key", "accepts a key that lives in software", "android-software-keystore", "android-security-level-too-low", "fact-different"),
        Of("revoked-vendor-certificate-accepted", "Android Key Attestation", "android", "revoked-certificate", "does not read the vendor's list of leaked keys", "android-certificate-revoked"),
        Of("unlocked-phone-accepted", "Android Key Attestation", "android", "unlocked", "accepts a phone with an unlocked bootloader", "android-boot-state", "fact-different"),
        Of("possession-not-proven", Attest, "yubikey", "wrong-key-authorization", "does not verify the signature over the key authorization", "step-signature-invalid"),
        Of("csr-key-not-compared", Attest, "mac", "csr-of-another-key", "certifies another key than the attested one", "csr-key-not-attested"),
        Of("csr-device-not-compared", "device-attest §3.2", "mac", "csr-other-device", "takes a CSR for another device", "csr-device-name-not-ordered"),
        Of("csr-names-not-compared", "RFC 8555 §7.4", "server", "csr-other-name", "takes a CSR for a name that was not ordered", "csr-identifier-not-ordered"),
        Of("csr-without-names-accepted", "RFC 8555 §7.4", "server", "csr-without-names", "takes a CSR that lacks the ordered names", "csr-identifier-missing"),
        Of("account-key-certified", "RFC 8555 §11.1", "server", "csr-with-account-key", "certifies the key of the account", "csr-key-is-account-key"),
    ];

    private static PlantedDefect Of(string name, string section, string kind, string found, string broken, params string[] overlooks) =>
        new() { Name = name, Section = section, Kind = kind, Case = found, Broken = broken, Overlooks = overlooks };
}
