namespace DeviceAcme.Attestation.X509;

/// <summary>What a format asks of its chains beyond RFC 5280 §6.1.</summary>
internal sealed record PathRules
{
    /// <summary>SHA-1 signatures below the anchor. Off, except to judge old recorded evidence.</summary>
    public bool AllowSha1 { get; init; }

    /// <summary>
    /// A SHA-1 signature is accepted on an intermediate that is, octet for octet, one of the anchor set: whoever put it there vouches for these
    /// octets, so that a collision helps nobody. Manufacturers of network gear have such intermediates until 2029.
    /// </summary>
    public bool Sha1OfKnownIntermediates { get; init; }

    /// <summary>True where devices present all but the root, so that a missing issuer is an untrusted root and not a gap in what was sent.</summary>
    public bool PresentedUpToRoot { get; init; }

    /// <summary>Leaves and intermediates past their end are accepted, and named in what was found.</summary>
    public bool TolerateExpired { get; init; }

    /// <summary>
    /// The leaf's issuer may have basicConstraints and keyUsage of an end entity: Android's batch certificates of 2016 do. The format must have
    /// another way to know that the issuer is no attested key.
    /// </summary>
    public bool LeafIssuerNeedNotBeCa { get; init; }

    /// <summary>A root that is presented must have the anchor's key. Off, a presented root is ignored.</summary>
    public bool PresentedRootIsAnchor { get; init; }
}

/// <summary>A path to an anchor, or the reason why there is none.</summary>
/// <param name="Reason">Null if and only if the path is good.</param>
/// <param name="Found">What was found, for people.</param>
/// <param name="Anchor">The anchor of a good path.</param>
internal sealed record PathResult(Reason? Reason, string Found, Anchor? Anchor = null)
{
    /// <summary>The certificates of a good path, leaf first and anchor last; empty where there is none.</summary>
    public IReadOnlyList<Certificate> Certificates { get; init; } = [];

    /// <summary>The terms of a good path: those of its anchor, and of intermediates of the set that have any.</summary>
    public AnchorTerms Terms { get; init; } = AnchorTerms.Unlimited;
}

/// <summary>
/// Builds and verifies certificate paths (RFC 5280 §6.1) to explicit anchors at a given time: signatures, validity, names, basic constraints,
/// path lengths, key usage, unknown critical extensions. Issuers are found by name and proven by key, because Apple's leaves have no key
/// identifiers. No downloads, no revocation: a format that has any says so itself.
/// </summary>
internal sealed class CertificatePath
{
    /// <summary>Presented certificates beyond this are refused before any is parsed.</summary>
    public const int MaxPresented = 8;

    private const int MaxDepth = 8;
    private const int MaxSignatures = 24;

    private readonly IReadOnlyList<Certificate> _presented;
    private readonly AnchorSet _anchors;
    private readonly DateTimeOffset _now;
    private readonly PathRules _rules;
    private readonly VerifiedIntermediates? _known;
    private readonly AnchorUse _use;
    private readonly List<Step> _steps = [];
    private int _signatures;
    private int _deepest = -1;
    private PathResult? _failure;
    private AnchorTerms _terms = AnchorTerms.Unlimited;

    private CertificatePath(
        IReadOnlyList<Certificate> presented, AnchorSet anchors, DateTimeOffset now, PathRules rules, VerifiedIntermediates? known, AnchorUse use)
    {
        _presented = presented;
        _anchors = anchors;
        _now = now;
        _rules = rules;
        _known = known;
        _use = use;
    }

    /// <summary>Judges the certificates as they were presented, leaf first.</summary>
    /// <param name="use">What the anchor is asked to vouch for; without it, no anchor that is limited to formats is good.</param>
    public static PathResult Verify(
        IReadOnlyList<Certificate> presented, AnchorSet anchors, DateTimeOffset now, PathRules rules, VerifiedIntermediates? known, AnchorUse? use = null) =>
        new CertificatePath(presented, anchors, now, rules, known, use ?? AnchorUse.Unnamed).Build();

