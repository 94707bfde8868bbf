using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation.AndroidKey;

/// <summary>
/// Android Key Attestation (WebAuthn §8.4 with the key authorization as challenge). Proves: the secure hardware of a genuine Android device made
/// this key for this key authorization, uses it for signing, never lets it out, and ran behind a locked bootloader and verified boot; and the
/// serial number or IMEI where the device attests them (device owner rights). Does not prove: who uses the device, or that a profile of your
/// organisation is on it. Leaked attestation keys exist: only Google's status list tells, so without a fresh one evidence is refused by default.
/// </summary>
internal sealed class AndroidKeyVerifier : IFormatVerifier
{
    private const long Generated = 0;
    private const long Sign = 2;

    private static readonly CheckRule Statement = new("statement", "attStmt has x5c, and alg and sig both or neither (WebAuthn §8.4)");

    private static readonly CheckRule Extension = new(
        "attestation-certificate", $"one certificate alone has the attestation extension ({KeyDescription.Oid}): the leaf, which nothing was added below");

    private static readonly CheckRule Status = new("status-list", "no certificate of the chain is in Google's list of revoked ones, which is known and fresh");
    private static readonly CheckRule Description = new("key-description", "the leaf has a KeyDescription that is strict DER");
    private static readonly CheckRule Signature = new("signature", "sig is made with the attested key over the key authorization");
    private static readonly CheckRule Level = new("security-level", "attestation and key are those of secure hardware, at the level that the profile asks");

    private static readonly CheckRule Use = new(
        "key-attributes", "hardware-enforced: the key was generated there, may sign, and belongs to one application");

    private static readonly CheckRule Boot = new("boot-state", "hardware-enforced: the bootloader is locked and the system was verified with the vendor's key");
    private static readonly CheckRule Key = new("key", "the attested key is RSA of 2048 bits or more, or a point on P-256, P-384 or P-521");

    public string Format => "android-key";

    public IReadOnlyList<string> IdentifierFacts { get; } = [AndroidFacts.Serial, AndroidFacts.Imei, AndroidFacts.SecondImei, AndroidFacts.Meid];

    public IReadOnlyList<string> ProfileProperties { get; } = ["status-list", "expired-certificates"];

    public bool MakesCertificatePerChallenge => true;

