using System.Text;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Idevid;

/// <summary>
/// IDevID statements, our own format (docs/idevid-format.md): the key of a device's birth certificate (IEEE 802.1AR) signs the key authorization
/// together with the new key. Proves: the holder of the IDevID key, which its manufacturer put into the device that the certificate names, wants
/// a certificate for this new key, with this ACME account, now. Does not prove: where the new key lives (the device says nothing of
/// it that could be believed), that the device is yours, or that only its own software can use the IDevID key.
/// </summary>
internal sealed class IdevidVerifier : IFormatVerifier
{
    /// <summary>An RSA signature of the longest key that is accepted.</summary>
    public const int MaxSignature = 1024;

    /// <summary>More than the SubjectPublicKeyInfo of an RSA key of 8192 bits.</summary>
    public const int MaxKey = 2048;

    /// <summary>Manufacturers' intermediates of the SHA-1 years are in use until 2029: accepted where the operator has put them into the set.</summary>
    internal static readonly PathRules Path = new() { Sha1OfKnownIntermediates = true };

    private static readonly CheckRule Statement = new("statement", "attStmt has alg, sig, x5c and key (docs/idevid-format.md §3)");

    private static readonly CheckRule Birth = new(
        "birth-certificate", "the first certificate is that of a device: v3, no CA, its key may sign, and it names one device (IEEE 802.1AR)");

    private static readonly CheckRule Key = new("key", "the new key is RSA of 2048 bits or more, or a point on P-256, P-384 or P-521");

    private static readonly CheckRule Signature = new(
        "signature", "sig is made with the IDevID key over this key authorization and the new key (docs/idevid-format.md §4)");

    public string Format => "deviceacme-idevid";

    public IReadOnlyList<string> IdentifierFacts { get; } = [BirthCertificate.HardwareModule, BirthCertificate.Serial, BirthCertificate.PermanentIdentifier];