    private PathResult Build()
    {
        for (var i = 0; i + 1 < _presented.Count; i++)
        {
            if (!_presented[i].Issuer.Span.SequenceEqual(_presented[i + 1].Subject.Span))
            {
                return new PathResult(
                    Reasons.ChainBroken,
                    $"certificate {i + 1} names the issuer '{_presented[i].IssuerText}', certificate {i + 2} is '{_presented[i + 1].SubjectText}'");
            }
        }

        var leaf = _presented[0];
        if (Invalidity(leaf, "the leaf") is { } invalid)
        {
            return invalid;
        }

        if (UnknownCritical(leaf) is { } critical)
        {
            return critical;
        }

        if (Extend(leaf, 0) is { } anchor)
        {
            if (_rules.PresentedRootIsAnchor && _presented.Skip(1).FirstOrDefault(HasOtherKey) is { } stranger)
            {
                return new PathResult(
                    Reasons.ChainUntrustedRoot, $"the presented root '{stranger.SubjectText}' has another key than the anchor {anchor}, which issued the certificate below it");
            }

            Remember();
            return new PathResult(
                null,
                $"leaf ← {string.Join(" ← ", _steps.Select(step => step.Certificate.SubjectText))}, anchor {anchor.Fingerprint[..16]}{Tolerated(leaf)}",
                anchor)
            {
                Certificates = [leaf, .. _steps.Select(step => step.Certificate)],
                Terms = _terms,
            };
        }

        return _failure ?? throw new InvalidOperationException("a path that failed has no reason");
    }

    /// <summary>Finds the issuer of a certificate and goes on from there; the steps taken are in <see cref="_steps"/> when an anchor is found.</summary>
    private Anchor? Extend(Certificate current, int index)
    {
        if (_steps.Count >= MaxDepth)
        {
            Fail(Reasons.ChainTooLong, $"no anchor after {MaxDepth} certificates");
            return null;
        }

        var tried = false;
        foreach (var root in RootsFor(current, index))
        {
            tried = true;
            if (IsSignedBy(current, root.Key, root.Subject, root) && MayAnchor(root) && MayVouch(root))
            {
                _steps.Add(new Step(root.Certificate, root.Key));
                return root;
            }
        }

        foreach (var (certificate, key, next) in IntermediatesFor(current, index))
        {
            tried = true;
            if (!MayIssue(certificate) || !IsSignedBy(current, key, certificate.SubjectText))
            {
                continue;
            }

            _steps.Add(new Step(certificate, key));
            if (Extend(certificate, next) is { } anchor)
            {
                return anchor;
            }

            _steps.RemoveAt(_steps.Count - 1);
        }

        if (!tried)
        {
            // a leaf without any issuer tells less than an intermediate without a root; an issuer that calls itself a root leaves no doubt
            var incomplete = _steps.Count == 0 && Next(index) is null && !_rules.PresentedUpToRoot && !current.IsSelfIssued
                && !current.IssuerText.Contains(" Root ", StringComparison.OrdinalIgnoreCase);
            Fail(
                incomplete ? Reasons.ChainIncomplete : Reasons.ChainUntrustedRoot,
                incomplete
                    ? $"the certificate of '{current.IssuerText}' was neither sent nor is it in the anchor set {_anchors.Hash[..16]}"
                    : $"'{current.IssuerText}' is not an anchor of the set {_anchors.Hash[..16]} ({_anchors.Anchors.Count} roots)");
        }

        return null;
    }

    private IEnumerable<Anchor> RootsFor(Certificate current, int index)
    {
        foreach (var root in _anchors.RootsNamed(current.Issuer))
        {
            yield return root;
        }

        // a root that was re-issued under another name is the same anchor: the presented certificate tells which key it has
        if (Next(index) is { } next)
        {
            foreach (var sameKey in _anchors.RootsWithKey(next.PublicKeyInfo))
            {
                if (!sameKey.Certificate.Subject.Span.SequenceEqual(current.Issuer.Span))
                {
                    yield return sameKey;
                }
            }
        }
    }

    private IEnumerable<(Certificate Certificate, VerificationKey Key, int Index)> IntermediatesFor(Certificate current, int index)
    {
        if (Next(index) is { } next && !next.IsSelfIssued)
        {
            yield return (next, KeyOf(next), index + 1);
        }

        foreach (var intermediate in _anchors.IntermediatesNamed(current.Issuer))
        {
            // vendors have several intermediates of one name; key identifiers, where there are any, tell which one is meant
            if (!KeyIdentifiers.Differ(current, intermediate.Certificate)
                && !_steps.Exists(step => ReferenceEquals(step.Certificate, intermediate.Certificate)))
            {
                yield return (intermediate.Certificate, intermediate.Key, _presented.Count);
            }
        }
    }

    private Certificate? Next(int index) => index + 1 < _presented.Count ? _presented[index + 1] : null;

