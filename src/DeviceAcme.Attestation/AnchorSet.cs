using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation;

/// <summary>
/// Vendor roots and intermediates. A root is a name and a key (RFC 5280 §6.1.1): it is matched by key, so a re-issued root certificate is
/// the same anchor. Immutable and thread-safe; keys are imported once and kept, so build a set once and share it.
/// </summary>
public sealed class AnchorSet
{
    /// <summary>A file larger than this is not read.</summary>
    public const int MaxFileSize = 4 * 1024 * 1024;

    private readonly ILookup<ReadOnlyMemory<byte>, Anchor> _rootsByName;
    private readonly ILookup<ReadOnlyMemory<byte>, Anchor> _rootsByKey;
    private readonly ILookup<ReadOnlyMemory<byte>, Anchor> _intermediatesByName;
    private readonly ILookup<ReadOnlyMemory<byte>, Anchor> _limitedIntermediatesByKey;
    private readonly Dictionary<ReadOnlyMemory<byte>, Anchor> _distrustedByKey;

    private AnchorSet(IEnumerable<Anchor> certificates, IEnumerable<AnchorProblem> problems)
    {
        // one certificate may stand in several folders with terms of each: any of them may permit a use
        var distinct = certificates
            .OrderBy(anchor => anchor.Fingerprint, StringComparer.Ordinal)
            .ThenBy(anchor => anchor.Terms.Judging(), StringComparer.Ordinal)
            .DistinctBy(anchor => (anchor.Fingerprint, anchor.Terms.Judging()))
            .ToList();
        Anchors = distinct.FindAll(anchor => anchor.IsRoot);
        Intermediates = distinct.FindAll(anchor => !anchor.IsRoot);
        Problems = [.. problems];
        _rootsByName = Anchors.ToLookup(anchor => anchor.Certificate.Subject, OctetComparer.Instance);
        _intermediatesByName = Intermediates.ToLookup(anchor => anchor.Certificate.Subject, OctetComparer.Instance);
        _limitedIntermediatesByKey = Intermediates.Where(anchor => !anchor.Terms.IsUnlimited)
            .ToLookup(anchor => anchor.Certificate.PublicKeyInfo, OctetComparer.Instance);

        // of several certificates for one key the longest-lived speaks for it
        _rootsByKey = Anchors.OrderByDescending(anchor => anchor.NotAfter).ToLookup(anchor => anchor.Certificate.PublicKeyInfo, OctetComparer.Instance);

        // a key is distrusted in every certificate that it has, also in those that a device presents
        _distrustedByKey = new(OctetComparer.Instance);
        foreach (var anchor in distinct.Where(anchor => anchor.Terms.Distrusted is not null))
        {
            _distrustedByKey.TryAdd(anchor.Certificate.PublicKeyInfo, anchor);
        }

        IssuerHosts = distinct.Where(anchor => anchor.Terms.Distrusted is null).SelectMany(anchor => anchor.Terms.IssuerHosts).ToHashSet(StringComparer.OrdinalIgnoreCase);
        HasTerms = distinct.Exists(anchor => !anchor.Terms.IsUnlimited);
        MayIgnoreExpiry = distinct.Exists(anchor => anchor.Terms.Expired == ExpiredCertificates.Ignore);
        Hash = HashOf(distinct);
    }

    /// <summary>No anchors: every chain is refused.</summary>
    public static AnchorSet Empty { get; } = new([], []);

    /// <summary>The roots, ordered by fingerprint.</summary>
    public IReadOnlyList<Anchor> Anchors { get; }

    /// <summary>Intermediates that devices may leave out, ordered by fingerprint. They are not trusted by themselves.</summary>
    public IReadOnlyList<Anchor> Intermediates { get; }

    /// <summary>What was left out while reading, and why. A caller that configured the files should show these.</summary>
    public IReadOnlyList<AnchorProblem> Problems { get; }

    /// <summary>Hosts that some anchor lets missing intermediates be fetched from.</summary>
    public IReadOnlySet<string> IssuerHosts { get; }

