using System.Collections.Concurrent;
using System.Data.Common;
using System.Security.Cryptography;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Anchors;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Anchors;

/// <summary>
/// Every version of the anchor set, and the one in force. A change is a new version: stored first, then put into force by one assignment, so
/// that a judgement sees one version and nothing between two. Earlier versions stay, so that evidence can be judged again under its own set.
/// </summary>
internal sealed class AnchorVersions
{
    /// <summary>Earlier versions that are kept ready at most.</summary>
    private const int MaxReady = 16;

    /// <summary>How often a change begins anew where another node was faster.</summary>
    private const int Attempts = 20;

    private readonly AcmeDb _db;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<int, AnchorVersion> _ready = [];
    private readonly ConcurrentDictionary<string, bool> _recorded = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changing = new(1, 1);
    private volatile AnchorVersion _current;

    private AnchorVersions(AcmeDb db, TimeProvider time, AnchorVersion current)
    {
        _db = db;
        _time = time;
        _current = current;
    }

    /// <summary>The version in force.</summary>
    public AnchorVersion Current => _current;

    /// <summary>What the last start found changed in the trust folders; empty where nothing was.</summary>
    public IReadOnlyList<AnchorChange> ChangedAtStart { get; private set; } = [];

    /// <summary>Reads the newest version and brings it in line with the trust folders, which makes another one where they changed.</summary>
    /// <param name="trust">Null leaves the version as it is: a program that does not serve need not know the server's folders.</param>
    public static async Task<AnchorVersions> Open(AcmeDb db, TrustFolders? trust, TimeProvider time)
    {
        // what the files have was read already: a start reads the rest
        var files = trust?.Anchors(trust.Names) ?? AnchorSet.Empty;
        AnchorVersion? newest;
        await using (var context = db.Read())
        {
            newest = await context.AnchorVersions.MaxAsync(version => (int?)version.Number) is { } number
                ? Load(context, await context.AnchorVersions.SingleAsync(version => version.Number == number), files.WithoutTerms())
                : null;
        }

        var versions = new AnchorVersions(db, time, newest ?? new AnchorVersion(0, DateTimeOffset.UnixEpoch, "", "", "", AnchorCatalog.Empty, AnchorSet.Empty));
        if (trust is null)
        {
            return versions;
        }

        var returning = await versions.Returning(AnchorDifference.Between(versions.Current.Catalog, versions.Current.Catalog.WithFiles(trust)));
        var changed = await versions.Change(
            "start", (before, _) => before.WithFiles(trust), files,
            changes => newest is null ? $"the trust folders: {AnchorDifference.Summary(changes)}" : $"the trust folders changed: {AnchorDifference.Summary(changes)}{(returning == 0 ? "" : $", {returning} of them back from an earlier version")}",
            CancellationToken.None);
        versions.ChangedAtStart = newest is null ? [] : changed.Changes;
        return versions;
    }