    public Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks) =>
        Verify(statement, evidence, checks, AndroidExpectation.Acme(evidence));

    internal Verdict Verify(AttestationStatement statement, Evidence evidence, CheckList checks, AndroidExpectation expected)
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
                [Extension, CommonChecks.Chain, Status, Description, CommonChecks.Freshness, Key, Signature, Level, Use, Boot, CommonChecks.Identifier],
                "the statement was not read");
            return checks.Conclude(Format, FactSet.Empty, null);
        }

        var policy = PolicyOf(evidence);
        var leaf = parts.Certificates[0];
        checks.Pass(Statement, $"{parts.Certificates.Count} certificates, leaf '{leaf.SubjectText}', {(parts.Signature is null ? "no sig" : $"alg {parts.Alg}")}");

        // 2. whose extension it is: an attested key can sign certificates with extensions of its own making, but only below itself
        CheckExtension(checks, parts.Certificates);

        // 3. chain and 4. revocation
        var rules = new PathRules
        {
            PresentedUpToRoot = true,
            PresentedRootIsAnchor = true,
            TolerateExpired = policy.TolerateExpired,
            LeafIssuerNeedNotBeCa = true,
        };
        var path = CommonChecks.CheckPath(checks, parts.Certificates, evidence, rules);
        CheckStatus(checks, parts.Certificates, path, evidence);

        // 5. the description, read once
        if (ReadDescription(checks, leaf) is not { } description)
        {
            checks.NotReached(
                [CommonChecks.Freshness, Key, Signature, Level, Use, Boot, CommonChecks.Identifier], "the key description was not read");
            return checks.Conclude(Format, FactSet.Empty, null);
        }

        // 6. freshness, 7. key and its signature, 8. level, 9. use, 10. boot
        CheckFreshness(checks, description, evidence, expected);
        var key = CheckKey(checks, leaf);
        CheckSignature(checks, parts, key, expected);
        CheckLevel(checks, description, policy);
        CheckUse(checks, description);
        CheckBoot(checks, description.HardwareEnforced, policy);

        // 11. the identifier, hardware-enforced alone
        var facts = Facts(checks, parts.Certificates, description, key, evidence);
        var identifier = CommonChecks.CheckIdentifier(
            checks, evidence.Identifier, facts, IdentifierFacts, IdentifierFacts,
            OnlySoftware(description)
                ? "The operating system names a serial number or IMEI, the secure hardware does not: that proves nothing."
                : "A device attests its serial number and IMEI only to its owner (device owner or managed profile on a company-owned device) and only if its maker stored them: attest with the device properties, or use a profile that does not order by them.");

        return checks.Conclude(Format, facts, key is null || identifier is null ? null : () => new AttestedDevice
        {
            PublicKey = leaf.PublicKeyInfo.ToArray(),
            Identifier = identifier,
            Binding = FreshnessBinding.KeyAuthorization,
        });
    }

    private static AndroidPolicy PolicyOf(Evidence evidence) => evidence.Policy<AndroidPolicy>() ?? AndroidPolicy.Strict;

    private static void CheckExtension(CheckList checks, IReadOnlyList<Certificate> certificates)
    {
        var having = Enumerable.Range(0, certificates.Count).Where(i => certificates[i].Find(KeyDescription.Oid) is not null).ToList();

        // that the leaf has none is said by the description's own check, after the chain
        var harmless = having.Count == 0 || having is [0] || (having is [var alone] && !IsIssuer(certificates, alone));
        if (harmless)
        {
            checks.Pass(Extension, having.Count == 0 ? "no certificate has it" : $"certificate {having[0] + 1} alone has it, counted from the leaf");
        }
        else
        {
            checks.Fail(
                Extension,
                Reasons.AndroidChainExtended,
                $"certificates {string.Join(", ", having.Select(i => i + 1))} of {certificates.Count} have it, counted from the leaf");
        }
    }

    private static bool IsIssuer(IReadOnlyList<Certificate> certificates, int index) =>
        certificates[index - 1].Issuer.Span.SequenceEqual(certificates[index].Subject.Span);

    private static void CheckStatus(CheckList checks, IReadOnlyList<Certificate> presented, IReadOnlyList<Certificate> path, Evidence evidence)
    {
        var policy = PolicyOf(evidence);
        if (policy.StatusList is not { } list)
        {
            Tolerable("no status list is loaded", Reasons.AndroidStatusListMissing);
            return;
        }

        // what a stale list says of a certificate is still true
        foreach (var certificate in presented.Concat(path))
        {
            if (list.Find(certificate.SerialNumber.Span) is { } status)
            {
                checks.Fail(
                    Status,
                    Reasons.AndroidCertificateRevoked,
                    $"'{certificate.SubjectText}' with serial number {Convert.ToHexStringLower(certificate.SerialNumber.Span)} is {status}");
                return;
            }
        }

        var age = evidence.Now - list.FetchedAt;
        var found = $"none of {presented.Count} certificates is among the {list.Count} listed; the list was fetched at {new FactValue.Instant(list.FetchedAt)}";
        if (age > policy.StatusListMaxAge)
        {
            Tolerable($"{found}, more than {policy.StatusListMaxAge.TotalHours:0.#} h before {new FactValue.Instant(evidence.Now)}", Reasons.AndroidStatusListStale);
        }
        else
        {
            checks.Pass(Status, found);
        }

        void Tolerable(string what, Reason reason)
        {
            if (policy.AcceptWithoutStatusList)
            {
                checks.Pass(Status, $"warning: {what}; the profile accepts that");
            }
            else
            {
                checks.Fail(Status, reason, what);
            }
        }
    }

    private static KeyDescription? ReadDescription(CheckList checks, Certificate leaf)
    {
        if (leaf.Find(KeyDescription.Oid) is not { } extension)
        {
            checks.Fail(Description, Reasons.AndroidExtensionMissing, $"the leaf '{leaf.SubjectText}' has no {KeyDescription.Oid}");
            return null;
        }

        try
        {
            var description = KeyDescription.Read(extension.Value);
            var unknown = description.SoftwareEnforced.Unknown.Concat(description.HardwareEnforced.Unknown).Distinct().ToList();
            checks.Pass(
                Description,
                $"version {description.AttestationVersion}, hardware-enforced: {string.Join(", ", description.HardwareEnforced.Tags)}; "
                + $"software-enforced: {string.Join(", ", description.SoftwareEnforced.Tags)}"
                + (unknown.Count == 0 ? "" : $"; ignored tags: {string.Join(", ", unknown)}"));
            return description;
        }
        catch (MalformedEvidenceException malformed)
        {
            checks.Fail(Description, malformed.Reason, malformed.Message);
            return null;
        }
    }

    private static SubjectPublicKey? CheckKey(CheckList checks, Certificate leaf)
    {
        var verification = VerificationKey.Read(leaf.PublicKeyInfo);
        if (verification.Problem is { } problem)
        {
            checks.Fail(Key, verification.Key is null ? Reasons.KeyMalformed : Reasons.KeyUnsupported, problem);
            return null;
        }

        checks.Pass(Key, verification.Key!.Name);
        return verification.Key;
    }

    private static void CheckSignature(CheckList checks, Parts parts, SubjectPublicKey? key, AndroidExpectation expected)
    {
        if (parts.Signature is not { } signature)
        {
            checks.Pass(Signature, "there is none; the challenge in the attested certificate binds the key");
        }
        else if (key is null || expected.Signed is null)
        {
            checks.NotReached(Signature, key is null ? "the attested key cannot verify" : "no challenge was given");
        }
        else if (CoseAlgorithm.Find(parts.Alg, key.Kind) is not { } algorithm)
        {
            checks.Fail(Signature, Reasons.AndroidAlgorithmUnsupported, $"alg {parts.Alg} with a key of {key.Name}");
        }
        else if (VerificationKey.Read(parts.Certificates[0].PublicKeyInfo).Verify(algorithm, expected.Signed, signature.Span))
        {
            checks.Pass(Signature, $"{algorithm.Name}, {key.Name}");
        }
        else
        {
            checks.Fail(Signature, Reasons.AndroidSignatureInvalid, $"{algorithm.Name} over {expected.Source} does not verify with the attested {key.Name} key");
        }
    }

    private static void CheckFreshness(CheckList checks, KeyDescription description, Evidence evidence, AndroidExpectation expected)
    {
        var challenge = description.AttestationChallenge.Span;
        if (challenge.IsEmpty)
        {
            checks.Fail(CommonChecks.Freshness, Reasons.FreshnessMissing, "attestationChallenge is empty");
            return;
        }

        var hashed = evidence.KeyAuthorization is { } keyAuthorization && challenge.SequenceEqual(CommonChecks.Sha256(keyAuthorization));
        CommonChecks.CheckFreshness(
            checks,
            challenge,
            expected.Challenge is { } right ? [(expected.Source, right)] : [],
            "attestationChallenge",
            hashed
                ? "The value is a hash of the key authorization; this format takes its octets as they are."
                : "The key was made for another challenge or account: make a new key with this key authorization as attestation challenge.");
    }

    private static void CheckLevel(CheckList checks, KeyDescription description, AndroidPolicy policy)
    {
        var found = $"attestation: {AndroidFacts.Show(description.AttestationSecurityLevel)}, key: {AndroidFacts.Show(description.KeyMintSecurityLevel)}";
        if (description.SecurityLevel == AndroidSecurityLevel.Software)
        {
            checks.Fail(Level, Reasons.AndroidSoftwareKeystore, found);
        }
        else if (description.SecurityLevel < policy.MinimumSecurityLevel)
        {
            checks.Fail(Level, Reasons.AndroidSecurityLevelTooLow, $"{found}; asked is {AndroidFacts.Show(policy.MinimumSecurityLevel)}");
        }
        else
        {
            checks.Pass(Level, found);
        }
    }

    private static void CheckUse(CheckList checks, KeyDescription description)
    {
        var hardware = description.HardwareEnforced;
        var origin = hardware.Number(AndroidTag.Origin);
        var found = $"origin {AndroidFacts.ShowOrigin(origin)}, purposes: {AndroidFacts.ShowPurposes(hardware)}";
        if (origin != Generated)
        {
            checks.Fail(Use, Reasons.AndroidKeyOrigin, found);
        }
        else if (!hardware.Numbers(AndroidTag.Purpose).Contains(Sign))
        {
            checks.Fail(Use, Reasons.AndroidKeyUse, found);
        }
        else if (hardware.Has(AndroidTag.AllApplications) || description.SoftwareEnforced.Has(AndroidTag.AllApplications))
        {
            // WebAuthn §8.4
            checks.Fail(Use, Reasons.AndroidKeyUse, $"{found}, open to all applications");
        }
        else
        {
            checks.Pass(Use, found);
        }
    }

    private static void CheckBoot(CheckList checks, AuthorizationList hardware, AndroidPolicy policy)
    {
        var found = hardware.RootOfTrust is { } root
            ? $"bootloader {(root.DeviceLocked ? "locked" : "unlocked")}, boot {AndroidFacts.Show(root.State)}"
            : "the secure hardware says nothing of it";
        if (hardware.RootOfTrust is { DeviceLocked: true, State: VerifiedBootState.Verified })
        {
            checks.Pass(Boot, found);
        }
        else if (policy.BootStateIsUndecided)
        {
            checks.NotReached(Boot, $"{found}; no profile was given that says whether that is accepted");
        }
        else if (policy.RequireVerifiedBoot)
        {
            checks.Fail(Boot, Reasons.AndroidBootState, found);
        }
        else
        {
            checks.Pass(Boot, $"warning: {found}; the profile accepts that");
        }
    }

    private static FactSet Facts(
        CheckList checks, IReadOnlyList<Certificate> certificates, KeyDescription description, SubjectPublicKey? key, Evidence evidence)
    {
        var read = AndroidFacts.Read(description, ProvisioningInfo.Find(certificates.Skip(1)));
        read.Add(("attestation.certificate-sha256", new FactValue.Octets(certificates[0].Sha256)));
        if (key is not null)
        {
            read.Add(("key.algorithm", new FactValue.Text(key.Name)));
            read.Add(("key.protection", new FactValue.Text(AndroidFacts.Show(description.SecurityLevel))));
        }

        // software keys say what they like, and so does whoever holds a revoked attestation key
        var proven = checks.Passed(Extension, CommonChecks.Chain, Status) && description.SecurityLevel != AndroidSecurityLevel.Software;
        var facts = read.ConvertAll(fact => new Fact(fact.Name, fact.Value, proven));
        if (PolicyOf(evidence).StatusList is { } list)
        {
            facts.Add(new Fact("android.status-list-age-seconds", new FactValue.Number((long)(evidence.Now - list.FetchedAt).TotalSeconds), true));
        }

        return new FactSet(facts);
    }

    private static bool OnlySoftware(KeyDescription description) =>
        new[] { AndroidTag.AttestationIdSerial, AndroidTag.AttestationIdImei, AndroidTag.AttestationIdSecondImei, AndroidTag.AttestationIdMeid }
            .Any(description.SoftwareEnforced.Has);

    /// <summary>The members of a statement, parsed.</summary>
    private sealed record Parts(IReadOnlyList<Certificate> Certificates, long Alg, ReadOnlyMemory<byte>? Signature)
    {
        private const int MaxSignature = 1024;

        public static Parts Read(AttestationStatement statement)
        {
            var certificates = statement.Certificates();
            if (!statement.Has("sig") && !statement.Has("alg"))
            {
                // the bare chain: the challenge in it is bound to the key already, so sig proves possession only, as the CSR does
                return new Parts(certificates, 0, null);
            }

            var signature = statement.Octets("sig");
            return signature.Length > MaxSignature
                ? throw new MalformedEvidenceException(Reasons.AndroidSignatureInvalid, $"attStmt.sig has {signature.Length} bytes")
                : new Parts(certificates, statement.Integer("alg"), signature);
        }
    }
}
