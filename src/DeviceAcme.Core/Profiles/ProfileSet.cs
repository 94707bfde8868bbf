namespace DeviceAcme.Core.Profiles;

/// <summary>All profiles of an installation, by name.</summary>
internal sealed class ProfileSet
{
    private readonly Dictionary<string, CertificateProfile> _profiles;

    public ProfileSet(IEnumerable<CertificateProfile> profiles)
    {
        _profiles = profiles.ToDictionary(profile => profile.Name, StringComparer.Ordinal);
        All = [.. _profiles.Values.OrderBy(profile => profile.Name, StringComparer.Ordinal)];
    }

    /// <summary>All profiles, ordered by name.</summary>
    public IReadOnlyList<CertificateProfile> All { get; }

    public CertificateProfile? Find(string name) => _profiles.GetValueOrDefault(name);

    /// <summary>This set with other versions of some profiles; null withdraws one.</summary>
    public ProfileSet With(IReadOnlyDictionary<string, CertificateProfile?> changed) =>
        new(All.Where(profile => !changed.ContainsKey(profile.Name)).Concat(changed.Values.OfType<CertificateProfile>()));

    /// <summary>Reads every <c>*.yaml</c> and <c>*.yml</c> of a folder; profiles with mistakes are left out and every mistake is noted.</summary>
    /// <param name="directory">The folder; its sub-folders are not looked into.</param>
    /// <param name="trust">The vendor roots at hand: a profile that names a folder without any is warned about.</param>
    /// <param name="decided">What the store says of profiles instead of the files: another version, or null for one that is withdrawn.</param>
    public static ProfileSet Load(string directory, TrustFolders trust, Mistakes mistakes, IReadOnlyDictionary<string, CertificateProfile?>? decided = null)
    {
        if (!Directory.Exists(directory))
        {
            mistakes.Add(directory, 0, "", "is not a folder; profiles were expected there");
            return new ProfileSet([]);
        }

        var files = Directory.EnumerateFiles(directory)
            .Where(file => Path.GetExtension(file) is ".yaml" or ".yml")
            .Order(StringComparer.Ordinal)
            .ToArray();
        if (files.Length == 0 && decided?.Values.Any(profile => profile is not null) != true)
        {
            mistakes.Add(directory, 0, "", "has no profile (*.yaml)");
        }

        var profiles = new List<(string File, CertificateProfile Profile)>();
        foreach (var file in files)
        {
            if (ProfileFile.Parse(file, File.ReadAllText(file), mistakes) is not { } profile)
            {
                continue;
            }

            if (profiles.FirstOrDefault(other => other.Profile.Name == profile.Name) is { Profile: not null } twin)
            {
                mistakes.Add(file, 0, "name", $"'{profile.Name}' is also the name of {twin.File}");
                continue;
            }

            foreach (var folder in profile.Attestation.Anchors.Where(folder => TrustFolders.ProfileOfAttestationCa(folder) is null))
            {
                // a profile with an attestation CA of its own waits for no other
                trust.CheckNamed(folder, file, mistakes, mayBeEmpty: profile.Attestation.Ek is not null);
            }

            profiles.Add((file, profile));
        }

        var offered = new ProfileSet(profiles.Select(item => item.Profile));
        var inForce = decided is null ? offered : offered.With(decided);
        foreach (var (file, profile) in profiles)
        {
            inForce.CheckAttestationCas(profile, file, mistakes);
        }

        return offered;
    }

    /// <summary>The attestation CAs of other profiles that a profile counts on: this installation makes them, so they stand in no folder of the operator's.</summary>
    public void CheckAttestationCas(CertificateProfile profile, string file, Mistakes mistakes)
    {
        foreach (var owner in profile.Attestation.Anchors.Select(TrustFolders.ProfileOfAttestationCa).OfType<string>())
        {
            if (Find(owner)?.Attestation.Ek is null)
            {
                mistakes.Add(file, ProfileFile.LineOf(profile, "attestation.anchors"), "attestation.anchors", $"'{TrustFolders.OfAttestationCa(owner)}' would be the attestation CA of a profile '{owner}' with attestation.ek, which there is none");
            }
        }
    }
}