    /// <summary>
    /// Makes a new version and puts it into force; none where nothing changes. Changes happen one after the other.
    /// </summary>
    /// <param name="actor">Who asked for it: <see cref="AdminCaller.Name"/>, or the part of the server that did it by itself.</param>
    /// <param name="change">The catalog in force and the certificates that are known → the catalog that is wanted. May throw what reaches the caller.</param>
    /// <param name="certificates">Certificates that the wanted catalog may name and the stored ones may lack.</param>
    /// <param name="action">What was done, for people, from what changed.</param>
    public async Task<(AnchorVersion Version, IReadOnlyList<AnchorChange> Changes)> Change(
        string actor, Func<AnchorCatalog, AnchorSet, AnchorCatalog> change, AnchorSet certificates, Func<IReadOnlyList<AnchorChange>, string> action, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await ChangeOnce(actor, change, certificates, action, cancellation);
                }
                catch (DbException) when (_db.IsShared && attempt < Attempts)
                {
                    // the number is taken: another node has made that version
                    if (!await TakeNewest(cancellation))
                    {
                        throw;
                    }
                }
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Puts the newest version into force where another node made it; false where there is none that is newer.</summary>
    public async Task<bool> Follow(CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            return await TakeNewest(cancellation);
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task<bool> TakeNewest(CancellationToken cancellation)
    {
        var before = _current;
        await using var context = _db.Read();
        if (await context.AnchorVersions.Where(version => version.Number > before.Number).OrderByDescending(version => version.Number).FirstOrDefaultAsync(cancellation) is not { } stored)
        {
            return false;
        }

        _ready[before.Number] = before;
        _current = Load(context, stored, before.Certificates);
        return true;
    }

    private async Task<(AnchorVersion Version, IReadOnlyList<AnchorChange> Changes)> ChangeOnce(
        string actor, Func<AnchorCatalog, AnchorSet, AnchorCatalog> change, AnchorSet certificates, Func<IReadOnlyList<AnchorChange>, string> action, CancellationToken cancellation)
    {
        var before = _current;
        var known = AnchorSet.Combine(before.Certificates, certificates.WithoutTerms());
        var catalog = change(before.Catalog, known);
        var changes = AnchorDifference.Between(before.Catalog, catalog);
        var content = AnchorCatalogJson.Write(catalog);
        var hash = Convert.ToHexStringLower(SHA256.HashData(content));
        if (changes.Count == 0 && before.Number > 0)
        {
            return (before, changes);
        }

        var named = catalog.Fingerprints.ToHashSet(StringComparer.Ordinal);
        var version = new AnchorVersion(
            before.Number + 1, _time.GetUtcNow(), actor, action(changes), hash, catalog, known.Only(anchor => named.Contains(anchor.Fingerprint)));
        await _db.Commit(context => Save(context, before, version, content, changes), cancellation);
        _ready[before.Number] = before;
        _current = version;
        return (version, changes);
    }

    /// <summary>A version by its number; null where there is none.</summary>
    public async Task<AnchorVersion?> Find(int number, CancellationToken cancellation)
    {
        var current = _current;
        if (number == current.Number)
        {
            return current;
        }

        if (_ready.TryGetValue(number, out var ready))
        {
            return ready;
        }

        await using var context = _db.Read();
        if (await context.AnchorVersions.FirstOrDefaultAsync(version => version.Number == number, cancellation) is not { } stored)
        {
            return null;
        }

        var version = Load(context, stored, current.Certificates);
        if (_ready.Count >= MaxReady)
        {
            _ready.Clear();
        }

        _ready[number] = version;
        return version;
    }

    /// <summary>Number, time, who and what of every version, oldest first; without their content.</summary>
    public async Task<IReadOnlyList<StoredAnchorVersion>> All(CancellationToken cancellation)
    {
        await using var context = _db.Read();
        return await context.AnchorVersions.OrderBy(version => version.Number)
            .Select(version => new StoredAnchorVersion
            {
                Number = version.Number,
                At = version.At,
                Actor = version.Actor,
                Action = version.Action,
                Hash = version.Hash,
                Content = Array.Empty<byte>(),
            })
            .ToListAsync(cancellation);
    }

    /// <summary>Writes down which version and folders a set belongs to, in the commit of the evidence that was judged under it.</summary>
    public void Record(AcmeContext context, AnchorVersion version, IReadOnlyList<string> folders)
    {
        var hash = version.Of(folders).Hash;
        if (_recorded.ContainsKey(hash))
        {
            return;
        }

        // only what was read back is remembered: a commit that fails has recorded nothing
        if (context.AnchorSets.Any(set => set.Hash == hash))
        {
            _recorded.TryAdd(hash, true);
        }
        else if (!context.AnchorSets.Local.Any(set => set.Hash == hash))
        {
            context.AnchorSets.Add(new StoredAnchorSet { Hash = hash, Version = version.Number, Folders = string.Join(' ', folders) });
        }
    }

    /// <summary>The set that evidence was judged under, with the version that had it first; null where the hash is not known.</summary>
    public async Task<(AnchorSet Set, AnchorVersion Version, IReadOnlyList<string> Folders)?> FindSet(string hash, CancellationToken cancellation)
    {
        StoredAnchorSet? stored;
        await using (var context = _db.Read())
        {
            stored = await context.AnchorSets.FirstOrDefaultAsync(set => set.Hash == hash, cancellation);
        }

        if (stored is null || await Find(stored.Version, cancellation) is not { } version)
        {
            return null;
        }

        var folders = stored.Folders.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (version.Of(folders), version, folders);
    }

    /// <summary>The certificate that is meant by the beginning of a fingerprint.</summary>
    public static Anchor Named(AnchorSet certificates, string fingerprint)
    {
        var wanted = fingerprint.Replace(":", "", StringComparison.Ordinal).ToLowerInvariant();
        var found = wanted.Length < 8
            ? throw Problems.Malformed("fingerprint-too-short", $"fingerprint: expected 8 hex digits or more of the certificate's SHA-256, found '{fingerprint}'")
            : certificates.Anchors.Concat(certificates.Intermediates).DistinctBy(anchor => anchor.Fingerprint).Where(anchor => anchor.Fingerprint.StartsWith(wanted, StringComparison.Ordinal)).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw Problems.Malformed("anchor-unknown", $"fingerprint: no certificate of the set begins with '{fingerprint}'", StatusCodes.Status404NotFound),
            _ => throw Problems.Malformed("fingerprint-ambiguous", $"fingerprint: {found.Count} certificates begin with '{fingerprint}'"),
        };
    }