    public Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks)
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
                [CommonChecks.Chain, Birth, Key, Signature, CommonChecks.Freshness, CommonChecks.Identifier], "the statement was not read");
            return checks.Conclude(Format, FactSet.Empty, null);
        }

        var leaf = parts.Certificates[0];
        checks.Pass(Statement, $"{parts.Certificates.Count} certificates, leaf '{leaf.SubjectText}', alg {parts.Alg}");

        // 2. the chain; whether an expired birth certificate counts is the anchor's to say
        var proven = CommonChecks.CheckChain(checks, parts.Certificates, evidence, Path);

        // 3. whose certificate it is; of what type the device is, the anchor may have to say
        var birth = BirthCertificate.Read(leaf, checks.Terms.HardwareType);
        if (birth.Reason is { } reason)
        {
            checks.Fail(Birth, reason, birth.Found);
        }
        else
        {
            checks.Pass(Birth, birth.Found);
        }

        // 4. the new key, 5. the signature that binds it to this challenge
        var key = CheckKey(checks, parts.Key);
        CheckSignature(checks, parts, evidence);

        // 6. the identifier
        var facts = Facts(checks, birth, leaf, key, proven);
        var identifier = CommonChecks.CheckIdentifier(
            checks, evidence.Identifier, facts, IdentifierFacts, Chosen(evidence.Identifier),
            "The birth certificate names no hardware module, or one that no order can name: let the anchor's terms give the hardware type that goes with the subject's serialNumber, or order by device.serial.");

        return checks.Conclude(Format, facts, key is null || identifier is null ? null : () => new AttestedDevice
        {
            PublicKey = parts.Key.ToArray(),
            Identifier = identifier,
            Binding = FreshnessBinding.KeyAuthorization,
        });
    }

    private static SubjectPublicKey? CheckKey(CheckList checks, ReadOnlyMemory<byte> publicKeyInfo)
    {
        var read = VerificationKey.Read(publicKeyInfo);
        if (read.Problem is { } problem)
        {
            checks.Fail(Key, read.Key is null ? Reasons.KeyMalformed : Reasons.KeyUnsupported, problem);
            return null;
        }

        checks.Pass(Key, read.Key!.Name);
        return read.Key;
    }

    private static void CheckSignature(CheckList checks, Parts parts, Evidence evidence)
    {
        var signer = VerificationKey.Read(parts.Certificates[0].PublicKeyInfo);
        if (signer.Problem is { } unusable)
        {
            Refuse(Reasons.IdevidAlgorithmUnsupported, $"the IDevID key: {unusable}");
        }
        else if (CoseAlgorithm.Find(parts.Alg, signer.Key!.Kind) is not { } algorithm)
        {
            Refuse(Reasons.IdevidAlgorithmUnsupported, $"alg {parts.Alg} with an IDevID key of {signer.Key.Name}");
        }
        else if (evidence.KeyAuthorization is not { } keyAuthorization)
        {
            checks.NotReached(Signature, "no challenge was given");
            checks.NotReached(CommonChecks.Freshness, "no challenge was given");
        }
        else if (signer.Verify(algorithm, IdevidBinding.Of(keyAuthorization, parts.Key.Span), parts.Signature.Span))
        {
            checks.Pass(Signature, $"{algorithm.Name}, {signer.Key.Name}");
            checks.Pass(CommonChecks.Freshness, "the signature covers the key authorization");
        }
        else
        {
            var bare = signer.Verify(algorithm, Encoding.ASCII.GetBytes(keyAuthorization), parts.Signature.Span);
            Refuse(
                Reasons.IdevidSignatureInvalid,
                $"{algorithm.Name} over context, key authorization and new key does not verify with the IDevID key ({signer.Key.Name})",
                bare ? "The signature is over the key authorization alone: without the new key in it, anybody could put another key beside it." : null);
        }

        void Refuse(Reason reason, string found, string? advice = null)
        {
            checks.Fail(Signature, reason, found, advice);
            checks.NotReached(CommonChecks.Freshness, "the signature does not hold");
        }
    }

    private static FactSet Facts(CheckList checks, BirthCertificate birth, Certificate leaf, SubjectPublicKey? key, bool proven)
    {
        var facts = birth.Facts.Select(fact => new Fact(fact.Name, fact.Value, proven)).ToList();
        if (SubjectPublicKey.TryRead(leaf.PublicKeyInfo, out var signer, out _))
        {
            facts.Add(new Fact("idevid.key-algorithm", new FactValue.Text(signer.Name), proven));
        }

        if (key is not null)
        {
            // the device vouches for the new key; nobody vouches for where it is kept
            var signed = proven && checks.Passed(Signature);
            facts.Add(new Fact("key.algorithm", new FactValue.Text(key.Name), signed));
            facts.Add(new Fact(KeyProtection.Fact, new FactValue.Text(KeyProtection.OriginOnly), signed));
        }

        return new FactSet(facts);
    }

    private static IReadOnlyList<string> Chosen(ExpectedIdentifier? expected) =>
        expected?.Type == "permanent-identifier" ? [BirthCertificate.Serial, BirthCertificate.PermanentIdentifier] : [BirthCertificate.HardwareModule];

    /// <summary>The members of a statement; sizes are judged before anything is parsed.</summary>
    private sealed record Parts(IReadOnlyList<Certificate> Certificates, long Alg, ReadOnlyMemory<byte> Signature, ReadOnlyMemory<byte> Key)
    {
        public static Parts Read(AttestationStatement statement)
        {
            var signature = statement.Octets("sig");
            if (signature.Length > MaxSignature)
            {
                throw new MalformedEvidenceException(Reasons.IdevidSignatureInvalid, $"attStmt.sig has {signature.Length} bytes, at most {MaxSignature} are read");
            }

            var key = statement.Octets("key");
            return key.Length > MaxKey
                ? throw new MalformedEvidenceException(Reasons.KeyUnsupported, $"attStmt.key has {key.Length} bytes, at most {MaxKey} are read")
                : new Parts(statement.Certificates(), statement.Integer("alg"), signature, key);
        }
    }
}
