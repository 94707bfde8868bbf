using System.Data.Common;
using DeviceAcme.Core.Audit;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;
using DeviceAcme.Server.Vault;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Profiles;

/// <summary>
/// Every version of the set of profiles, and the one in force. A change is a new version: stored first, then put into force by one assignment. Whoever
/// handles a request asks for the profile then, and works on with what it got.
/// </summary>
/// <remarks>A version has a number, so that another process can ask the store for the highest one and read the set only where that is new to it.</remarks>
internal sealed class ProfileVersions
{
    /// <summary>How often a change begins anew where another node was faster.</summary>
    private const int Attempts = 20;

    private readonly AcmeDb _db;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private volatile ProfileVersion _current;

    private ProfileVersions(AcmeDb db, TimeProvider time, ProfileVersion current)
    {
        _db = db;
        _time = time;
        _current = current;
    }

    /// <summary>The version in force.</summary>
    public ProfileVersion Current => _current;

    /// <summary>The profiles in force, ordered by name.</summary>
    public IReadOnlyList<CertificateProfile> All => _current.Set.All;

    /// <summary>What the last start found in the files.</summary>
    public ProfileStart Start { get; private init; } = ProfileStart.None;

    public CertificateProfile? Find(string name) => _current.Set.Find(name);

    /// <summary>Reads the newest version, without looking at any file.</summary>
    public static async Task<ProfileVersions> Open(AcmeDb db, TimeProvider time) => new(db, time, await Newest(db));

    /// <summary>Reads the newest version and brings it in line with the profiles' files, which makes another one where they changed.</summary>
    /// <param name="files">The profiles that the files have.</param>
    /// <param name="follow">The files count, whatever an administrator activated.</param>
    /// <exception cref="StartFailure">What the store has cannot be used.</exception>
    public static async Task<ProfileVersions> Open(AcmeDb db, ProfileSet files, bool follow, TimeProvider time)
    {
        var newest = await Newest(db, files, follow);
        var start = ProfileStart.Between(newest, files, follow);
        var versions = new ProfileVersions(db, time, newest) { Start = start };
        if (start.Changes.Count > 0)
        {
            await versions.Change("start", _ => start.Changes, _ => start.Action, null, CancellationToken.None);
        }

        return versions;
    }

    /// <summary>Makes a new version and puts it into force; none where nothing changes. Changes happen one after the other.</summary>
    /// <param name="actor">Who asked for it.</param>
    /// <param name="change">The version in force → what is to become of profiles. May throw what reaches the caller.</param>
    /// <param name="action">What was done, for people.</param>
    public async Task<(ProfileVersion Before, ProfileVersion After)> Change(
        string actor, Func<ProfileVersion, IReadOnlyList<ProfileChange>> change, Func<IReadOnlyList<ProfileChange>, string> action, string? reason, CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await ChangeOnce(actor, change, action, reason);
                }
                catch (DbException) when (_db.IsShared && attempt < Attempts)
                {
                    // the number is taken: another node has made that version
                    var newest = await Newest(_db);
                    if (newest.Number <= _current.Number)
                    {
                        throw;
                    }

                    _current = newest;
                }
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Puts the newest version into force where another node made it; false where there is none that is newer.</summary>
    /// <param name="ready">Makes sure that this node has what the version needs; what it throws leaves the version in force as it is.</param>
    public async Task<bool> Follow(Func<ProfileVersion, Task> ready, CancellationToken cancellation)
    {
        await using (var context = _db.Read())
        {
            if (await context.ProfileVersions.MaxAsync(version => (int?)version.Number, cancellation) is not { } number || number <= _current.Number)
            {
                return false;
            }
        }

        var newest = await Newest(_db);
        await ready(newest);
        await _changing.WaitAsync(cancellation);
        try
        {
            if (newest.Number <= _current.Number)
            {
                return false;
            }

            _current = newest;
            return true;
        }
        finally
        {
            _changing.Release();
        }
    }

    private async Task<(ProfileVersion Before, ProfileVersion After)> ChangeOnce(
        string actor, Func<ProfileVersion, IReadOnlyList<ProfileChange>> change, Func<IReadOnlyList<ProfileChange>, string> action, string? reason)
    {
        var before = _current;
        var changes = change(before).Where(wanted => Differs(before.Entries.GetValueOrDefault(wanted.Name), wanted)).ToList();
        if (changes.Count == 0)
        {
            return (before, before);
        }

        var number = before.Number + 1;
        var entries = new Dictionary<string, ProfileEntry>(before.Entries, StringComparer.Ordinal);
        foreach (var item in changes)
        {
            entries[item.Name] = new ProfileEntry(item.Name, item.Profile?.Hash, item.FromFile, number);
        }

        var set = before.Set.With(changes.ToDictionary(item => item.Name, item => item.Profile, StringComparer.Ordinal));
        var after = new ProfileVersion(number, _time.GetUtcNow(), actor, action(changes), reason, entries, set);

        // not cancelled with the request: what the store has must come into force
        await _db.Commit(context => Save(context, after, changes), CancellationToken.None);
        _current = after;
        return (before, after);
    }