    // a file that was taken away and put back is somebody's decision, and nothing to be silent about
    private async Task<int> Returning(IReadOnlyList<AnchorChange> changes)
    {
        var added = changes.Where(change => change.Kind == AnchorChangeKind.Added).Select(change => change.Fingerprint).ToList();
        if (added.Count == 0 || _current.Number == 0)
        {
            return 0;
        }

        await using var context = _db.Read();
        var known = await Known(context, added).ToListAsync();
        return added.Count(known.Contains);
    }

    /// <summary>Those that the store has of any version.</summary>
    private static IQueryable<string> Known(AcmeContext context, IReadOnlyList<string> fingerprints) =>
        context.AnchorCertificates.Select(certificate => certificate.Fingerprint).Where(fingerprint => fingerprints.Contains(fingerprint));

    private static AnchorVersion Load(AcmeContext context, StoredAnchorVersion stored, AnchorSet known)
    {
        var catalog = AnchorCatalogJson.Read(stored.Content);
        var missing = catalog.Fingerprints.Except(known.Anchors.Concat(known.Intermediates).Select(anchor => anchor.Fingerprint)).ToList();
        var read = missing.Count == 0
            ? AnchorSet.Empty
            : AnchorSet.Parse(context.AnchorCertificates.Where(certificate => missing.Contains(certificate.Fingerprint)).AsEnumerable()
                .Select(certificate => (certificate.Fingerprint, new ReadOnlyMemory<byte>(certificate.Certificate))));
        var named = catalog.Fingerprints.ToHashSet(StringComparer.Ordinal);
        return new AnchorVersion(
            stored.Number, stored.At, stored.Actor, stored.Action, stored.Hash, catalog, AnchorSet.Combine(known, read).Only(anchor => named.Contains(anchor.Fingerprint)));
    }

    private static void Save(AcmeContext context, AnchorVersion before, AnchorVersion version, byte[] content, IReadOnlyList<AnchorChange> changes)
    {
        var stored = before.Certificates.Anchors.Concat(before.Certificates.Intermediates).Select(anchor => anchor.Fingerprint).ToHashSet(StringComparer.Ordinal);
        var added = version.Certificates.Anchors.Concat(version.Certificates.Intermediates).Where(anchor => !stored.Contains(anchor.Fingerprint)).DistinctBy(anchor => anchor.Fingerprint).ToList();

        // a version before the last may have had some of them
        var known = before.Number == 0 ? [] : Known(context, [.. added.Select(anchor => anchor.Fingerprint)]).ToHashSet(StringComparer.Ordinal);
        foreach (var anchor in added.Where(anchor => !known.Contains(anchor.Fingerprint)))
        {
            context.Insert(new StoredAnchorCertificate { Fingerprint = anchor.Fingerprint, Certificate = anchor.Bytes.ToArray() });
        }

        context.Insert(new StoredAnchorVersion
        {
            Number = version.Number,
            At = version.At,
            Actor = version.Actor,
            Action = version.Action,
            Hash = version.Hash,
            Content = content,
        });
        context.Record(new AuditEvent { At = version.At, Kind = "anchors.changed", Actor = version.Actor, Detail = $"version {version.Number}: {version.Action}" });
        foreach (var change in changes.Where(change => change.Kind is AnchorChangeKind.Distrusted or AnchorChangeKind.DistrustLifted))
        {
            var kind = change.Kind == AnchorChangeKind.Distrusted ? "anchors.distrusted" : "anchors.trusted-again";
            context.Record(new AuditEvent { At = version.At, Kind = kind, Actor = version.Actor, Detail = $"{change.Fingerprint}: {change.Detail}" });
        }
    }
}
