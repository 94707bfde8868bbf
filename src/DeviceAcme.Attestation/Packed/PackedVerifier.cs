using System.Formats.Asn1;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Packed;

/// <summary>
/// WebAuthn's <c>packed</c> (§8.2) with the key authorization in place of authData and clientDataHash. ACME has no credential, so the only key
/// that the statement says anything of is its signer: the attestation key itself must be the key of the certificate. Proves: a key whose
/// certificate its vendor issued for an authenticator answered this challenge for this ACME account, and the serial number where the vendor's
/// certificate has one. Does not prove that the key cannot leave: the certificate says which model it was made for, and vendors may give one
/// key to a whole batch. Self-attestation proves nothing and is refused.
/// </summary>
internal sealed class PackedVerifier : IFormatVerifier
{
    private static readonly CheckRule Statement = new("statement", "attStmt has alg, sig and x5c, leaf first (WebAuthn §8.2)");

    private static readonly CheckRule Attestation = new(
        "attestation-certificate", "the leaf is the certificate of an authenticator's attestation key (WebAuthn §8.2.1)");

    private static readonly CheckRule Key = new("key", "the signing key is RSA of 2048 bits or more, or a point on P-256, P-384 or P-521");
    private static readonly CheckRule Signature = new("signature", "sig is made with the leaf's key over the key authorization");

    public string Format => "packed";

    public IReadOnlyList<string> IdentifierFacts { get; } = [PackedCertificate.SerialFact];

    public Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks) =>
        Verify(statement, evidence, checks, PackedExpectation.Acme(evidence));

    internal Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks, PackedExpectation expected)
    {
        // 1. the statement
        Parts parts;
        try
        {
            parts = Parts.Read(statement);
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Statement, malformed.Reason, malformed.Message);
            checks.NotReached(
                [CommonChecks.Chain, Attestation, Key, Signature, CommonChecks.Freshness, CommonChecks.Identifier], "the statement was not read");
            return checks.Conclude(Format, FactSet.Empty, null);
        }

        var leaf = parts.Certificates[0];
        checks.Pass(Statement, $"{parts.Certificates.Count} certificates, leaf '{leaf.SubjectText}', alg {parts.Alg}");

        // 2. the chain, 3. its leaf, 4. the key, 5. what it signed, 6. for this challenge
        var proven = CommonChecks.CheckChain(checks, parts.Certificates, evidence, new PathRules { PresentedUpToRoot = true });
        var read = ReadLeaf(checks, leaf);
        var key = CheckKey(checks, leaf);
        CheckSignature(checks, parts, key, expected, evidence);
        CheckFreshness(checks, expected);

        // 7. the identifier
        if (read.Count == 0)
        {
            checks.NotReached(CommonChecks.Identifier, "the leaf was not read");
            return checks.Conclude(Format, FactSet.Empty, null);
        }

        read.Add(("attestation.certificate-sha256", new FactValue.Octets(leaf.Sha256)));
        if (key is not null)
        {
            read.Add(("key.algorithm", new FactValue.Text(key.Name)));
            read.Add((KeyProtection.Fact, new FactValue.Text(KeyProtection.OriginOnly)));
        }

        var facts = new FactSet(read.Select(fact => new Fact(fact.Name, fact.Value, proven)));
        var identifier = CommonChecks.CheckIdentifier(
            checks, evidence.Identifier, facts, IdentifierFacts, IdentifierFacts,
            "Authenticators name themselves only where their vendor made them for enterprise attestation; all others share one certificate with many.");

        return checks.Conclude(Format, facts, key is null || identifier is null ? null : () => new AttestedDevice
        {
            PublicKey = leaf.PublicKeyInfo.ToArray(),
            Identifier = identifier,
            Binding = FreshnessBinding.KeyAuthorization,
        });
    }

    private static List<(string Name, FactValue Value)> ReadLeaf(CheckList checks, Certificate leaf)
    {
        if (PackedCertificate.Violation(leaf) is { } violation)
        {
            checks.Fail(Attestation, Reasons.PackedCertificateProfile, violation);
            return [];
        }

        try
        {
            var facts = PackedCertificate.Facts(leaf);
            checks.Pass(Attestation, string.Join(", ", facts.Select(fact => $"{fact.Name} '{EvidenceText.Visible(fact.Value.ToString())}'")));
            return facts;
        }
        catch (AsnContentException broken)
        {
            checks.Fail(Attestation, Reasons.PackedCertificateProfile, broken.Message);
            return [];
        }
    }

    private static SubjectPublicKey? CheckKey(CheckList checks, Certificate leaf)
    {
        var verification = VerificationKey.Read(leaf.PublicKeyInfo);
        if (verification.Key is null)
        {
            checks.Fail(Key, Reasons.KeyMalformed, verification.Problem!);
        }
        else if (verification.Problem is { } problem)
        {
            checks.Fail(Key, Reasons.PackedAlgorithmUnsupported, problem);
        }
        else
        {
            checks.Pass(Key, verification.Key.Name);
            return verification.Key;
        }

        return null;
    }

    private static void CheckSignature(CheckList checks, Parts parts, SubjectPublicKey? key, PackedExpectation expected, Evidence evidence)
    {
        if (key is null || expected.Signed is null)
        {
            checks.NotReached(Signature, key is null ? "the leaf's key cannot verify" : "no challenge was given");
            return;
        }

        if (CoseAlgorithm.Find(parts.Alg, key.Kind) is not { } algorithm)
        {
            checks.Fail(Signature, Reasons.PackedAlgorithmUnsupported, $"alg {parts.Alg} with a key of {key.Name}");
            return;
        }

        var signature = new StatementSignature(algorithm, parts.Certificates[0].PublicKeyInfo, $"the leaf's {key.Name} key", expected.Source, parts.Signature);
        CommonChecks.CheckSignature(checks, Signature, signature, expected.Signed, evidence, Reasons.PackedSignatureInvalid);
    }

    private static void CheckFreshness(CheckList checks, PackedExpectation expected)
    {
        if (expected.ClientData is { } clientData)
        {
            CommonChecks.CheckFreshness(
                checks, clientData.Found, [("the expected one", clientData.Right)], "clientDataHash", "The client data are those of another ceremony.");
        }
        else
        {
            CommonChecks.CheckSignedFreshness(checks, Signature, "no challenge was given");
        }
    }

    /// <summary>The members of a statement, parsed.</summary>
    private sealed record Parts(IReadOnlyList<Certificate> Certificates, long Alg, ReadOnlyMemory<byte> Signature)
    {
        private const int MaxSignature = 1024;

        private static readonly string[] MembersOfTpm = ["ver", "certInfo", "pubArea"];

        public static Parts Read(AttestationStatement statement)
        {
            if (MembersOfTpm.FirstOrDefault(statement.Has) is { } member)
            {
                // members that nobody knows are ignored; these say that something else was signed
                throw new MalformedEvidenceException(Reasons.PackedOtherStatement, $"attStmt.{member} belongs to a TPM's statement");
            }

            var alg = statement.Integer("alg");
            var signature = statement.Octets("sig");
            if (!statement.Has("x5c"))
            {
                throw new MalformedEvidenceException(Reasons.PackedSelfAttestation, "attStmt has no x5c: the key vouches for itself");
            }

            return signature.Length > MaxSignature
                ? throw new MalformedEvidenceException(Reasons.PackedSignatureInvalid, $"attStmt.sig has {signature.Length} bytes")
                : new Parts(statement.Certificates(), alg, signature);
        }
    }
}
