using System.Text.Json;
using DeviceAcme.Attestation;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Anchors;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Anchors;

/// <summary>What administrators do with anchors: list, import, compare, distrust, export.</summary>
internal sealed class AnchorAdministration(AnchorVersions versions, TimeProvider time)
{
    private const int LongestText = 500;

    public async Task<AnchorVersionList> Versions(CancellationToken cancellation) =>
        new() { Versions = [.. (await versions.All(cancellation)).Select(Entry)] };

    public async Task<AnchorListing> List(int? number, string? folder, CancellationToken cancellation)
    {
        var version = await Require(number, cancellation);
        RequireFolder(version, folder);
        var entries = version.Catalog.Entries.Where(entry => folder is null || entry.Folder == folder).ToList();
        var inFolders = version.Catalog.Entries.Select(entry => entry.Fingerprint).ToHashSet(StringComparer.Ordinal);
        var known = Known(version);
        return new AnchorListing
        {
            Version = Entry(version),
            Anchors = [.. entries.Select(entry => Item(entry, known[entry.Fingerprint], version.Catalog.TermsOf(entry)))],
            Distrusted =
            [
                .. version.Catalog.Distrusted.Where(item => !inFolders.Contains(item.Fingerprint)).Select(item => Item(
                    new AnchorEntry("", item.Fingerprint, "distrusted", AnchorOrigin.Import, AnchorTerms.Unlimited),
                    known[item.Fingerprint],
                    new AnchorTerms { Distrusted = item.Distrust })),
            ],
        };
    }

    /// <summary>Takes certificates into a folder; a dry run only tells what would happen.</summary>
    public async Task<AnchorImportReport> Import(AnchorImportRequest request, AdminCaller caller, CancellationToken cancellation, IfMatch? match = null)
    {
        if (request.Folder is null || !ProfileFile.IsName(request.Folder))
        {
            throw Problems.Malformed("folder-malformed", $"folder: expected lower-case letters, digits and inner hyphens, found '{Shown(request.Folder ?? "")}'");
        }

        RequireText("source", request.Source);
        if (request.Files?.All(file => file is { Name: not null, Content: not null }) != true)
        {
            throw Problems.Malformed("json-malformed", "files: expected a list of objects with name and content");
        }

        if (request.Files.Count is 0 or > AnchorImportRequest.MaxFiles || request.Files.Sum(file => (long)file.Content.Length) > AnchorImportRequest.MaxOctets)
        {
            throw Problems.Malformed("import-too-large", $"files: expected 1 to {AnchorImportRequest.MaxFiles} files with {AnchorImportRequest.MaxOctets} octets together, found {request.Files.Count}");
        }

        var mistakes = new Mistakes();
        var import = AnchorImport.Read(
            request.Folder, request.Source, request.Files.Select(file => (Shown(file.Name), new ReadOnlyMemory<byte>(file.Content))), request.Terms, mistakes);
        if (mistakes.Errors.Count > 0)
        {
            throw Problems.Malformed("terms-malformed", string.Join("; ", mistakes.Errors));
        }

        var now = time.GetUtcNow();
        if (request.DryRun)
        {
            var current = versions.Current;
            return Report(current, false, import.Into(current.Catalog, now).Items);
        }

        IReadOnlyList<ImportedAnchor> items = [];
        var (version, changes) = await versions.Change(
            caller.Name,
            (before, _) =>
            {
                match?.Check(versions.Current.Number);
                (var after, items) = import.Into(before, now);
                return after;
            },
            import.Certificates,
            changed => $"imported {request.Source} into {request.Folder}: {AnchorDifference.Summary(changed)}",
            cancellation);
        return Report(version, changes.Count > 0, items);
    }

