using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Tpm;

/// <summary>
/// WebAuthn's <c>tpm</c> statement over TPM2_Certify. Proves: a restricted attestation key, which a CA that the profile accepts has certified
/// as living in the TPM with this identifier, vouches that the attested key was made in the same TPM, cannot leave it, and was certified for this
/// key authorization. Does not prove: who owns the machine, what it booted, or that the attestation CA did its own work (credential
/// activation): that is what its anchor stands for. Software TPMs are a fact (<c>tpm.virtual</c>), not a refusal.
/// </summary>
internal sealed class TpmVerifier : IFormatVerifier
{
    public const string PermanentIdentifier = "tpm.permanent-identifier";
    public const string HardwareModule = "tpm.hardware-module";
    public const string AnyIdentifier = "tpm.identifier";

    private const string KeyAlgorithm = "key.algorithm";
    private const string KeyProtection = "key.protection";

    private static readonly KeyAttributesRule Needed = new(
        TpmaObject.FixedTpm | TpmaObject.FixedParent | TpmaObject.SensitiveDataOrigin | TpmaObject.SignEncrypt, TpmaObject.Restricted);

    private static readonly CheckRule Statement = new(
        "statement", "attStmt has ver 2.0, alg, x5c, sig, certInfo and pubArea, each of which parses (WebAuthn §8.3)");

    private static readonly CheckRule Ak = new(
        "ak-certificate", "x5c[0] is the certificate of an attestation key: v3, no CA, 2.23.133.8.3, empty subject, TPM in a critical SAN");

    private static readonly CheckRule Status = new("ak-status", "the attestation key's certificate is not revoked");

    private static readonly CheckRule Signature = new("signature", "certInfo is signed by the attestation key, with SHA-256 or stronger");
    private static readonly CheckRule Attest = new("attest", "certInfo was made by a TPM (TPM_GENERATED_VALUE) with TPM2_Certify");
    private static readonly CheckRule Name = new("name", "certInfo certifies the object in pubArea: nameAlg and hash, SHA-256 or stronger");

    private static readonly CheckRule Attributes = new(
        "key-attributes", "the key was made in its TPM, cannot leave it, may sign, and is not restricted (TPM 2.0 part 2 §8.3)");

    private static readonly CheckRule Key = new("key", "the attested key is RSA of 2048 bits or more, or a point on P-256, P-384 or P-521");

    public string Format => "tpm";

    public IReadOnlyList<string> ProfileProperties { get; } = ["ek"];

    public IReadOnlyList<string> IdentifierFacts { get; } = [PermanentIdentifier, HardwareModule, AnyIdentifier];

