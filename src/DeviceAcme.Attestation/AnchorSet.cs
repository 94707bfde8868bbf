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
    private readonly Dictionary<ReadOnlyMemory<byte>, Anchor> _rootsByKey;
    private readonly ILookup<ReadOnlyMemory<byte>, Anchor> _intermediatesByName;

    private AnchorSet(IEnumerable<Anchor> certificates, IEnumerable<AnchorProblem> problems)
    {
        var distinct = certificates.DistinctBy(anchor => anchor.Fingerprint).OrderBy(anchor => anchor.Fingerprint, StringComparer.Ordinal).ToList();
        Anchors = distinct.FindAll(anchor => anchor.Certificate.IsSelfIssued);
        Intermediates = distinct.FindAll(anchor => !anchor.Certificate.IsSelfIssued);
        Problems = [.. problems];
        _rootsByName = Anchors.ToLookup(anchor => anchor.Certificate.Subject, OctetComparer.Instance);
        _intermediatesByName = Intermediates.ToLookup(anchor => anchor.Certificate.Subject, OctetComparer.Instance);
        _rootsByKey = new(OctetComparer.Instance);

        // of several certificates for one key the longest-lived speaks for it
        foreach (var root in Anchors.OrderByDescending(anchor => anchor.NotAfter))
        {
            _rootsByKey.TryAdd(root.Certificate.PublicKeyInfo, root);
        }

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

    /// <summary>
    /// Lower-case hex SHA-256 over the sorted SHA-256 fingerprints of all roots and intermediates: equal for equal content, whatever the
    /// files were called. Stored with each piece of evidence.
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

    internal IEnumerable<Anchor> RootsNamed(ReadOnlyMemory<byte> subject) => _rootsByName[subject];

    internal Anchor? RootWithKey(ReadOnlyMemory<byte> publicKeyInfo) => _rootsByKey.GetValueOrDefault(publicKeyInfo);

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
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
