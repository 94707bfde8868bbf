using System.Globalization;
using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Profiles;

/// <summary>What administrators see of profiles: those in force, their texts, their history.</summary>
internal sealed class ProfileArchive(AcmeDb db, ProfileVersions versions)
{
    /// <summary>Fewer digits of a hash name nothing; so many are never the number of a version.</summary>
    private const int ShortestHash = 8;

    public async Task<ProfileListing> List(AdminCaller caller, CancellationToken cancellation)
    {
        var current = versions.Current;
        var numbers = current.Entries.Values.Select(entry => entry.Since).Distinct().ToList();
        await using var context = db.Read();
        var since = await context.ProfileVersions.Where(version => numbers.Contains(version.Number))
            .Select(version => new { version.Number, version.At, version.Actor }).ToDictionaryAsync(version => version.Number, cancellation);
        return new ProfileListing
        {
            Version = current.Number,
            Profiles =
            [
                .. current.Entries.Values.Where(entry => caller.MayUse(entry.Name)).OrderBy(entry => entry.Name, StringComparer.Ordinal).Select(entry => new ProfileItem
                {
                    Name = entry.Name,
                    Description = current.Set.Find(entry.Name)?.Description,
                    Hash = entry.Hash,
                    Origin = entry.FromFile ? "file" : "administrator",
                    Since = entry.Since,
                    At = since[entry.Since].At,
                    Actor = since[entry.Since].Actor,
                    FileDiffers = !entry.FromFile && versions.Start.Files.Find(entry.Name) is { } file && file.Hash != entry.Hash,
                }),
            ],
        };
    }

    /// <summary>The text of a version; by default of the one in force.</summary>
    /// <param name="version">The beginning of a hash, or the number of a version of the set.</param>
    public async Task<ProfileVersionText> Show(string name, string? version, AdminCaller caller, CancellationToken cancellation)
    {
        var found = await Require(name, version, caller, cancellation);
        return new ProfileVersionText { Name = name, Hash = found.Hash, InForce = found.Hash == versions.Find(name)?.Hash, Text = found.Text };
    }

    /// <summary>The versions of the set, newest first; those alone that changed one profile, or what the caller may see.</summary>
    public async Task<ProfileVersionList> History(string? profile, Page page, AdminCaller caller, CancellationToken cancellation)
    {
        if (profile is not null)
        {
            RequireKnown(profile, caller);
        }

        IReadOnlyList<string>? names = profile is null ? caller.Profiles : [profile];
        var behind = (int?)page.Behind?.Number ?? int.MaxValue;
        await using var context = db.Read();
        var rows = context.ProfileVersions.Where(version => version.Number < behind);
        if (names is not null)
        {
            rows = rows.Where(version => context.ProfileChanges.Any(change => change.Number == version.Number && names.Contains(change.Name)));
        }

        var found = await rows.OrderByDescending(version => version.Number).Take(page.Rows).ToListAsync(cancellation);
        var (shown, next) = page.Cut(found, version => Place.Of(version.Number));
        var numbers = shown.Select(version => version.Number).ToList();
        var changes = (await context.ProfileChanges.Where(change => numbers.Contains(change.Number)).ToListAsync(cancellation))
            .Where(change => names is null || names.Contains(change.Name)).ToLookup(change => change.Number);
        return new ProfileVersionList { Versions = [.. shown.Select(version => Entry(version, changes[version.Number]))], Next = next };
    }

    /// <summary>One version of the set with all that it changed.</summary>
    public async Task<ProfileVersionEntry> Entry(int number, CancellationToken cancellation)
    {
        await using var context = db.Read();
        var version = await context.ProfileVersions.SingleAsync(version => version.Number == number, cancellation);
        return Entry(version, await context.ProfileChanges.Where(change => change.Number == number).ToListAsync(cancellation));
    }

    /// <summary>The hash of the text that was in force before the one that is; of a withdrawn profile the last one that was.</summary>
    public async Task<string> Previous(string name, AdminCaller caller, CancellationToken cancellation)
    {
        RequireKnown(name, caller);
        var current = versions.Find(name)?.Hash;
        await using var context = db.Read();
        return await context.ProfileChanges.Where(change => change.Name == name && change.Hash != null && change.Hash != current)
                .OrderByDescending(change => change.Number).Select(change => change.Hash).FirstOrDefaultAsync(cancellation)
            ?? throw Problems.Malformed("profile-version-unknown", $"to: {name} never had another text than the one in force", StatusCodes.Status409Conflict);
    }

    /// <summary>A stored text.</summary>
    public async Task<StoredProfile> Require(string name, string? version, AdminCaller caller, CancellationToken cancellation)
    {
        RequireKnown(name, caller);
        await using var context = db.Read();
        var hash = await Hash(context, name, version, cancellation);
        return await context.Profiles.SingleAsync(profile => profile.Hash == hash, cancellation);
    }

    private void RequireKnown(string name, AdminCaller caller)
    {
        if (!versions.Current.Entries.ContainsKey(name))
        {
            throw Problems.Malformed("profile-unknown", $"profile: there is and was none of this name; {NearestName.Hint(name.Length > 63 ? name[..63] : name, [.. versions.Current.Entries.Keys.Where(caller.MayUse)])}", StatusCodes.Status404NotFound);
        }

        caller.RequireProfile(name);
    }

    private async Task<string> Hash(AcmeContext context, string name, string? version, CancellationToken cancellation)
    {
        if (version is null)
        {
            return versions.Find(name)?.Hash ?? throw Unknown($"version: {name} is withdrawn; name a version of its history");
        }

        if (version.Length < ShortestHash && int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return await context.ProfileChanges.Where(change => change.Name == name && change.Number <= number).OrderByDescending(change => change.Number).Select(change => change.Hash).FirstOrDefaultAsync(cancellation)
                ?? throw Unknown($"version: {name} was not offered in version {number} of the set");
        }

        var wanted = version.ToLowerInvariant();
        if (wanted.Length < ShortestHash || !wanted.All(char.IsAsciiHexDigitLower))
        {
            throw Problems.Malformed("version-malformed", $"version: expected {ShortestHash} hex digits or more of a hash, or the number of a version of the set; found '{Shown(version)}'");
        }

        // also texts that only orders were made under
        var after = wanted[..^1] + (char)(wanted[^1] + 1);
        var hashes = await context.Profiles.Where(profile => profile.Hash.CompareTo(wanted) >= 0 && profile.Hash.CompareTo(after) < 0 && profile.Name == name).Select(profile => profile.Hash).Take(2).ToListAsync(cancellation);
        return hashes.Count switch
        {
            1 => hashes[0],
            0 => throw Unknown($"version: no text of {name} has a hash that begins with '{wanted}'"),
            _ => throw Problems.Malformed("version-ambiguous", $"version: several texts of {name} begin with '{wanted}'"),
        };
    }

    private ProfileVersionEntry Entry(StoredProfileVersion version, IEnumerable<StoredProfileChange> changes) => new()
    {
        Number = version.Number,
        At = version.At,
        Actor = version.Actor,
        Action = version.Action,
        Reason = version.Reason,
        InForce = version.Number == versions.Current.Number,
        Changes = [.. changes.OrderBy(change => change.Name, StringComparer.Ordinal).Select(change => new ProfileChangeEntry { Name = change.Name, Change = change.Kind, Hash = change.Hash })],
    };

    private static ProblemException Unknown(string detail) => Problems.Malformed("profile-version-unknown", detail, StatusCodes.Status404NotFound);

    private static string Shown(string text) => string.Concat(text.Take(70).Select(letter => char.IsControl(letter) ? '\uFFFD' : letter));
}