    /// <summary>
    /// Lower-case hex SHA-256 over the sorted SHA-256 fingerprints of all roots and intermediates, each followed by the SHA-256 of its terms
    /// where it has any: equal for what judges equally, whatever the files were called. Stored with each piece of evidence.
    /// </summary>
    public string Hash { get; }

    /// <summary>
    /// Reads certificates from files that hold one DER certificate or any number of PEM ones. Self-signed certificates become anchors,
    /// other CA certificates intermediates; everything else is named in <see cref="Problems"/> and left out. Never throws for content.
    /// </summary>
    /// <param name="files">The bytes of each file with a name that tells people where it came from.</param>
    public static AnchorSet Parse(IEnumerable<(string Provenance, ReadOnlyMemory<byte> Bytes)> files)
    {
        var certificates = new List<Anchor>();
        var problems = new List<AnchorProblem>();
        foreach (var (provenance, bytes) in files)
        {
            foreach (var (der, broken) in Split(bytes))
            {
                var problem = broken ?? Add(der, provenance, certificates);
                if (problem is not null)
                {
                    problems.Add(new AnchorProblem(provenance, problem));
                }
            }
        }

        return new AnchorSet(certificates, problems);
    }

    /// <summary>All certificates of all sets; kept keys are shared, not imported again.</summary>
    public static AnchorSet Combine(params IEnumerable<AnchorSet> sets)
    {
        var all = sets.ToList();
        return all.Count == 1
            ? all[0]
            : new AnchorSet(all.SelectMany(set => set.Anchors.Concat(set.Intermediates)), all.SelectMany(set => set.Problems));
    }

    /// <summary>The certificates that the caller picks, with their terms; kept keys are shared.</summary>
    public AnchorSet Only(Func<Anchor, bool> wanted) => new(Anchors.Concat(Intermediates).Where(wanted), []);

    /// <summary>The same certificates without any terms, each of them once.</summary>
    public AnchorSet WithoutTerms() => HasTerms
        ? new(Anchors.Concat(Intermediates).Select(anchor => new Anchor(anchor.Certificate, anchor.Key, anchor.Provenance)), Problems)
        : this;

    /// <summary>
    /// Of several certificates that one root key got under one name, only the one that ends last: it speaks for the key, its beginning too. Roots
    /// with terms of their own stay. For judging old evidence, where a set collected from everywhere has all of them.
    /// </summary>
    public AnchorSet LongestLived()
    {
        var last = Anchors.GroupBy(root => Convert.ToHexString(root.Certificate.PublicKeyInfo.Span) + Convert.ToHexString(root.Certificate.Subject.Span), StringComparer.Ordinal)
            .SelectMany(same => same.All(root => root.Terms.IsUnlimited) ? same.Where(root => root.NotAfter == same.Max(other => other.NotAfter)) : same);
        return new AnchorSet(last.Concat(Intermediates), Problems);
    }

    /// <summary>
    /// The same certificates with other terms. Terms for one certificate count for every certificate of this set with the same key, because an
    /// anchor is its key; where several are named, each keeps its own.
    /// </summary>
    /// <param name="termsOf">The terms of an anchor and where it came from; null where nothing is said of it.</param>
    /// <param name="general">What counts where <paramref name="termsOf"/> does not decide.</param>
    public AnchorSet WithTerms(Func<Anchor, (AnchorTerms Terms, string? Provenance)?> termsOf, AnchorTerms general)
    {
        var named = new Dictionary<ReadOnlyMemory<byte>, AnchorTerms>(OctetComparer.Instance);
        var all = Anchors.Concat(Intermediates).Select(anchor => (Anchor: anchor, Said: termsOf(anchor))).ToList();
        foreach (var (anchor, said) in all)
        {
            if (said is { Terms: var terms })
            {
                named.TryAdd(anchor.Certificate.PublicKeyInfo, terms);
            }
        }

        return new AnchorSet(
            all.Select(item => new Anchor(
                item.Anchor.Certificate,
                item.Anchor.Key,
                item.Said?.Provenance ?? item.Anchor.Provenance,
                (item.Said?.Terms ?? named.GetValueOrDefault(item.Anchor.Certificate.PublicKeyInfo, AnchorTerms.Unlimited)).Over(general))),
            Problems);
    }

