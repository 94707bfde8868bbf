using System.Formats.Asn1;
using DeviceAcme.Attestation.Cbor;
using DeviceAcme.Attestation.X509;

namespace DeviceAcme.Attestation;

/// <summary>
/// Says which certificate a chain lacks and where that could be fetched from, from hosts that the anchors name and from no other. Fetching is the
/// caller's; what it brings is believed only as far as it leads to an anchor that names its host.
/// </summary>
public static class MissingIssuers
{
    private const string AuthorityInformationAccess = "1.3.6.1.5.5.7.1.1";
    private const string CaIssuers = "1.3.6.1.5.5.7.48.2";
    private const int MaxDepth = 8;
    private const int MaxUrlLength = 1024;
    private static readonly Asn1Tag UriName = new(TagClass.ContextSpecific, 6);

    /// <summary>URLs for the chain in an attestation object; none where nothing is missing, or where it cannot be read.</summary>
    public static IReadOnlyList<Uri> Of(ReadOnlyMemory<byte> attestationObject, AnchorSet anchors)
    {
        if (anchors.IssuerHosts.Count == 0)
        {
            return [];
        }

        try
        {
            return Of(AttestationStatement.Read(attestationObject).Certificates(), anchors);
        }
        catch (MalformedEvidenceException)
        {
            // the verdict says what is wrong with it
            return [];
        }
    }

    /// <summary>The same for DER certificates, leaf first.</summary>
    public static IReadOnlyList<Uri> Of(IReadOnlyList<ReadOnlyMemory<byte>> certificates, AnchorSet anchors)
    {
        var read = new List<Certificate>();
        foreach (var der in certificates.Take(CertificatePath.MaxPresented))
        {
            if (!Certificate.TryRead(der, out var certificate, out _))
            {
                return [];
            }

            read.Add(certificate);
        }

        return read.Count == 0 || anchors.IssuerHosts.Count == 0 ? [] : Of(read, anchors);
    }

    /// <summary>True if these intermediates, the device's side first, lead to an anchor that may vouch for this use and names all of these hosts.</summary>
    /// <param name="intermediates">Fetched certificates; the issuer of each may be the next one or one of the set.</param>
    public static bool LeadToAnchor(AnchorSet intermediates, IReadOnlyCollection<string> hosts, AnchorSet anchors, AnchorUse use, DateTimeOffset now)
    {
        var all = AnchorSet.Combine(anchors, intermediates);
        return intermediates.Anchors.Count == 0 && intermediates.Intermediates.All(fetched =>
            CertificatePath.Verify([fetched.Certificate], all, now, new PathRules(), null, use) is { Reason: null } path
            && hosts.All(host => path.Terms.IssuerHosts.Contains(host, StringComparer.OrdinalIgnoreCase)));
    }

    private static IReadOnlyList<Uri> Of(IReadOnlyList<Certificate> presented, AnchorSet anchors)
    {
        var ends = new List<Certificate> { Last(presented) };
        for (var depth = 0; depth < MaxDepth && ends.Count > 0; depth++)
        {
            if (ends.Exists(end => end.IsSelfIssued || anchors.RootsNamed(end.Issuer).Any()))
            {
                // it leads somewhere; why that is not enough is no question of a missing certificate
                return [];
            }

            var next = ends.SelectMany(end => anchors.IntermediatesNamed(end.Issuer).Where(issuer => !KeyIdentifiers.Differ(end, issuer.Certificate)).Select(issuer => issuer.Certificate))
                .DistinctBy(certificate => Convert.ToHexString(certificate.Sha256)).ToList();
            if (next.Count == 0)
            {
                return [.. ends.SelectMany(Urls).Where(url => IsAllowed(url, anchors)).Distinct()];
            }

            ends = next;
        }

        return [];
    }

    // the last certificate of those that follow one another
    private static Certificate Last(IReadOnlyList<Certificate> presented)
    {
        var last = 0;
        while (last + 1 < presented.Count && presented[last].Issuer.Span.SequenceEqual(presented[last + 1].Subject.Span))
        {
            last++;
        }

        return presented[last];
    }

    // RFC 5280 §4.2.2.1
    private static IEnumerable<Uri> Urls(Certificate certificate)
    {
        if (certificate.Find(AuthorityInformationAccess) is not { } extension)
        {
            return [];
        }

        try
        {
            var urls = new List<Uri>();
            var list = new AsnReader(extension.Value, AsnEncodingRules.DER).ReadSequence();
            while (list.HasData)
            {
                var item = list.ReadSequence();
                if (item.ReadObjectIdentifier() == CaIssuers && item.PeekTag().HasSameClassAndValue(UriName)
                    && item.ReadCharacterString(UniversalTagNumber.IA5String, UriName) is { Length: <= MaxUrlLength } text && Uri.TryCreate(text, UriKind.Absolute, out var url))
                {
                    urls.Add(url);
                }
            }

            return urls;
        }
        catch (AsnContentException)
        {
            // a hint that cannot be read gives none
            return [];
        }
    }

    private static bool IsAllowed(Uri url, AnchorSet anchors) =>
        url.Scheme == "http" && url.IsDefaultPort && url.UserInfo.Length == 0 && anchors.IssuerHosts.Contains(url.IdnHost);
}
