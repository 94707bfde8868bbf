using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Server.Profiles;

/// <summary>What a start does about files that say something else than the store: it follows them, but for what an administrator decided.</summary>
/// <param name="Files">What the files said.</param>
/// <param name="Changes">What it changes.</param>
/// <param name="Kept">Profiles of which an administrator's decision stays in force although the file says something else.</param>
/// <param name="Undone">Profiles of which the files undo what an administrator decided, because the setting says so.</param>
/// <param name="Action">What it did, for people.</param>
internal sealed record ProfileStart(ProfileSet Files, IReadOnlyList<ProfileChange> Changes, IReadOnlyList<string> Kept, IReadOnlyList<string> Undone, string Action)
{
    /// <summary>No file was looked at.</summary>
    public static ProfileStart None { get; } = new(new ProfileSet([]), [], [], [], "");

    /// <summary>Compares.</summary>
    /// <param name="follow">The files count, whatever an administrator decided.</param>
    public static ProfileStart Between(ProfileVersion stored, ProfileSet files, bool follow)
    {
        var changes = new List<ProfileChange>();
        var kept = new List<string>();
        var undone = new List<string>();
        foreach (var name in stored.Entries.Keys.Union(files.All.Select(profile => profile.Name)).Order(StringComparer.Ordinal))
        {
            var entry = stored.Entries.GetValueOrDefault(name);
            var file = files.Find(name);
            var decided = entry is { FromFile: false };
            if (entry?.Hash == file?.Hash)
            {
                if (decided && file is not null)
                {
                    changes.Add(new ProfileChange(name, ProfileChangeKinds.FileAgrees, file, FromFile: true));
                }
            }
            else if (decided && !follow)
            {
                // a profile without a file is nothing that anybody would wonder about
                if (file is not null)
                {
                    kept.Add(name);
                }
            }
            else
            {
                changes.Add(new ProfileChange(name, file is null ? ProfileChangeKinds.FileGone : ProfileChangeKinds.FollowedFile, file, FromFile: true));
                if (decided)
                {
                    undone.Add(name);
                }
            }
        }

        return new ProfileStart(files, changes, kept, undone, stored.Number == 0 ? $"the profiles' folder: {Count(files.All.Count)}" : Words(changes));
    }

    private static string Words(IReadOnlyList<ProfileChange> changes) => string.Join(", ", new[]
    {
        Of(changes, ProfileChangeKinds.FollowedFile, "the files changed: "),
        Of(changes, ProfileChangeKinds.FileGone, "files are gone: "),
        Of(changes, ProfileChangeKinds.FileAgrees, "files say now what was activated: "),
    }.OfType<string>());

    private static string? Of(IReadOnlyList<ProfileChange> changes, string kind, string words) =>
        string.Join(", ", changes.Where(change => change.Kind == kind).Select(change => change.Name)) is { Length: > 0 } names ? words + names : null;

    private static string Count(int number) => $"{number} profile{(number == 1 ? "" : "s")}";
}