    private VerificationKey KeyOf(Certificate certificate) =>
        _known?.Find(certificate.Sha256)?.Key ?? VerificationKey.Read(certificate.PublicKeyInfo);

    private bool IsSignedBy(Certificate certificate, VerificationKey key, string issuer, Anchor? anchor = null)
    {
        var algorithm = certificate.SignatureAlgorithm;
        if (algorithm.Scheme == SignatureScheme.Unknown || (algorithm.IsSha1 && !MayHaveSha1(certificate)))
        {
            return Fail(Reasons.CertificateAlgorithmUnsupported, $"'{certificate.SubjectText}' is signed with {algorithm.Name}");
        }

        if (key.Problem is { } unusable)
        {
            return Fail(Reasons.CertificateAlgorithmUnsupported, $"the key of '{issuer}': {unusable}");
        }

        if (_known?.Find(certificate.Sha256) is { } known && known.IssuerKeySha256.AsSpan().SequenceEqual(key.Sha256))
        {
            return true;
        }

        if (++_signatures > MaxSignatures)
        {
            return Fail(Reasons.ChainTooLong, $"more than {MaxSignatures} signatures to try");
        }

        if (key.Verify(algorithm, certificate.Tbs.Span, certificate.Signature.Span))
        {
            return true;
        }

        // key identifiers only tell how a failure is best explained: a root of the same name is not that root
        return anchor is not null && KeyIdentifiers.Differ(certificate, anchor.Certificate)
            ? Fail(Reasons.ChainUntrustedRoot, $"'{certificate.SubjectText}' was issued by another key than that of the anchor {anchor}, which has the same name")
            : Fail(Reasons.ChainSignatureInvalid, $"'{certificate.SubjectText}' is not signed by the key of '{issuer}' ({algorithm.Name})");
    }

    private bool MayHaveSha1(Certificate certificate) => _rules.AllowSha1
        || (_rules.Sha1OfKnownIntermediates
            && _anchors.IntermediatesNamed(certificate.Subject).Any(known => known.Certificate.Sha256.AsSpan().SequenceEqual(certificate.Sha256)));

    private bool MayAnchor(Anchor root)
    {
        // before its time a root is wrong configuration or a wrong clock; after its time it is a recorded warning only
        if (_now < root.Certificate.NotBefore)
        {
            return Fail(Reasons.ChainNotYetValid, $"the anchor {root} begins at {Show(root.Certificate.NotBefore)}, judged at {Show(_now)}");
        }

        return !CertificateConstraints.TryRead(root.Certificate, out var constraints, out _) || FitsPathLength(constraints, root.Subject);
    }

    /// <summary>An anchor was reached: its terms, and those of intermediates that the set knows, say whether it may vouch for this.</summary>
    private bool MayVouch(Anchor root)
    {
        _terms = AnchorTerms.Unlimited;
        if (!_anchors.HasTerms)
        {
            return true;
        }

        List<Certificate> below = [_presented[0], .. _steps.Select(step => step.Certificate)];
        foreach (var certificate in below.Append(root.Certificate))
        {
            if (_anchors.Distrusting(certificate.PublicKeyInfo) is { Terms.Distrusted: var distrusted } entry)
            {
                return FailAtAnchor(Reasons.AnchorDistrusted, $"{entry} is {distrusted}");
            }
        }

        if (_use.Forbidden(root.Terms) is { } forbidden)
        {
            return FailAtAnchor(Reasons.AnchorLimited, $"the anchor {root} {forbidden}");
        }

        _terms = root.Terms;
        foreach (var step in Enumerable.Reverse(_steps))
        {
            var limited = _anchors.LimitedIntermediates(step.Certificate.PublicKeyInfo).ToList();
            if (limited.Count == 0)
            {
                continue;
            }

            if (limited.Find(entry => _use.Forbidden(entry.Terms) is null) is not { } permitting)
            {
                return FailAtAnchor(Reasons.AnchorLimited, $"the intermediate {limited[0]} {_use.Forbidden(limited[0].Terms)}");
            }

            _terms = permitting.Terms.Below(_terms);
        }

        // the validity of what is below an anchor is judged here where an anchor may excuse it
        var ended = _rules.TolerateExpired || _terms.Expired == ExpiredCertificates.Ignore ? null : below.Find(certificate => certificate.NotAfter < _now);
        return ended is null
            || FailAtAnchor(Reasons.ChainExpired, $"'{ended.SubjectText}' ended at {Show(ended.NotAfter)}, judged at {Show(_now)}; the anchor {root} does not excuse that");
    }

