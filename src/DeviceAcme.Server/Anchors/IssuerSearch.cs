using System.Collections.Concurrent;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Anchors;
using DeviceAcme.Server.Network;

namespace DeviceAcme.Server.Anchors;

/// <summary>
/// Finds intermediates that neither a device sent nor the set has, from hosts that an anchor of the set names; where none does, nothing is ever
/// fetched. What leads to that anchor becomes part of the set, in a version of its own: it is fetched once, and evidence that was judged with it
/// can be judged again without any network.
/// </summary>
internal sealed partial class IssuerSearch(AnchorVersions versions, IssuerDownload download, TimeProvider time, ILogger<IssuerSearch> log)
{
    private const int MaxSteps = 3;
    private const int MaxUrlsPerStep = 2;

    /// <summary>Intermediates that the set may have from downloads; no vendors that we know have so many.</summary>
    private const int MaxFetched = 500;

    private const int MaxFailures = 1000;

    /// <summary>How long a URL that gave nothing is left alone, so that devices cannot make this server ask again and again.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _failed = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _fetching = new(2, 2);

    /// <summary>A version whose set has what was missing; null where that was not the trouble, or nothing could be done.</summary>
    /// <param name="verdict">The judgement under <paramref name="version"/>.</param>
    /// <param name="folders">The folders that judge.</param>
    /// <param name="missing">Where the missing issuer could be, by the set: see <see cref="MissingIssuers"/>.</param>
    public async Task<AnchorVersion?> Complete(
        Verdict verdict, AnchorVersion version, IReadOnlyList<string> folders, AnchorUse use, Func<AnchorSet, IReadOnlyList<Uri>> missing, CancellationToken cancellation)
    {
        var set = version.Of(folders);
        if (set.IssuerHosts.Count == 0 || !verdict.Checks.Any(check => check.Reason == Reasons.ChainIncomplete || check.Reason == Reasons.ChainUntrustedRoot)
            || version.Catalog.Entries.Count(entry => entry.Origin == AnchorOrigin.Fetched) >= MaxFetched)
        {
            return null;
        }

        var found = AnchorSet.Empty;
        var from = new Dictionary<string, Uri>(StringComparer.Ordinal);
        for (var step = 0; step < MaxSteps; step++)
        {
            var (fetched, url) = await Fetch(missing(AnchorSet.Combine(set, found)), cancellation);
            if (fetched is null)
            {
                return null;
            }

            found = AnchorSet.Combine(found, fetched);
            from[fetched.Intermediates[0].Fingerprint] = url!;
            var hosts = from.Values.Select(each => each.IdnHost).Distinct().ToList();
            if (MissingIssuers.LeadToAnchor(found, hosts, set, use, time.GetUtcNow()))
            {
                return await Keep(folders, found, from, cancellation);
            }
        }

        return null;
    }

    private async Task<(AnchorSet? Fetched, Uri? Url)> Fetch(IReadOnlyList<Uri> urls, CancellationToken cancellation)
    {
        foreach (var url in urls.Take(MaxUrlsPerStep))
        {
            if (_failed.TryGetValue(url.AbsoluteUri, out var until) && time.GetUtcNow() < until)
            {
                continue;
            }

            await _fetching.WaitAsync(cancellation);
            try
            {
                var (content, failure) = await download.Get(url, cancellation);
                var set = content is null ? AnchorSet.Empty : AnchorSet.Parse([(url.AbsoluteUri, content)]);
                if (set is { Anchors.Count: 0, Intermediates.Count: 1, Problems.Count: 0 })
                {
                    return (set, url);
                }

                Failed(log, url, failure ?? (set.Problems.Count > 0 ? set.Problems[0].Problem : "not one intermediate certificate"));
                Remember(url);
            }
            finally
            {
                _fetching.Release();
            }
        }

        return (null, null);
    }

    private void Remember(Uri url)
    {
        if (_failed.Count >= MaxFailures)
        {
            _failed.Clear();
        }

        _failed[url.AbsoluteUri] = time.GetUtcNow() + Pause;
    }

    // in the first folder that names the host: there the anchor is
    private async Task<AnchorVersion> Keep(IReadOnlyList<string> folders, AnchorSet found, Dictionary<string, Uri> from, CancellationToken cancellation)
    {
        var sources = string.Join(", ", from.Values.Select(url => url.AbsoluteUri));
        var (version, _) = await versions.Change(
            "server",
            (catalog, _) =>
            {
                var entries = catalog.Entries.ToDictionary(entry => (entry.Folder, entry.Fingerprint));
                foreach (var (fingerprint, url) in from)
                {
                    var folder = folders.FirstOrDefault(
                        name => catalog.Entries.Any(entry => entry.Folder == name && catalog.TermsOf(entry).IssuerHosts.Contains(url.IdnHost, StringComparer.OrdinalIgnoreCase)), folders[0]);
                    entries.TryAdd((folder, fingerprint), new AnchorEntry(folder, fingerprint, url.AbsoluteUri, AnchorOrigin.Fetched, AnchorTerms.Unlimited));
                }

                return catalog.With(entries.Values);
            },
            found,
            changes => $"fetched {sources}: {AnchorDifference.Summary(changes)}",
            cancellation);
        Found(log, sources, version.Number);
        return version;
    }

    [LoggerMessage(LogLevel.Information, "a missing intermediate was fetched from {Sources}: version {Version} of the anchor set is in force")]
    private static partial void Found(ILogger log, string sources, int version);

    [LoggerMessage(LogLevel.Warning, "no issuer certificate from {Url}: {Failure}")]
    private static partial void Failed(ILogger log, Uri url, string failure);
}
