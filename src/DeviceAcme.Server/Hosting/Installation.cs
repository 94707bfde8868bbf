using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Server.Hosting;

/// <summary>What the operator wrote besides the settings: profiles and vendor roots.</summary>
internal sealed record Installation(ProfileSet Profiles, TrustFolders Trust, IReadOnlyList<Mistake> Mistakes, IReadOnlyList<Mistake> Warnings)
{
    public static Installation Load(ServerOptions options)
    {
        var mistakes = new Mistakes();
        var trust = TrustFolders.Load(TrustDirectories(options), mistakes);
        var profiles = ProfileSet.Load(options.ProfilesDirectory, trust, mistakes);
        if (mistakes.Errors.Count == 0 && profiles.Find(options.DefaultProfile) is null)
        {
            mistakes.Add(options.ProfilesDirectory, 0, "default-profile", $"no profile is named '{options.DefaultProfile}'; {NearestName.Hint(options.DefaultProfile, [.. profiles.All.Select(profile => profile.Name)])}");
        }

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
