using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Apple;

/// <summary>
/// Managed Device Attestation. Proves: Apple vouches that the leaf's key was made in the Secure Enclave of the device with this serial number
/// and UDID, for this challenge token, while the device ran these versions. Does not prove: who uses the device, that its owner is
/// enrolled, or anything about the ACME account (the token alone is bound, not the key authorization). User Enrollment leaves serial and
/// UDID out. There is no revocation to check: leaves live about 91 days and name no CRL.
/// </summary>
internal sealed class AppleVerifier : IFormatVerifier
{
    private const string ProfileAgain = "the profile must be delivered again, so that a new key and a new attestation are made";

    private static readonly CheckRule Statement = new("statement", "attStmt.x5c holds the attestation certificate and its issuers, leaf first");

    private static readonly CheckRule Properties = new(
        "properties", "the leaf carries Managed Device Attestation properties (1.2.840.113635.100.8) in Apple's encoding");

    private static readonly CheckRule Leaf = new("leaf", "the attestation certificate is a v3 end-entity certificate whose key may sign");
    private static readonly CheckRule Key = new("key", "the attested key is a Secure Enclave key: EC P-256 or P-384");

    public string Format => "apple";

    public IReadOnlyList<string> IdentifierFacts { get; } = ["device.serial", "device.udid"];

    public bool MakesCertificatePerChallenge => true;

    public Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks)
    {
        // 1. the statement: certificates and nothing else
        IReadOnlyList<Certificate> certificates;
        try
        {
            certificates = statement.Certificates();
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Statement, malformed.Reason, malformed.Message);
            checks.NotReached(
                [Properties, CommonChecks.Chain, Leaf, CommonChecks.Freshness, CommonChecks.Identifier, Key], "the statement was not read");
            return checks.Conclude(Format, FactSet.Empty, null);
        }

        var leaf = certificates[0];
        checks.Pass(Statement, $"{certificates.Count} certificates, leaf '{leaf.SubjectText}'");

        // 2. the properties, each read once
        var read = ReadProperties(checks, leaf);

        // 3. the chain: the leaf has no key identifiers and is never issued by the root itself
        var proven = CommonChecks.CheckChain(checks, certificates, evidence, new PathRules());

        // 4. the leaf is no CA
        CheckLeaf(checks, leaf);

        // 5. freshness: SHA-256 of the token alone; absence is a failure
        CheckFreshness(checks, leaf, evidence);

        // 6. the identifier and 7. the key
        var key = CheckKey(checks, leaf);
        if (read.Count == 0)
        {
            checks.NotReached(CommonChecks.Identifier, "the properties were not read");
            return checks.Conclude(Format, FactSet.Empty, null);
        }

        read.AddRange(AppleFamily.Derive(read));
        read.Add(("attestation.certificate-sha256", new FactValue.Octets(leaf.Sha256)));
        if (key is not null)
        {
            read.Add(("key.algorithm", new FactValue.Text(key.Name)));
            read.Add(("key.protection", new FactValue.Text("secure-enclave")));
        }

        var facts = new FactSet(read.Select(fact => new Fact(fact.Name, fact.Value, proven)));
        var identifier = CommonChecks.CheckIdentifier(
            checks, evidence.Identifier, facts, IdentifierFacts, IdentifierFacts,
            "Under User Enrollment an attestation has neither serial number nor UDID, and Apple leaves blank what it cannot verify: such a device needs a profile that does not order by them.");

        return checks.Conclude(Format, facts, key is null || identifier is null ? null : () => new AttestedDevice
        {
            PublicKey = leaf.PublicKeyInfo.ToArray(),
            Identifier = identifier,
            Binding = FreshnessBinding.Token,
        });
    }

    private static List<(string Name, FactValue Value)> ReadProperties(CheckList checks, Certificate leaf)
    {
        if (!AppleProperties.HasAny(leaf))
        {
            checks.Fail(
                Properties,
                Reasons.AppleNotDeviceAttestation,
                leaf.Find(AppleProperties.WebAuthnNonce) is null
                    ? "none of them is there"
                    : $"the leaf has the nonce {AppleProperties.WebAuthnNonce} of WebAuthn's anonymous attestation or App Attest instead");
            return [];
        }

        try
        {
            var ignored = new List<string>();
            var facts = AppleProperties.Read(leaf, ignored);
            var blank = facts.FindAll(fact => fact.Value is FactValue.Blank).ConvertAll(fact => fact.Name);
            checks.Pass(
                Properties,
                $"{facts.Count} properties{(blank.Count == 0 ? "" : $", blank: {string.Join(", ", blank)}")}"
                + $"{(ignored.Count == 0 ? "" : $", ignored: {string.Join(", ", ignored)}")}");
            return facts;
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Properties, malformed.Reason, malformed.Message);
            return [];
        }
    }

    private static void CheckLeaf(CheckList checks, Certificate leaf)
    {
        if (!CertificateConstraints.TryRead(leaf, out var constraints, out var problem))
        {
            checks.Fail(Leaf, Reasons.CertificateMalformed, problem);
        }
        else if (leaf.Version != 3 || constraints.IsCa == true || !constraints.MaySign)
        {
            checks.Fail(
                Leaf, Reasons.AppleLeafProfile, $"v{leaf.Version}, CA {constraints.IsCa == true}, keyUsage digitalSignature {constraints.MaySign}");
        }
        else
        {
            // Apple's leaves have neither extended key usage nor key identifiers; none is asked for
            checks.Pass(Leaf, "v3, end entity, may sign");
        }
    }

    private static void CheckFreshness(CheckList checks, Certificate leaf, Evidence evidence)
    {
        if (leaf.Find(AppleProperties.Freshness) is not { Value.IsEmpty: false } freshness)
        {
            checks.Fail(
                CommonChecks.Freshness,
                Reasons.FreshnessMissing,
                $"{AppleProperties.Freshness} is {(leaf.Find(AppleProperties.Freshness) is null ? "absent" : "blank")}");
            return;
        }

        var accepted = new List<(string, byte[])>();
        if (evidence.Token is { } token)
        {
            accepted.Add(("SHA-256 of the token", CommonChecks.Sha256(token)));
        }

        if (evidence.ChallengeHash is { } given)
        {
            accepted.Add(("the given challenge hash", given.ToArray()));
        }

        var overKeyAuthorization = evidence.KeyAuthorization is { } keyAuthorization
            && freshness.Value.Span.SequenceEqual(CommonChecks.Sha256(keyAuthorization));
        CommonChecks.CheckFreshness(
            checks,
            freshness.Value.Span,
            accepted,
            AppleProperties.Freshness,
            overKeyAuthorization
                ? "The value was made from the key authorization; this format binds the token alone."
                : $"The attestation belongs to the token of another order; Apple makes one only when a key is made, so {ProfileAgain}.");
    }

    private static SubjectPublicKey? CheckKey(CheckList checks, Certificate leaf)
    {
        if (!SubjectPublicKey.TryRead(leaf.PublicKeyInfo, out var key, out var problem))
        {
            checks.Fail(Key, Reasons.KeyMalformed, problem);
            return null;
        }

        if (key.Curve != EllipticCurve.P256 && key.Curve != EllipticCurve.P384)
        {
            checks.Fail(Key, Reasons.KeyUnsupported, $"found {key.Name}");
            return null;
        }

        checks.Pass(Key, key.Name);
        return key;
    }
}
