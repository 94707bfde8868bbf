using DeviceAcme.Core.Profiles;
using DeviceAcme.Server.Anchors;
using DeviceAcme.Server.Profiles;
using DeviceAcme.Server.Sync;

namespace DeviceAcme.Server.Hosting;

/// <summary>What the operator wrote besides the settings: profiles and vendor roots, as their files have them.</summary>
internal sealed record Installation(ProfileSet Profiles, TrustFolders Trust, IReadOnlyList<Mistake> Mistakes, IReadOnlyList<Mistake> Warnings)
{
    public static Installation Load(ServerOptions options)
    {
        var mistakes = new Mistakes();
        var trust = TrustFolders.Load(TrustDirectories(options), mistakes, StoredFolders.Read(options));
        var decided = options.FollowProfileFiles ? new Dictionary<string, CertificateProfile?>() : StoredProfiles.Read(options);
        var profiles = ProfileSet.Load(options.ProfilesDirectory, trust, mistakes, decided);
        var inForce = profiles.With(decided);
        if (mistakes.Errors.Count == 0 && inForce.Find(options.DefaultProfile) is null)
        {
            mistakes.Add(options.ProfilesDirectory, 0, "default-profile", $"no profile is named '{options.DefaultProfile}'; {NearestName.Hint(options.DefaultProfile, [.. inForce.All.Select(profile => profile.Name)])}");
        }

        foreach (var (folder, profile) in trust.ProfilesNamed().Where(named => inForce.Find(named.Profile) is null))
        {
            mistakes.Warn(folder, 0, "profiles", $"no profile is named '{profile}'; {NearestName.Hint(profile, [.. inForce.All.Select(known => known.Name)])}");
        }

        var secrets = new SecretFolder(options);
        foreach (var profile in inForce.All)
        {
            secrets.Check(profile, Path.Combine(options.ProfilesDirectory, profile.Name + ".yaml"), mistakes);
        }

        InventorySources.Check(options, secrets, mistakes);
        return new Installation(profiles, trust, mistakes.Errors, mistakes.Warnings);
    }

    /// <summary>The shipped roots, those beside the operator's profiles, and those of <c>--anchors</c>.</summary>
    public static IReadOnlyList<string> TrustDirectories(ServerOptions options)
    {
        var own = Path.Combine(options.ProfilesDirectory, "trust");
        IEnumerable<string> folders = [Path.Combine(Settings.ShippedProfiles, "trust"), .. Directory.Exists(own) ? [own] : Array.Empty<string>(), .. options.AnchorDirectories];
        return [.. folders.Select(Path.GetFullPath).Distinct(StringComparer.Ordinal)];
    }
}
