using System.Security.Cryptography;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Step;

/// <summary>
/// The format <c>step</c> as it is deployed for YubiKeys: a slot certificate, its issuers, and a signature of the attested key over the key
/// authorization. Proves: the YubiKey with this serial number made this key, which cannot leave it, and whoever holds it answered this
/// challenge for this ACME account. Does not prove: that it was made for this challenge (the slot certificate is as old as the key), who
/// holds the YubiKey, or that its PIN was asked for (its policies are facts). A certificate with step's managed device extension in place
/// of Yubico's proves which device an attestation CA named, and nothing about where the key is.
/// </summary>
internal sealed class StepVerifier : IFormatVerifier
{
    private const long Es256 = -7;
    private const long Rs256 = -257;

    private static readonly CheckRule Statement = new("statement", "attStmt has alg, sig (a CBOR byte string in a byte string) and x5c, leaf first");

    private static readonly CheckRule Alone = new("attestation-certificate", "no certificate but the leaf is that of an attested key: nothing was added below one");

    private static readonly CheckRule Slot = new(
        "slot-certificate", "the leaf, issued by an attestation key, describes an attested key (1.3.6.1.4.1.41482.3) or a managed device");

    private static readonly CheckRule Key = new("key", "the attested key is RSA of 2048 bits or more, or a point on P-256 or P-384");
    private static readonly CheckRule Signature = new("signature", "sig is made with the attested key over the key authorization, with SHA-256");

    public string Format => "step";

    public IReadOnlyList<string> IdentifierFacts { get; } = [SlotCertificate.SerialFact, SlotCertificate.ManagedDeviceFact];

