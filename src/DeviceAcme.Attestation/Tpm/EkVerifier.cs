using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>
/// Judges an endorsement key, its certificate and an attestation key that is to be certified. Proves, once activated: the attestation key is
/// restricted and lives in the one TPM that has the endorsement key, and the vendor of an accepted anchor certified that endorsement key (or the
/// profile names it). Does not prove: who owns the machine, what it booted, or, before the activation, anything about who sent all this: a
/// certificate can be copied.
/// </summary>
public static class EkVerifier
{
    /// <summary>What verdicts and anchors call it. It is no statement format: nobody can order with it.</summary>
    public const string Format = AnchorTerms.EndorsementKeys;

    /// <summary>The assigner of identifiers made from endorsement keys (tcg-on-ekPermIdSha256).</summary>
    public const string IdentifierAssigner = "2.23.133.12.1";

    private const string CertificateHashFact = "ek.certificate-sha256";
    private const string PublicKeyHashFact = "ek.public-key-sha256";

    private static readonly CheckRule Structures = new("statement", "certificates and key structures parse (RFC 5280, TPM 2.0 part 2)");

    private static readonly CheckRule Identity = new("ek-identifier", "there is what the profile wants the identifier made from, and it is proven");

    private static readonly CheckRule Activation = new(
        "activation", "the TPM with the endorsement key returned the secret that was hidden for this attestation key (TPM2_ActivateCredential)");

    private static readonly string[] IdentifierFacts = [TpmVerifier.PermanentIdentifier, TpmVerifier.AnyIdentifier];

    /// <summary>Judges; never throws for what the evidence says.</summary>
    public static EkJudgement Verify(EkEvidence evidence)
    {
        var checks = new CheckList();

        // 1. parse everything strictly; what does not parse ends it
        EkParts parts;
        try
        {
            parts = EkParts.Read(evidence);
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Structures, malformed.Reason, malformed.Message);
            checks.NotReached(
                [.. EkKeyChecks.All, .. EkTrustChecks.All, Identity, .. AkCreationChecks.All, Activation], "the evidence was not read");
            return new EkJudgement(checks.Conclude(Format, FactSet.Empty, null), null, null, null);
        }

        checks.Pass(Structures, Describe(parts));

        // 2. the endorsement key itself, 3. who vouches for it, 4. what it is called
        var endorsementKey = EkKeyChecks.Check(checks, parts);
        var certificate = parts.Certificates is { } given ? EkCertificate.Read(given.Leaf) : null;
        var voucher = EkTrustChecks.Check(checks, evidence, parts, certificate);
        var identifier = CheckIdentity(checks, evidence.Policy.Identifier, parts, voucher);
        var facts = Facts(checks, parts, certificate, identifier, voucher);
        if (evidence.Identifier is { } expected)
        {
            CommonChecks.CheckIdentifier(
                checks, expected, facts, IdentifierFacts, [TpmVerifier.PermanentIdentifier],
                "The identifier of a TPM is made from its endorsement certificate or key, as the profile's attestation.ek.identifier says.");
        }

        // 5. the attestation key, 6. that both are in one TPM
        AttestationKey? attestationKey = null;
        if (parts.AttestationKey is { } made)
        {
            attestationKey = AkCreationChecks.Check(checks, made);
        }
        else
        {
            checks.NotReached(AkCreationChecks.All, "no attestation key was given");
        }

        CheckActivation(checks, evidence);
        var verdict = checks.Conclude(Format, facts, attestationKey is null || identifier is null ? null : () => new AttestedDevice
        {
            PublicKey = attestationKey.PublicKey,
            Identifier = identifier,
            Binding = FreshnessBinding.Activation,
        });
        return verdict.Outcome == VerdictOutcome.Refused
            ? new EkJudgement(verdict, null, null, null)
            : new EkJudgement(verdict, endorsementKey, attestationKey, identifier);
    }

    private static string Describe(EkParts parts)
    {
        var sent = parts.Certificates is not { } certificates ? "no certificate"
            : certificates.Ignored.Length == 0 ? $"{certificates.Path.Count} certificates"
            : $"{certificates.Path.Count} certificates; ignored: {certificates.Ignored}";
        return $"{sent}, the endorsement key {parts.KeySource} ({parts.Key.Name})";
    }

    private static string? CheckIdentity(CheckList checks, EkIdentifier from, EkParts parts, EkVoucher voucher)
    {
        if (from == EkIdentifier.PublicKey)
        {
            var ofKey = $"{parts.PublicKeyHash}/{IdentifierAssigner}";
            checks.Pass(Identity, $"SHA-256 of the public key: {ofKey}");
            return ofKey;
        }

        if (parts.CertificateHash is not { } hash)
        {
            checks.Fail(Identity, Reasons.EkIdentifierMissing, "the profile makes it from the endorsement certificate, and there is none");
            return null;
        }

        // whoever has the key could write certificates of any number for it
        if (voucher == EkVoucher.KeyHash)
        {
            checks.Fail(
                Identity, Reasons.EkIdentifierMissing, "the profile makes it from the endorsement certificate, but allows only the key: the certificate is nobody's that it knows");
            return null;
        }

        var ofCertificate = $"{hash}/{IdentifierAssigner}";
        checks.Pass(Identity, $"SHA-256 of the certificate: {ofCertificate}");
        return ofCertificate;
    }

    private static void CheckActivation(CheckList checks, EkEvidence evidence)
    {
        if (evidence.Activated && evidence.AttestationKey is not null)
        {
            checks.Pass(Activation, "the secret was returned");
        }
        else
        {
            checks.NotReached(Activation, "nothing was returned yet: a certificate alone proves nothing about who shows it");
        }
    }

    private static FactSet Facts(CheckList checks, EkParts parts, EkCertificate? certificate, string? identifier, EkVoucher voucher)
    {
        var keyProven = voucher != EkVoucher.None && checks.Passed(EkKeyChecks.Key, EkTrustChecks.CertificateRule);
        var described = keyProven && voucher is EkVoucher.Chain or EkVoucher.CertificateHash;
        var facts = certificate?.Facts.Select(fact => new Fact(fact.Name, fact.Value, described)).ToList() ?? [];
        void Add(string name, string value, bool proven) => facts.Add(new Fact(name, new FactValue.Text(value), proven));

        Add(PublicKeyHashFact, parts.PublicKeyHash, keyProven);
        Add("ek.algorithm", parts.Key.Name, keyProven);
        if (parts.CertificateHash is { } hash)
        {
            Add(CertificateHashFact, hash, described);
        }

        if (identifier is not null)
        {
            Add(TpmVerifier.PermanentIdentifier, identifier, keyProven);
            Add(TpmVerifier.AnyIdentifier, identifier, keyProven);
        }

        return new FactSet(facts);
    }
}
