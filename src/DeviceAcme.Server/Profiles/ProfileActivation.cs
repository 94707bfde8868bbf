using DeviceAcme.Core.Administration;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;
using DeviceAcme.Server.Hosting;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Profiles;

/// <summary>How administrators change the set of profiles: all of a change or nothing, and nothing that is not right.</summary>
internal sealed class ProfileActivation(AcmeDb db, ProfileVersions versions, ProfileArchive archive, ProfileNeeds needs, ServerOptions options, TimeProvider time)
{
    private const int LongestText = 500;
    private const int LongestFileName = 200;
    private const int MostTold = 20;

    /// <summary>What an activation of these files would do. Nothing is changed.</summary>
    public async Task<ProfileCheckReport> Check(ProfileFiles files, AdminCaller caller, CancellationToken cancellation)
    {
        var current = versions.Current;
        var (proposed, findings) = Examine(Read(files), current, caller);
        return new ProfileCheckReport
        {
            Version = current.Number,
            Tests = proposed.Sum(change => change.Profile!.Tests.Count),
            Findings = findings,
            Profiles = [.. await new ProfileEffects(db, current, time).Of([.. proposed.Select(change => change.Profile!)], cancellation)],
        };
    }

    /// <summary>Puts these files into force, all together.</summary>
    public Task<ProfileActivationReport> Activate(ProfileFiles files, AdminCaller caller, IfMatch match, CancellationToken cancellation)
    {
        var texts = Read(files);
        return Change(current => Examine(texts, current, caller), caller, files.Reason, match, cancellation);
    }

    /// <summary>Puts an earlier text of a profile into force again.</summary>
    public async Task<ProfileActivationReport> RollBack(string name, ProfileRollback wanted, AdminCaller caller, IfMatch match, CancellationToken cancellation)
    {
        var to = wanted.To ?? await archive.Previous(name, caller, cancellation);
        var stored = await archive.Require(name, to, caller, cancellation);
        return await Change(
            current => Examine([(Path(name), stored.Text)], current, caller, ProfileChangeKinds.RolledBack), caller, wanted.Reason, match, cancellation);
    }

    /// <summary>Makes the whole set what it was in an earlier version.</summary>
    public async Task<ProfileActivationReport> RollBack(int number, ProfileReason why, AdminCaller caller, IfMatch match, CancellationToken cancellation)
    {
        var (_, entries) = await versions.Find(number, cancellation)
            ?? throw Problems.Malformed("profile-version-unknown", $"path: there is no version {number}; the one in force is {versions.Current.Number}", StatusCodes.Status404NotFound);
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries.Values.Where(entry => entry.Hash is not null))
        {
            texts[entry.Name] = (await archive.Require(entry.Name, entry.Hash, caller, cancellation)).Text;
        }