    /// <summary>Believes a certificate and its key no more, or again.</summary>
    public async Task<AnchorChanges> Distrust(AnchorDistrustRequest request, AdminCaller caller, CancellationToken cancellation, IfMatch? match = null)
    {
        if ((request.Fingerprint is null) == (request.Certificate is null))
        {
            throw Problems.Malformed("anchor-not-named", "expected either fingerprint or certificate");
        }

        if (!request.Lift)
        {
            RequireText("reason", request.Reason);
        }

        var given = request.Certificate is { } bytes ? Single(bytes) : AnchorSet.Empty;
        var before = versions.Current;
        var (version, changes) = await versions.Change(
            caller.Name,
            (catalog, known) =>
            {
                match?.Check(versions.Current.Number);
                var anchor = request.Fingerprint is { } prefix ? AnchorVersions.Named(known, prefix) : given.Anchors.Concat(given.Intermediates).Single();
                if (!request.Lift)
                {
                    return catalog.Distrusting(anchor.Fingerprint, new Distrust(request.Reason!, time.GetUtcNow()));
                }

                return catalog.DistrustOf(anchor.Fingerprint) is not null
                    ? catalog.Trusting(anchor.Fingerprint)
                    : throw Problems.Malformed("anchor-not-distrusted", $"{anchor} is not distrusted here; where its terms say so, they stand in the folder's {AnchorTermsFile.FileName}");
            },
            given,
            changed => AnchorDifference.Summary(changed) + (request.Lift ? "" : $": {request.Reason}"),
            cancellation);
        return Changes(before, version, changes);
    }

    /// <summary>What changed from one version to another; by default by the version in force.</summary>
    public async Task<AnchorChanges> Diff(int? from, int? to, CancellationToken cancellation)
    {
        var later = await Require(to, cancellation);
        var earlier = await Require(from ?? Math.Max(1, later.Number - 1), cancellation);
        return Changes(earlier, later, AnchorDifference.Between(earlier.Catalog, later.Catalog));
    }

    public async Task<AnchorExport> Export(int? number, string? folder, CancellationToken cancellation)
    {
        var version = await Require(number, cancellation);
        RequireFolder(version, folder);
        return new AnchorExport
        {
            Version = Entry(version),
            Files = [.. AnchorFiles.Write(version.Catalog, folder is null ? version.Catalog.FolderNames : [folder], version.Certificates).Select(file => new AnchorFile { Name = file.Path, Content = file.Content })],
        };
    }

    /// <summary>The version and folders of a set that evidence was judged under.</summary>
    public async Task<AnchorSetEntry> FindSet(string hash, CancellationToken cancellation) =>
        await versions.FindSet(hash, cancellation) is { } found
            ? new AnchorSetEntry { Hash = hash, Version = Entry(found.Version), Folders = found.Folders }
            : throw Problems.Malformed("anchor-set-unknown", "path: no evidence was judged under a set of this hash", StatusCodes.Status404NotFound);

    private async Task<AnchorVersion> Require(int? number, CancellationToken cancellation) =>
        number is not { } wanted
            ? versions.Current
            : await versions.Find(wanted, cancellation)
                ?? throw Problems.Malformed("anchor-version-unknown", $"version: there is no version {wanted}; the one in force is {versions.Current.Number}", StatusCodes.Status404NotFound);

    private static void RequireFolder(AnchorVersion version, string? folder)
    {
        if (folder is not null && !version.Catalog.FolderNames.Contains(folder))
        {
            throw Problems.Malformed("folder-unknown", $"folder: version {version.Number} has no folder '{Shown(folder)}'; {NearestName.Hint(folder, [.. version.Catalog.FolderNames])}", StatusCodes.Status404NotFound);
        }
    }