    public Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks) =>
        Verify(statement, evidence, checks, TpmExpectation.Acme(evidence));

    internal Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks, TpmExpectation expected)
    {
        // 1. parse everything strictly; what does not parse ends it
        Parts parts;
        try
        {
            parts = Parts.Read(statement);
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Statement, malformed.Reason, malformed.Message);
            checks.NotReached(
                [Attest, CommonChecks.Chain, Ak, Signature, CommonChecks.Freshness, Name, Attributes, Key, CommonChecks.Identifier],
                "the statement was not read");
            return checks.Conclude(Format, FactSet.Empty, null);
        }

        checks.Pass(Statement, $"{parts.Certificates.Count} certificates, sig is {parts.Signature.Encoding} ({parts.Signature.Algorithm.Name})");

        // 2. what kind of thing was signed: everything else would be said about something that is no certification
        CheckAttest(checks, parts.Attest);

        // 3. chain and 4. rules of the AK certificate
        var rules = new PathRules { AllowSha1 = expected.AllowSha1, PresentedUpToRoot = true };
        CommonChecks.CheckChain(checks, parts.Certificates, evidence, rules);
        var ak = AkCertificate.Read(parts.Certificates[0]);
        if (ak.Reason is { } reason)
        {
            checks.Fail(Ak, reason, ak.Found);
        }
        else
        {
            checks.Pass(Ak, ak.Found);
        }

        CheckStatus(checks, parts.Certificates[0], evidence.Policy<TpmPolicy>());

        // 5. signature, 6. freshness, 7. name, 8. attributes, 9. the key itself
        CheckSignature(checks, parts, expected);
        CheckFreshness(checks, parts, evidence, expected);
        CheckName(checks, parts);
        Needed.Check(checks, Attributes, Reasons.TpmKeyAttributes, parts.Public.ObjectAttributes);
        var publicKey = ReadKey(checks, parts.Public);

        // 10. the identifier, from the AK certificate
        var facts = Facts(ak, publicKey, checks);
        var identifier = CommonChecks.CheckIdentifier(
            checks, evidence.Identifier, facts, IdentifierFacts, Chosen(evidence.Identifier),
            "The attestation key's certificate must carry a PermanentIdentifier or HardwareModuleName, else any device of its CA would do: ask the attestation CA for one.");

        return checks.Conclude(Format, facts, publicKey is null || identifier is null ? null : () => new AttestedDevice
        {
            PublicKey = publicKey,
            Identifier = identifier,
            Binding = FreshnessBinding.KeyAuthorization,
        });
    }

    // where nobody says what is revoked there is nothing to check: an attestation CA of somebody else has a CRL of its own
    private static void CheckStatus(CheckList checks, Certificate certificate, TpmPolicy? policy)
    {
        var fingerprint = Convert.ToHexStringLower(certificate.Sha256);
        if (policy?.RevokedAttestationKeys.Contains(fingerprint) == true)
        {
            checks.Fail(Status, Reasons.AkRevoked, $"SHA-256 {fingerprint}");
        }
        else if (policy is not null)
        {
            checks.Pass(Status, $"SHA-256 {fingerprint}");
        }
    }

    private static void CheckSignature(CheckList checks, Parts parts, TpmExpectation expected)
    {
        var algorithm = parts.Signature.Algorithm;
        if (algorithm.IsSha1 && !expected.AllowSha1)
        {
            checks.Fail(Signature, Reasons.TpmAlgorithmUnsupported, $"signed with {algorithm.Name}");
        }
        else if (parts.AttestationKey.Problem is { } problem)
        {
            checks.Fail(
                Signature,
                parts.AttestationKey.Key is null ? Reasons.CertificateMalformed : Reasons.TpmAlgorithmUnsupported,
                $"the attestation key: {problem}");
        }
        else if (parts.AttestationKey.Verify(algorithm, parts.CertInfo.Span, parts.Signature.Value.Span))
        {
            checks.Pass(Signature, $"{algorithm.Name}, {parts.AttestationKey.Key!.Name}");
        }
        else
        {
            checks.Fail(Signature, Reasons.TpmSignatureInvalid, $"{algorithm.Name} does not verify with the {parts.AttestationKey.Key!.Name} key of x5c[0]");
        }
    }

    private static void CheckAttest(CheckList checks, TpmsAttest attest)
    {
        if (attest.Magic != TpmsAttest.Generated)
        {
            checks.Fail(Attest, Reasons.TpmMagicWrong, $"magic is 0x{attest.Magic:X8}, expected 0x{TpmsAttest.Generated:X8}");
        }
        else if (attest.Type != TpmsAttest.Certify)
        {
            checks.Fail(Attest, Reasons.TpmAttestTypeWrong, $"type is 0x{attest.Type:X4}, expected 0x{TpmsAttest.Certify:X4} (TPM_ST_ATTEST_CERTIFY)");
        }
        else
        {
            checks.Pass(Attest, "TPM_ST_ATTEST_CERTIFY");
        }
    }

    private static void CheckFreshness(CheckList checks, Parts parts, Evidence evidence, TpmExpectation expected)
    {
        var extraData = parts.Attest.ExtraData.Span;
        if (parts.Attest.Magic != TpmsAttest.Generated)
        {
            checks.NotReached(CommonChecks.Freshness, "certInfo was not made by a TPM");
            return;
        }

        if (extraData.IsEmpty)
        {
            checks.Fail(CommonChecks.Freshness, Reasons.FreshnessMissing, "certInfo.extraData is empty");
            return;
        }

        var overToken = evidence.Token is { } token && extraData.SequenceEqual(CommonChecks.Sha256(token));
        CommonChecks.CheckFreshness(
            checks,
            extraData,
            expected.ExtraData(parts.Signature.Algorithm.Hash),
            "certInfo.extraData",
            overToken
                ? "The value was made from the token alone; this format binds the key authorization, which holds the account key too."
                : "The TPM certified the key for another challenge or account: certify it again with SHA-256 of this key authorization as qualifying data.");
    }

    private static void CheckName(CheckList checks, Parts parts)
    {
        var area = parts.Public;
        if (parts.Attest.Magic != TpmsAttest.Generated || parts.Attest.Type != TpmsAttest.Certify)
        {
            checks.NotReached(Name, "certInfo certifies no object");
            return;
        }

        if (area.NameAlg == TpmAlg.Sha1 || area.Name() is not { } name)
        {
            checks.Fail(Name, Reasons.TpmAlgorithmUnsupported, $"nameAlg is {TpmAlg.Show(area.NameAlg)}, SHA-256 or stronger is needed");
        }
        else if (parts.Attest.AttestedName.Span.SequenceEqual(name))
        {
            checks.Pass(Name, Convert.ToHexStringLower(name));
        }
        else
        {
            checks.Fail(
                Name,
                Reasons.TpmNameMismatch,
                $"certified is {Convert.ToHexStringLower(parts.Attest.AttestedName.Span)}, pubArea has {Convert.ToHexStringLower(name)}");
        }
    }

    private static byte[]? ReadKey(CheckList checks, TpmtPublic area)
    {
        try
        {
            var publicKey = area.PublicKeyInfo();
            checks.Pass(Key, Describe(area));
            return publicKey;
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Key, malformed.Reason, malformed.Message);
            return null;
        }
    }

    private static string Describe(TpmtPublic area) =>
        area.Type == TpmAlg.Rsa ? $"RSA {area.RsaKeyBits}" : $"EC {TpmAlg.Curve(area.EccCurve)!.Name}";

    private static FactSet Facts(AkCertificate ak, byte[]? publicKey, CheckList checks)
    {
        // the CA vouches for the TPM; the TPM, through the attestation key, for the key
        var tpmProven = checks.Passed(CommonChecks.Chain, Ak);
        var keyProven = tpmProven && checks.Passed(Signature, Attest, Name, Attributes, Key);
        var facts = ak.Facts.ToList();
        var identifier = facts.Find(fact => fact.Name == PermanentIdentifier).Value ?? facts.Find(fact => fact.Name == HardwareModule).Value;
        if (identifier is not null)
        {
            facts.Add((AnyIdentifier, identifier));
        }

        if (publicKey is not null && SubjectPublicKey.TryRead(publicKey, out var key, out _))
        {
            var isVirtual = facts.Find(fact => fact.Name == "tpm.virtual").Value is FactValue.Flag { Value: true };
            facts.Add((KeyAlgorithm, new FactValue.Text(key.Name)));
            facts.Add((KeyProtection, new FactValue.Text(isVirtual ? "virtual-tpm" : "tpm")));
        }

        return new FactSet(facts.Select(
            fact => new Fact(fact.Name, fact.Value, fact.Name is KeyAlgorithm or KeyProtection ? keyProven : tpmProven)));
    }

    private static IReadOnlyList<string> Chosen(ExpectedIdentifier? expected) =>
        expected?.Type == "hardware-module" ? [HardwareModule] : [PermanentIdentifier];

    /// <summary>The members of a statement, parsed.</summary>
    private sealed record Parts(
        IReadOnlyList<Certificate> Certificates, VerificationKey AttestationKey, TpmtSignature Signature,
        ReadOnlyMemory<byte> CertInfo, TpmsAttest Attest, TpmtPublic Public)
    {
        public static Parts Read(AttestationStatement statement)
        {
            var version = statement.Text("ver");
            if (version != "2.0")
            {
                throw new MalformedEvidenceException(Reasons.TpmVersionUnsupported, $"attStmt.ver is '{EvidenceText.Visible(version)}'");
            }

            var alg = statement.Integer("alg");
            var certificates = statement.Certificates();
            var key = VerificationKey.Read(certificates[0].PublicKeyInfo);
            var signature = TpmtSignature.Read(statement.Octets("sig"), alg, key.Key?.Kind ?? KeyKind.Other);
            var certInfo = statement.Octets("certInfo");
            var attest = TpmsAttest.Read(certInfo);
            return new Parts(certificates, key, signature, certInfo, attest, TpmtPublic.Read(statement.Octets("pubArea")));
        }
    }
}