    public Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks) =>
        Verify(statement, evidence, checks, StepExpectation.Acme(evidence));

    internal Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks, StepExpectation expected)
    {
        // 1. the statement
        Parts parts;
        try
        {
            parts = Parts.Read(statement, expected.ChainAlone);
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Statement, malformed.Reason, malformed.Message);
            checks.NotReached([Alone, CommonChecks.Chain, Slot, Key, Signature, CommonChecks.Freshness, CommonChecks.Identifier], "the statement was not read");
            return checks.Conclude(Format, FactSet.Empty, null);
        }

        var leaf = parts.Certificates[0];
        checks.Pass(Statement, $"{parts.Certificates.Count} certificates, leaf '{leaf.SubjectText}', {(expected.ChainAlone ? "a bare chain" : $"alg {parts.Alg}")}");

        // 2. whose extensions they are: an attested key can sign certificates with extensions of its own making, but only below itself
        CheckAlone(checks, parts.Certificates);

        // 3. the chain: attestation certificates of firmware 4 are no CAs by their own words, which the next step makes good
        var path = CommonChecks.CheckPath(
            checks, parts.Certificates, evidence, new PathRules { LeafIssuerNeedNotBeCa = SlotCertificate.IsAttestedKey(leaf) },
            "YubiKeys from firmware 5.7.4 on need Yubico's intermediates: the device sends them after its own, or they are imported with the anchors.");

        // 4. what the leaf says, 5. the key, 6. its signature, which 7. freshness is
        var read = ReadLeaf(checks, parts.Certificates, path);
        var key = CheckKey(checks, leaf);
        CheckSignature(checks, parts, key, expected, evidence);
        CommonChecks.CheckSignedFreshness(checks, Signature, expected.ChainAlone ? "a bare chain holds nothing fresh" : "no challenge was given");

        // 8. the identifier
        if (read.Count == 0)
        {
            checks.NotReached(CommonChecks.Identifier, "the leaf was not read");
            return checks.Conclude(Format, FactSet.Empty, null);
        }

        var facts = Facts(checks, read, leaf, key);
        var identifier = CommonChecks.CheckIdentifier(
            checks, evidence.Identifier, facts, IdentifierFacts, IdentifierFacts,
            "Some YubiKeys do not show their serial number to programs, and then do not attest it: let its owner make it visible to them, or use another model.");

        return checks.Conclude(Format, facts, key is null || identifier is null ? null : () => new AttestedDevice
        {
            PublicKey = leaf.PublicKeyInfo.ToArray(),
            Identifier = identifier,
            Binding = FreshnessBinding.KeyAuthorization,
        });
    }

    private static void CheckAlone(CheckList checks, IReadOnlyList<Certificate> certificates)
    {
        if (certificates.Skip(1).FirstOrDefault(SlotCertificate.SaysMore) is { } attested)
        {
            checks.Fail(Alone, Reasons.StepChainExtended, $"'{attested.SubjectText}' is the certificate of an attested key and issued another one");
        }
        else
        {
            checks.Pass(Alone, $"none of {certificates.Count - 1} above the leaf is");
        }
    }

    private static List<(string Name, FactValue Value)> ReadLeaf(CheckList checks, IReadOnlyList<Certificate> presented, IReadOnlyList<Certificate> path)
    {
        var leaf = presented[0];
        var issuer = path.Count > 1 ? path[1] : presented.ElementAtOrDefault(1);

        try
        {
            if (!SlotCertificate.IsAttestedKey(leaf))
            {
                var managed = leaf.Find(SlotCertificate.ManagedDevice) ?? throw new MalformedEvidenceException(
                    Reasons.StepExtensionMissing, $"the leaf '{leaf.SubjectText}' has neither {SlotCertificate.Policies} (policies) nor {SlotCertificate.ManagedDevice}");
                var device = SlotCertificate.ReadManagedDevice(managed);
                checks.Pass(Slot, $"a managed device, {device[0].Name} '{EvidenceText.Visible(device[0].Value.ToString())}'");
                return device;
            }

            var facts = SlotCertificate.ReadYubiKey(leaf, issuer);
            if (path.Count > 1 && !IsAttestationCertificate(path[1]))
            {
                checks.Fail(Slot, Reasons.IssuerNotCa, $"'{path[1].SubjectText}' issued the leaf and is neither a CA nor a YubiKey's attestation certificate ({SlotCertificate.Firmware})");
                return [];
            }

            checks.Pass(Slot, string.Join(", ", facts.Select(fact => $"{fact.Name} {fact.Value}")));
            return facts;
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Slot, malformed.Reason, malformed.Message);
            return [];
        }
    }

    // the exemption from basicConstraints is for slot f9 of firmware 4, which has the firmware's extension and nothing of a key
    private static bool IsAttestationCertificate(Certificate issuer) =>
        issuer.Find(SlotCertificate.Firmware) is not null
        || (CertificateConstraints.TryRead(issuer, out var constraints, out _) && constraints is { IsCa: true, MaySignCertificates: true });

    private static SubjectPublicKey? CheckKey(CheckList checks, Certificate leaf)
    {
        var verification = VerificationKey.Read(leaf.PublicKeyInfo);
        var key = verification.Key;
        if (key is null)
        {
            checks.Fail(Key, Reasons.KeyMalformed, verification.Problem!);
        }
        else if (verification.Problem is { } problem)
        {
            checks.Fail(Key, Reasons.StepAlgorithmUnsupported, problem);
        }
        else if (key.Kind == KeyKind.Ec && key.Curve != EllipticCurve.P256 && key.Curve != EllipticCurve.P384)
        {
            checks.Fail(Key, Reasons.StepAlgorithmUnsupported, $"{key.Name}, which no YubiKey makes");
        }
        else
        {
            checks.Pass(Key, key.Name);
            return key;
        }

        return null;
    }

    private static void CheckSignature(CheckList checks, Parts parts, SubjectPublicKey? key, StepExpectation expected, Evidence evidence)
    {
        if (key is null || expected.ChainAlone || expected.Signed is null)
        {
            checks.NotReached(Signature, key is null ? "the attested key cannot verify" : expected.ChainAlone ? "a bare chain has no signature" : "no challenge was given");
            return;
        }

        // SHA-256 whatever the curve: that is what clients of this format make
        SignatureAlgorithm? algorithm = (parts.Alg, key.Kind) switch
        {
            (Es256, KeyKind.Ec) => SignatureAlgorithm.Ecdsa(HashAlgorithmName.SHA256),
            (Rs256, KeyKind.Rsa) => SignatureAlgorithm.Pkcs1(HashAlgorithmName.SHA256),
            _ => null,
        };
        if (algorithm is null)
        {
            checks.Fail(Signature, Reasons.StepAlgorithmUnsupported, $"alg {parts.Alg} with a key of {key.Name}");
            return;
        }

        var signature = new StatementSignature(algorithm, parts.Certificates[0].PublicKeyInfo, $"the attested {key.Name} key", "the key authorization", parts.Signature);
        CommonChecks.CheckSignature(checks, Signature, signature, expected.Signed, evidence, Reasons.StepSignatureInvalid);
    }

    private static FactSet Facts(CheckList checks, List<(string Name, FactValue Value)> read, Certificate leaf, SubjectPublicKey? key)
    {
        read.Add(("attestation.certificate-sha256", new FactValue.Octets(leaf.Sha256)));
        if (key is not null)
        {
            read.Add(("key.algorithm", new FactValue.Text(key.Name)));
            read.Add((KeyProtection.Fact, new FactValue.Text(SlotCertificate.IsAttestedKey(leaf) ? "yubikey" : KeyProtection.OriginOnly)));
        }

        var proven = checks.Passed(Alone, CommonChecks.Chain, Slot);
        return new FactSet(read.Select(fact => new Fact(fact.Name, fact.Value, proven)));
    }

    /// <summary>The members of a statement, parsed.</summary>
    private sealed record Parts(IReadOnlyList<Certificate> Certificates, long Alg, ReadOnlyMemory<byte> Signature)
    {
        private const int MaxSignature = 1024;

        public static Parts Read(AttestationStatement statement, bool chainAlone)
        {
            if (chainAlone)
            {
                return new Parts(statement.Certificates(), 0, default);
            }

            var alg = statement.Integer("alg");
            var signature = Unwrap(statement.Octets("sig"));
            return new Parts(statement.Certificates(), alg, signature);
        }

        // clients write the byte string's own head into it once more
        private static ReadOnlyMemory<byte> Unwrap(ReadOnlyMemory<byte> wrapped)
        {
            if (wrapped.Length > MaxSignature)
            {
                throw new MalformedEvidenceException(Reasons.StepSignatureMalformed, $"attStmt.sig has {wrapped.Length} bytes");
            }

            try
            {
                return StrictCbor.Read(wrapped) is CborItem.Octets { Value.IsEmpty: false } octets
                    ? octets.Value
                    : throw new MalformedEvidenceException(Reasons.StepSignatureMalformed, "attStmt.sig holds another CBOR item than a byte string, or an empty one");
            }
            catch (MalformedEvidenceException malformed) when (malformed.Reason != Reasons.StepSignatureMalformed)
            {
                throw new MalformedEvidenceException(Reasons.StepSignatureMalformed, $"attStmt.sig does not hold a CBOR byte string: {malformed.Message}");
            }
        }
    }
}