        return await Change(
            current => Examine(
                [.. texts.Where(text => current.Set.Find(text.Key)?.Text != text.Value).Select(text => (Path(text.Key), text.Value))],
                current, caller, ProfileChangeKinds.RolledBack, withdrawn: [.. current.Set.All.Select(profile => profile.Name).Where(name => !texts.ContainsKey(name))]),
            caller, why.Reason, match, cancellation);
    }

    /// <summary>Takes a profile from the offer: its directory is gone, its orders under way fail, its certificates stay good and can be revoked.</summary>
    public Task<ProfileActivationReport> Withdraw(string name, ProfileReason why, AdminCaller caller, IfMatch match, CancellationToken cancellation) => Change(
        current => current.Entries.ContainsKey(name)
            ? Examine([], current, caller, withdrawn: [name])
            : throw Problems.Malformed("profile-unknown", $"path: there is no profile of this name; {NearestName.Hint(name.Length > 63 ? name[..63] : name, [.. current.Entries.Keys])}", StatusCodes.Status404NotFound),
        caller, why.Reason, match, cancellation);

    private async Task<ProfileActivationReport> Change(
        Func<ProfileVersion, (IReadOnlyList<ProfileChange> Changes, IReadOnlyList<ProfileFinding> Findings)> propose, AdminCaller caller, string? reason, IfMatch match, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > LongestText || reason.Any(char.IsControl))
        {
            throw Problems.Malformed("reason-missing", $"reason: expected one line of 1 to {LongestText} characters; the history shows it");
        }

        // what the profiles count on is made before anything is decided; made in vain, it does no harm
        match.Check(versions.Current.Number);
        await needs.Provide([.. Right(propose(versions.Current)).Changes.Select(change => change.Profile).OfType<CertificateProfile>()], caller.Name, cancellation);

        IReadOnlyList<ProfileFinding> findings = [];
        var (before, after) = await versions.Change(
            caller.Name,
            current =>
            {
                match.Check(current.Number);
                (var changes, findings) = Right(propose(current));
                return changes;
            },
            Words,
            reason,
            cancellation);
        return new ProfileActivationReport
        {
            Version = await archive.Entry(after.Number, cancellation),
            NewVersion = after.Number > before.Number,
            Findings = findings,
        };
    }

    /// <summary>What the texts would change, and everything that is to be said about them.</summary>
    private (IReadOnlyList<ProfileChange> Changes, IReadOnlyList<ProfileFinding> Findings) Examine(
        IReadOnlyList<(string File, string Text)> texts, ProfileVersion current, AdminCaller caller, string kind = ProfileChangeKinds.Activated, IReadOnlyList<string>? withdrawn = null)
    {
        var mistakes = new Mistakes();
        var read = new List<(string File, CertificateProfile Profile)>();
        foreach (var (file, text) in texts)
        {
            if (ProfileFile.Parse(file, text, mistakes) is not { } profile)
            {
                continue;
            }

            caller.RequireProfile(profile.Name);
            if (read.Exists(other => other.Profile.Name == profile.Name))
            {
                mistakes.Add(file, 0, "name", $"'{profile.Name}' is also the name of another file");
                continue;
            }

            read.Add((file, profile));
        }

        var gone = withdrawn ?? [];
        var wanted = read.ToDictionary(item => item.Profile.Name, item => (CertificateProfile?)item.Profile, StringComparer.Ordinal);
        foreach (var name in gone)
        {
            wanted[name] = null;
        }

        var set = current.Set.With(wanted);
        foreach (var (file, profile) in read)
        {
            needs.Check(profile, set, file, mistakes);
        }

        // what stays counts on what changes
        foreach (var profile in set.All.Where(profile => !wanted.ContainsKey(profile.Name)))
        {
            set.CheckAttestationCas(profile, Path(profile.Name), mistakes);
        }

        if (gone.Contains(options.DefaultProfile))
        {
            mistakes.Add(Path(options.DefaultProfile), 0, "", $"is the default profile, which /directory serves: start the server with another --default-profile first");
        }

        return (
            [
                .. read.Select(item => new ProfileChange(item.Profile.Name, kind, item.Profile)),
                .. gone.Select(name => new ProfileChange(name, ProfileChangeKinds.Withdrawn, null)),
            ],
            [.. ProfileCheck.Of(mistakes), .. read.SelectMany(item => ProfileCheck.Of(item.File, item.Profile, needs.CertificateOf, time.GetUtcNow()))]);
    }

    private static (IReadOnlyList<ProfileChange> Changes, IReadOnlyList<ProfileFinding> Findings) Right((IReadOnlyList<ProfileChange> Changes, IReadOnlyList<ProfileFinding> Findings) examined)
    {
        var errors = examined.Findings.Where(finding => finding.IsError).ToList();
        if (errors.Count == 0)
        {
            return examined;
        }

        var reason = errors.TrueForAll(error => error.Code == ProfileCheck.Test) ? "profile-tests-failed" : "profile-mistakes";
        throw Problems.Malformed(
            reason,
            string.Join('\n', errors.Take(MostTold).Select(ProfileCheck.Text)) + (errors.Count > MostTold ? $"\nand {errors.Count - MostTold} more" : ""),
            StatusCodes.Status422UnprocessableEntity);
    }

    private static List<(string File, string Text)> Read(ProfileFiles wanted)
    {
        if (wanted.Files is not { Count: > 0 and <= ProfileFiles.MaxFiles } files || files.Any(file => file is not { File.Length: > 0 and <= LongestFileName, Text: not null }))
        {
            throw Problems.Malformed("files-malformed", $"files: expected 1 to {ProfileFiles.MaxFiles} objects with file (at most {LongestFileName} characters) and text");
        }

        return [.. files.Select(file => (string.Concat(file.File.Select(letter => char.IsControl(letter) ? '\uFFFD' : letter)), file.Text))];
    }

    private static string Words(IReadOnlyList<ProfileChange> changes) =>
        string.Join(", ", changes.GroupBy(change => change.Kind).Select(group => $"{group.Key.Replace('-', ' ')}: {string.Join(", ", group.Select(change => change.Name).Order(StringComparer.Ordinal))}"));

    private static string Path(string name) => $"{name}.yaml";
}