    private bool MayIssue(Certificate issuer)
    {
        if (Invalidity(issuer, "the intermediate") is { } invalid)
        {
            return Fail(invalid.Reason!, invalid.Found);
        }

        if (!CertificateConstraints.TryRead(issuer, out var constraints, out var problem))
        {
            return Fail(Reasons.CertificateMalformed, $"'{issuer.SubjectText}': {problem}");
        }

        var excused = _rules.LeafIssuerNeedNotBeCa && _steps.Count == 0;
        if ((constraints.IsCa != true && !excused) || issuer.Version != 3)
        {
            return Fail(Reasons.IssuerNotCa, $"'{issuer.SubjectText}' issued a certificate, but is no CA by its basicConstraints");
        }

        if (!constraints.MaySignCertificates && !excused)
        {
            return Fail(Reasons.IssuerKeyUsage, $"'{issuer.SubjectText}' has a keyUsage without keyCertSign");
        }

        return UnknownCritical(issuer) is { } critical ? Fail(critical.Reason!, critical.Found) : FitsPathLength(constraints, issuer.SubjectText);
    }

    // RFC 5280 §4.2.1.9: self-issued certificates do not count
    private bool FitsPathLength(CertificateConstraints constraints, string issuer)
    {
        var below = _steps.Count(step => !step.Certificate.IsSelfIssued);
        return constraints.PathLength is not { } limit || below <= limit
            || Fail(Reasons.PathLengthExceeded, $"'{issuer}' allows {limit} intermediates below it, there are {below}");
    }

    private PathResult? Invalidity(Certificate certificate, string what)
    {
        if (_now < certificate.NotBefore)
        {
            return new PathResult(
                Reasons.ChainNotYetValid,
                $"{what} '{certificate.SubjectText}' begins at {Show(certificate.NotBefore)}, judged at {Show(_now)}");
        }

        return _now <= certificate.NotAfter || _rules.TolerateExpired || _anchors.MayIgnoreExpiry
            ? null
            : new PathResult(
                Reasons.ChainExpired,
                $"{what} '{certificate.SubjectText}' ended at {Show(certificate.NotAfter)}, judged at {Show(_now)}");
    }

    private bool HasOtherKey(Certificate presented) =>
        presented.IsSelfIssued && !presented.PublicKeyInfo.Span.SequenceEqual(_steps[^1].Certificate.PublicKeyInfo.Span);

    private string Tolerated(Certificate leaf)
    {
        // the anchor's own end is judged elsewhere
        var ended = _steps.SkipLast(1).Select(step => step.Certificate).Prepend(leaf).Where(certificate => certificate.NotAfter < _now).ToList();
        return ended.Count == 0
            ? ""
            : $"; expired and tolerated: {string.Join(", ", ended.Select(certificate => $"'{certificate.SubjectText}' at {Show(certificate.NotAfter)}"))}";
    }

    private static PathResult? UnknownCritical(Certificate certificate)
    {
        foreach (var extension in certificate.Extensions)
        {
            if (extension.Critical && extension.Oid is not (Oids.BasicConstraints or Oids.KeyUsage or Oids.ExtendedKeyUsage
                or Oids.SubjectAlternativeName or Oids.CertificatePolicies))
            {
                return new PathResult(
                    Reasons.CriticalExtensionUnknown, $"'{certificate.SubjectText}' has the critical extension {extension.Oid}, which is not known here");
            }
        }

        return null;
    }

    /// <summary>Keeps the failure that got furthest up: the others were detours.</summary>
    private bool Fail(Reason reason, string found)
    {
        if (_steps.Count > _deepest)
        {
            _deepest = _steps.Count;
            _failure = new PathResult(reason, found);
        }

        return false;
    }

    // the whole path is there: nothing that failed on another way tells more
    private bool FailAtAnchor(Reason reason, string found)
    {
        _deepest = Math.Max(_deepest, MaxDepth);
        _failure = new PathResult(reason, found);
        return false;
    }

    private void Remember()
    {
        // only what leads to an anchor is remembered, so nobody can fill the memory with certificates of their own making
        for (var i = 0; _known is not null && i + 1 < _steps.Count; i++)
        {
            _known.Add(_steps[i].Certificate.Sha256, _steps[i + 1].Key.Sha256, _steps[i].Key);
        }
    }

    private static string Show(DateTimeOffset time) => new FactValue.Instant(time).ToString();

    private sealed record Step(Certificate Certificate, VerificationKey Key);
}