    /// <summary>An earlier version with its profiles; null where there is none.</summary>
    /// <exception cref="InvalidOperationException">A stored text cannot be read any more.</exception>
    public async Task<(StoredProfileVersion Version, IReadOnlyDictionary<string, ProfileEntry> Entries)?> Find(int number, CancellationToken cancellation)
    {
        await using var context = _db.Read();
        return await context.ProfileVersions.FirstOrDefaultAsync(version => version.Number == number, cancellation) is { } stored
            ? (stored, ProfileContentJson.Read(stored.Content))
            : null;
    }

    /// <summary>Every text that was in force of the profiles that there are or were; those that this program cannot read any more are left out.</summary>
    public async Task<IReadOnlyList<CertificateProfile>> Ever()
    {
        await using var context = _db.Read();
        var current = _current;
        var (names, known) = (current.Entries.Keys.ToList(), current.Set.All.Select(profile => profile.Hash).ToList());
        var others = await context.ProfileChanges.Where(change => names.Contains(change.Name) && change.Hash != null && !known.Contains(change.Hash)).Select(change => change.Hash!).Distinct().ToListAsync();
        var earlier = others.Count == 0 ? [] : await context.Profiles.Where(profile => others.Contains(profile.Hash)).ToListAsync();
        return [.. current.Set.All, .. earlier.Select(stored => ProfileFile.Parse($"{stored.Name}.yaml", stored.Text, new Mistakes())).OfType<CertificateProfile>()];
    }

    private static bool Differs(ProfileEntry? entry, ProfileChange wanted) =>
        entry is null ? wanted.Profile is not null : entry.Hash != wanted.Profile?.Hash || entry.FromFile != wanted.FromFile;

    private static async Task<ProfileVersion> Newest(AcmeDb db, ProfileSet? files = null, bool follow = false)
    {
        await using var context = db.Read();
        if (await context.ProfileVersions.MaxAsync(version => (int?)version.Number) is not { } number)
        {
            return ProfileVersion.None;
        }

        var stored = await context.ProfileVersions.SingleAsync(version => version.Number == number);
        var entries = ProfileContentJson.Read(stored.Content);
        var hashes = entries.Values.Select(entry => entry.Hash).OfType<string>().ToList();
        var texts = await context.Profiles.Where(profile => hashes.Contains(profile.Hash)).ToListAsync();
        var mistakes = new Mistakes();
        var profiles = new List<CertificateProfile>();
        foreach (var text in texts)
        {
            // what a file has is read already, and what gives way to a file need not be readable
            var known = files?.Find(text.Name);
            var entry = entries[text.Name];
            if (known?.Hash == text.Hash)
            {
                profiles.Add(known);
            }
            else if (files is null || !(follow || entry.FromFile))
            {
                var profile = ProfileFile.Parse($"{text.Name}.yaml", text.Text, mistakes);
                if (profile is not null)
                {
                    profiles.Add(profile);
                }
            }
        }

        return mistakes.Errors.Count == 0
            ? new ProfileVersion(stored.Number, stored.At, stored.Actor, stored.Action, stored.Reason, entries, new ProfileSet(profiles))
            : throw new StartFailure(
                $"a profile that was activated cannot be read by this version of the program: {string.Join("; ", mistakes.Errors)}",
                "put a mended file of it into the profiles' folder and start once with --profile-files follow");
    }

    private static void Save(AcmeContext context, ProfileVersion version, IReadOnlyList<ProfileChange> changes)
    {
        context.Insert(new StoredProfileVersion
        {
            Number = version.Number,
            At = version.At,
            Actor = version.Actor,
            Action = version.Action,
            Reason = version.Reason,
            Content = ProfileContentJson.Write(version.Entries.Values),
        });
        foreach (var change in changes)
        {
            if (change.Profile is { } profile)
            {
                context.Remember(profile);
            }

            context.Insert(new StoredProfileChange { Name = change.Name, Number = version.Number, Kind = change.Kind, Hash = change.Profile?.Hash });
        }

        // an installation begins with many at once, and nobody decided about any of them
        if (version.Number == 1)
        {
            context.Record(new AuditEvent { At = version.At, Kind = "profiles.begun", Actor = version.Actor, Detail = $"version 1: {version.Action}" });
            return;
        }

        foreach (var change in changes)
        {
            context.Record(new AuditEvent
            {
                At = version.At,
                Kind = $"profile.{change.Kind}",
                Actor = version.Actor,
                Profile = change.Name,
                Detail = $"version {version.Number}{(change.Profile is { } profile ? $", {profile.Hash[..12]}" : "")}{(version.Reason is null ? "" : $": {version.Reason}")}",
            });
        }
    }
}