    /// <summary>False where no certificate has terms: nothing needs to be asked.</summary>
    internal bool HasTerms { get; }

    /// <summary>True where some anchor accepts expired certificates below it.</summary>
    internal bool MayIgnoreExpiry { get; }

    /// <summary>The entry that distrusts this key; null where none does.</summary>
    internal Anchor? Distrusting(ReadOnlyMemory<byte> publicKeyInfo) => _distrustedByKey.GetValueOrDefault(publicKeyInfo);

    /// <summary>Entries with terms for an intermediate of this key.</summary>
    internal IEnumerable<Anchor> LimitedIntermediates(ReadOnlyMemory<byte> publicKeyInfo) => _limitedIntermediatesByKey[publicKeyInfo];

    internal IEnumerable<Anchor> RootsNamed(ReadOnlyMemory<byte> subject) => _rootsByName[subject];

    /// <summary>The roots with this key, the longest-lived first.</summary>
    internal IEnumerable<Anchor> RootsWithKey(ReadOnlyMemory<byte> publicKeyInfo) => _rootsByKey[publicKeyInfo];

    internal IEnumerable<Anchor> IntermediatesNamed(ReadOnlyMemory<byte> subject) => _intermediatesByName[subject];

    private static IEnumerable<(ReadOnlyMemory<byte> Der, string? Problem)> Split(ReadOnlyMemory<byte> file)
    {
        if (file.Length > MaxFileSize)
        {
            return [(default, $"{file.Length} bytes, more than {MaxFileSize}")];
        }

        // DER begins with SEQUENCE; nothing that is PEM does
        if (!file.IsEmpty && file.Span[0] == 0x30)
        {
            return [(file, null)];
        }

        return SplitPem(Encoding.Latin1.GetString(file.Span));
    }

    private static List<(ReadOnlyMemory<byte> Der, string? Problem)> SplitPem(string text)
    {
        var found = new List<(ReadOnlyMemory<byte>, string?)>();
        var rest = text.AsSpan();
        while (PemEncoding.TryFind(rest, out var fields))
        {
            if (rest[fields.Label] is "CERTIFICATE" or "X509 CERTIFICATE" or "TRUSTED CERTIFICATE")
            {
                found.Add((Convert.FromBase64String(rest[fields.Base64Data].ToString()), null));
            }

            rest = rest[fields.Location.End..];
        }

        if (found.Count == 0 || rest.Contains("-----BEGIN CERTIFICATE", StringComparison.Ordinal))
        {
            found.Add((default, "neither a DER certificate nor well-formed PEM"));
        }

        return found;
    }

    private static string? Add(ReadOnlyMemory<byte> der, string provenance, List<Anchor> certificates)
    {
        // a copy: the caller may reuse its buffer
        if (!Certificate.TryRead(der.ToArray(), out var certificate, out var problem))
        {
            return $"not a certificate: {problem}";
        }

        var key = VerificationKey.Read(certificate.PublicKeyInfo);
        if (key.Problem is { } unusable)
        {
            return $"{certificate.SubjectText}: {unusable}";
        }

        if (!CertificateConstraints.TryRead(certificate, out var constraints, out problem))
        {
            return $"{certificate.SubjectText}: {problem}";
        }

        if (certificate.IsSelfIssued)
        {
            if (!key.Verify(certificate.SignatureAlgorithm, certificate.Tbs.Span, certificate.Signature.Span))
            {
                return $"{certificate.SubjectText}: names itself as issuer, but its key did not sign it ({certificate.SignatureAlgorithm.Name})";
            }
        }
        else if (constraints.IsCa != true)
        {
            return $"{certificate.SubjectText}: neither self-signed nor a CA certificate";
        }

        certificates.Add(new Anchor(certificate, key, provenance));
        return null;
    }

    private static string HashOf(List<Anchor> sorted)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var anchor in sorted)
        {
            hash.AppendData(anchor.Certificate.Sha256);
            if (!anchor.Terms.IsUnlimited)
            {
                hash.AppendData(SHA256.HashData(Encoding.UTF8.GetBytes(anchor.Terms.Judging())));
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
