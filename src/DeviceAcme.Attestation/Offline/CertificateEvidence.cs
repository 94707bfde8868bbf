using DeviceAcme.Attestation.Idevid;
using DeviceAcme.Attestation.Tpm;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.Offline;

/// <summary>
/// A device's certificate by itself: who vouches for it and what it names. Nothing in it was made for a challenge, and nobody shows to have
/// its key, so at best the verdict is incomplete.
/// </summary>
internal static class CertificateEvidence
{
    /// <summary>A certificate of which nothing else is known.</summary>
    public const string Unknown = "certificate";

    private const string Idevid = "deviceacme-idevid";

    private static readonly string[] Identifiers = [BirthCertificate.HardwareModule, BirthCertificate.PermanentIdentifier, BirthCertificate.Serial];
    private static readonly CheckRule AttestationKey = new("ak-certificate", "the certificate is that of an attestation key (WebAuthn §8.3.1)");
    private static readonly CheckRule Birth = new("birth-certificate", "the certificate is that of a device: v3, no CA, its key may sign, and it names one device (IEEE 802.1AR)");
    private static readonly CheckRule Key = new("key", "the certified key can be read");
    private static readonly CheckRule Possession = new("signature", "whoever shows the certificate has its key");

    /// <summary>What a certificate is, by its purpose and its names.</summary>
    public static string Recognize(Certificate leaf) =>
        EkCertificate.Read(leaf).Reason is null ? EkVerifier.Format
        : BirthCertificate.Read(leaf, null) is { Reason: null } birth && birth.Facts.Any(fact => fact.Name is BirthCertificate.HardwareModule or BirthCertificate.Serial) ? Idevid
        : Unknown;

    public static Verdict Judge(string kind, IReadOnlyList<Certificate> certificates, OfflineQuestion question, Evidence evidence, CheckList checks)
    {
        if (kind == EkVerifier.Format)
        {
            return JudgeEndorsement(certificates, question, evidence);
        }

        var leaf = certificates[0];
        var rules = question.RefuseSha1 ? new PathRules() : kind == Idevid ? IdevidVerifier.Path : new PathRules { AllowSha1 = true };
        var proven = CommonChecks.CheckChain(checks, certificates, evidence, Explaining(certificates, evidence, rules));
        var birth = BirthCertificate.Read(leaf, checks.Terms.HardwareType);
        if (kind == "tpm")
        {
            var ak = AkCertificate.Read(leaf);
            Record(checks, AttestationKey, ak.Reason, ak.Found);
        }
        else if (kind == Idevid)
        {
            Record(checks, Birth, birth.Reason, birth.Found);
        }

        checks.NotReached(Possession, "nothing here is signed with the certificate's key");
        checks.NotReached(CommonChecks.Freshness, "a certificate by itself was made for no challenge");
        var facts = birth.Facts.Select(fact => new Fact(fact.Name, fact.Value, proven)).ToList();
        if (SubjectPublicKey.TryRead(leaf.PublicKeyInfo, out var key, out var problem))
        {
            checks.Pass(Key, key.Name);
            facts.Add(new Fact("key.algorithm", new FactValue.Text(key.Name), proven));
        }
        else
        {
            checks.Fail(Key, Reasons.KeyMalformed, problem);
        }

        var set = new FactSet(facts);
        CommonChecks.CheckIdentifier(checks, evidence.Identifier, set, Identifiers, Identifiers, "The certificate names no device.");
        return checks.Conclude(kind, set, null);
    }

    // the vendor is a fact here: which ones count is for a profile to say, and without activation nothing is accepted anyway
    private static Verdict JudgeEndorsement(IReadOnlyList<Certificate> certificates, OfflineQuestion question, Evidence evidence) => EkVerifier.Verify(new EkEvidence
    {
        Certificates = [.. certificates.Select(certificate => certificate.Raw)],
        Policy = EkPolicy.Strict with { Vendors = EkCertificate.Read(certificates[0]).Tpm.Vendor is { } vendor ? [EkPolicy.RegisteredVendors, vendor.Id] : [EkPolicy.RegisteredVendors] },
        Anchors = evidence.Anchors,
        Profile = evidence.Profile,
        Now = evidence.Now,
        Identifier = evidence.Identifier,
        AllowSha1 = !question.RefuseSha1,
    }).Verdict;

    // that nobody vouches for it says more than that it has ended
    private static PathRules Explaining(IReadOnlyList<Certificate> certificates, Evidence evidence, PathRules rules)
    {
        var tolerant = rules with { TolerateExpired = true };
        var path = CertificatePath.Verify(certificates, evidence.Anchors, evidence.Now, tolerant, null, new AnchorUse(evidence.Format, evidence.Profile));
        return path.Reason == Reasons.ChainIncomplete ? tolerant : rules;
    }

    private static void Record(CheckList checks, CheckRule rule, Reason? reason, string found)
    {
        if (reason is null)
        {
            checks.Pass(rule, found);
        }
        else
        {
            checks.Fail(rule, reason, found);
        }
    }
}