    private static void RequireText(string name, string? text)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > LongestText || text.Any(char.IsControl))
        {
            throw Problems.Malformed("text-malformed", $"{name}: expected one line of 1 to {LongestText} characters");
        }
    }

    private static AnchorSet Single(byte[] bytes)
    {
        var set = AnchorSet.Parse([("certificate", bytes)]);
        return set.Anchors.Count + set.Intermediates.Count == 1 && set.Problems.Count == 0
            ? set
            : throw Problems.Malformed("certificate-malformed", $"certificate: expected one CA certificate{string.Concat(set.Problems.Select(problem => $"; {problem.Problem}"))}");
    }

    private AnchorImportReport Report(AnchorVersion version, bool isNew, IReadOnlyList<ImportedAnchor> items) => new()
    {
        Version = Entry(version),
        NewVersion = isNew,
        Items =
        [
            .. items.Select(item => new ImportedAnchorItem
            {
                File = item.File,
                Outcome = item.Outcome switch
                {
                    ImportOutcome.Taken => "taken",
                    ImportOutcome.Changed => "changed",
                    ImportOutcome.AlreadyThere => "already-there",
                    ImportOutcome.Duplicate => "duplicate",
                    _ => "left-out",
                },
                Fingerprint = item.Anchor?.Fingerprint,
                Subject = item.Anchor?.Subject,
                Kind = item.Anchor is { } anchor ? Kind(anchor) : null,
                NotAfter = item.Anchor?.NotAfter,
                Note = item.Note,
            }),
        ],
    };

    private AnchorChanges Changes(AnchorVersion from, AnchorVersion to, IReadOnlyList<AnchorChange> changes)
    {
        var known = Known(from).Concat(Known(to)).DistinctBy(pair => pair.Key).ToDictionary(StringComparer.Ordinal);
        return new AnchorChanges
        {
            From = Entry(from),
            To = Entry(to),
            Changes =
            [
                .. changes.Select(change => new AnchorChangeItem
                {
                    Change = change.Kind switch
                    {
                        AnchorChangeKind.Added => "added",
                        AnchorChangeKind.Removed => "removed",
                        AnchorChangeKind.Changed => "changed",
                        AnchorChangeKind.Distrusted => "distrusted",
                        AnchorChangeKind.DistrustLifted => "distrust-lifted",
                        _ => "folder-terms",
                    },
                    Folder = change.Folder.Length > 0 ? change.Folder : null,
                    Fingerprint = change.Fingerprint.Length > 0 ? change.Fingerprint : null,
                    Subject = known.GetValueOrDefault(change.Fingerprint)?.Subject,
                    Detail = change.Detail,
                }),
            ],
        };
    }

    private static Dictionary<string, Anchor> Known(AnchorVersion version) => version.Certificates.Anchors.Concat(version.Certificates.Intermediates)
        .DistinctBy(anchor => anchor.Fingerprint).ToDictionary(anchor => anchor.Fingerprint, StringComparer.Ordinal);

    private static AnchorItem Item(AnchorEntry entry, Anchor anchor, AnchorTerms terms) => new()
    {
        Folder = entry.Folder,
        Fingerprint = entry.Fingerprint,
        Subject = anchor.Subject,
        Kind = Kind(anchor),
        NotBefore = anchor.NotBefore,
        NotAfter = anchor.NotAfter,
        Provenance = entry.Provenance,
        Origin = AnchorCatalogJson.Name(entry.Origin),
        Terms = terms.IsUnlimited ? null : AnchorCatalogJson.Element(terms),
        Summary = terms.ToString(),
    };

    private static string Kind(Anchor anchor) => anchor.IsRoot ? "root" : "intermediate";

    private AnchorVersionEntry Entry(AnchorVersion version) => Entry(version.Number, version.At, version.Actor, version.Action, version.Hash);

    private AnchorVersionEntry Entry(StoredAnchorVersion version) => Entry(version.Number, version.At, version.Actor, version.Action, version.Hash);

    private AnchorVersionEntry Entry(int number, DateTimeOffset at, string actor, string action, string hash) => new()
    {
        Number = number,
        At = at,
        Actor = actor,
        Action = action,
        Hash = hash,
        InForce = number == versions.Current.Number,
    };

    private static string Shown(string text) => string.Concat(text.Take(200).Select(letter => char.IsControl(letter) ? '\uFFFD' : letter));
}
